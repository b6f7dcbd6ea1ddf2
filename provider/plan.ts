/**
 * A change of a host as a value: ordered steps, each with what must hold before it and how it is taken back. It knows
 * nothing of resources, so it can be shown, kept, and carried out for one object or for a whole host.
 */
import type { LookupChange, Way } from "./host/lookup";
import type { Operation } from "./host/ovsdb/operations";

/** Words of one line for a batch, checked one by one. */
export type Line = readonly string[];

/** What takes lines by `-batch`. `ip` takes the family of them all from how it is called, where a line does not say it. */
export type Batcher = "ip" | "ip -4" | "ip -6" | "bridge" | "tc";

/** One thing done to a host, complete in itself. */
export type Action =
    /** Lines for one batch: they run in order and stop at the first that is refused. */
    | { via: Batcher; lines: Line[] }
    /** All of them or none, carried out by ovs-vswitchd. */
    | { via: "ovsdb"; operations: Operation[] }
    /**
     * Flows, groups and meters as `ovs-ofctl` takes them in a bundle file: all or none. One that is whole brings back all
     * that a bridge had, so what a FlowKeeper keeps is not waited for.
     */
    | { via: "openflow"; bridge: string; bundle: string[]; whole?: true }
    /** Values for files of /proc/sys and /sys, in order. */
    | { via: "write"; files: { path: string; value: string }[] }
    /** A program with its arguments; never a shell. */
    | { via: "program"; argv: string[]; input?: string }
    /** The former values that a delete gives back; null forgets them. */
    | { via: "journal"; key: string; entry: JournalEntry | null };

/** What was there before our first change, kept on the host and readable by root alone. */
export interface JournalEntry {
    /** Owner mark of the resource that made the change. */
    mark: string;
    /** Former values by name; null is what had no value. */
    former: Record<string, string | number | boolean | null>;
}

/** What must hold before a step, beside what its action guards by itself (a `wait` of OVSDB, `add` of the kernel). */
interface Check {
    link: string;
    is: "present" | "absent";
}

export interface Step {
    /** What it does, for messages: `makes the tap tap-web0`. */
    what: string;
    check?: Check;
    /** Left out where this very link is not there at that time. */
    onlyWith?: { link: string; index: number };
    action: Action;
    /** OpenFlow numbers that the switch then tells; waited for a while, for some of them it tells a moment after it says "done". */
    told?: { link: string; ofport: number }[];
    /** Who is connected to the host through its switches is to be so afterwards, too: else it is taken back, and refused. */
    keepsWays?: boolean;
    /** What it changes of rules or routes is not to lead away who went by these ways, whatever else changed at the same moment: else it is taken back, and refused. */
    keepsLookup?: { change: LookupChange; ways: readonly Way[] };
    /** Takes it back, in order; absent where nothing has to be. Runs only where the action was carried out, or begun. */
    undo?: Action[];
}

export type Plan = Step[];

/** One step of `ip -batch` lines. */
export const ip = (what: string, lines: Line[], undo?: Line[]): Step => batch("ip", what, lines, undo);
/** One step of lines about one family of addresses. */
export const ipOf = (family: "ipv4" | "ipv6", what: string, lines: Line[], undo?: Line[]): Step =>
    batch(family === "ipv6" ? "ip -6" : "ip -4", what, lines, undo);
/** One step of `bridge -batch` lines. */
export const bridge = (what: string, lines: Line[], undo?: Line[]): Step => batch("bridge", what, lines, undo);

/** One transaction of the switch database. */
export const ovsdb = (what: string, operations: Operation[], undo?: Operation[]): Step => ({
    what,
    action: { via: "ovsdb", operations },
    ...(undo ? { undo: [{ via: "ovsdb", operations: undo }] } : {}),
});

const batch = (via: Batcher, what: string, lines: Line[], undo?: Line[]): Step => ({
    what,
    action: { via, lines },
    ...(undo ? { undo: [{ via, lines: undo }] } : {}),
});
