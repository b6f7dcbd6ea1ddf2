/** Changes of a bridge's flows and groups in bundles (OpenFlow 1.4, ovs-ofctl(8)), with the meters that they need. */
import { faultPoint } from "../fault";
import { HostError, InputRefused } from "./errors";
import { declaredCookies, markOfFlows } from "./flow-notes";
import { flowText, parseFlows, parsePorts, type Flow } from "./flow-text";
import { KeptFlows } from "./kept-flows";
import { isOfMeter, Meters } from "./meters";
import { Ofctl, WAIT_MS } from "./ofctl";
import { belonging, OWNER_KEY } from "../owner";
import { keyOf } from "./ovsdb/columns";
import { flowNumberOf, reservedOf } from "./ovsdb/numbers";
import type { Replica, Seen } from "./ovsdb/replica";
import {
    cookieOf,
    FIRST_PORT_METER,
    GUARD_TABLE,
    INGRESS_KEY,
    inPlaceOf,
    leftOver,
    SECURITY_KEY,
    sharedFlows,
    takenIn,
    USER_TABLE,
    type AtPort,
    type BridgeFlows,
    type PortThere,
} from "./pipeline";
import type { Place } from "./place";
import { Window, type Verdict } from "./window";

interface Change {
    subject: string;
    lines: string[];
    /** Whether they are all that the bridge had. */
    whole: boolean;
    /** Longest wait for ovs-vswitchd that its caller wants [ms]. */
    timeoutMs?: number;
}

/** @param bridge its row, which notes whose the flows of a cookie are */
export function flowIsForeign(subject: string, flow: Flow, bridge: Seen | undefined): HostError {
    const whose = belonging(markOfFlows(bridge, flow.cookie));
    const place = `is not one of these and has the place of one of them${whose === undefined ? "" : `; ${whose}`}`;
    return new InputRefused(
        ["flows"],
        `a flow with the cookie ${flow.cookie} ${place}`,
        "conflict",
        subject,
        `the flow "${flowText(flow)}" with the cookie ${flow.cookie} ${place}`,
        "It is left alone. Give the flow another priority, or remove the one that is there.",
    );
}

export class Openflow {
    readonly kept: KeptFlows;
    private readonly ofctl: Ofctl;

    /**
     * @param view      the switch database as it is
     * @param timeoutMs longest wait for ovs-vswitchd in each of its answers [ms]; absent for the usual
     */
    constructor(
        private readonly place: Place,
        private readonly view: () => Promise<Replica>,
        private readonly timeoutMs?: number,
        private readonly windows = new Map<string, Window<Change, void>>(),
    ) {
        this.ofctl = new Ofctl(place, timeoutMs);
        this.kept = new KeptFlows(place, this.ofctl, view);
    }

    /** The same switch for a caller that wants to wait for it as long. */
    within(timeoutMs: number): Openflow {
        return new Openflow(this.place, this.view, timeoutMs, this.windows);
    }

    /**
     * Lines as `ovs-ofctl bundle` takes them (`flow add ...`, `group delete ...`), all or none, and of our own:
     * `meter put METER`, `meter delete ID`, `meter free ID`, which deletes one that no flow uses then, and `shared` or
     * `shared secure`, which brings the flows that belong to nobody alone (pipeline.ts) to what the others then need, and
     * removes what ports have left that are gone.
     * `{ofport:NAME}` stands for a port's OpenFlow number and
     * `{ofport:NAME+1000}` for that plus 1000; a deletion at a port that is gone is done. Changes of the same moment share
     * one bundle, which waits for the switch as long as the most patient of them.
     *
     * @param whole whether they are all that the bridge had: nothing is waited for that a FlowKeeper puts back
     * @throws HostError missing for a port that the switch does not have, refused with the switch's words, unreachable
     */
    bundle(subject: string, bridge: string, lines: string[], whole = false): Promise<void> {
        let window = this.windows.get(bridge);
        if (!window) {
            window = new Window((changes) =>
                new Openflow(this.place, this.view, longestOf(changes), this.windows).changeAll(bridge, changes),
            );
            this.windows.set(bridge, window);
        }
        return window.add({ subject, lines, whole, ...(this.timeoutMs ? { timeoutMs: this.timeoutMs } : {}) });
    }

    /** The command line that prints something of a bridge, for a read that many share: `dump-flows`. */
    reading(command: string, bridge: string): string[] {
        return this.ofctl.reading(command, bridge);
    }

    private async changeAll(bridge: string, changes: Change[]): Promise<Verdict<void>[]> {
        if (!changes.some(({ whole }) => whole)) await this.kept.untilPutBack(bridge);
        const errors = new Map<Change, unknown>();
        const ports = changes.some(({ lines }) => lines.some((line) => line.includes("{ofport:")))
            ? await this.numbersOf(bridge)
            : new Map<string, string>();
        const numbered = changes.map((change) => ({ ...change, lines: [...change.lines] }));
        for (const change of numbered) {
            try {
                change.lines = change.lines.flatMap((line) => withOfports(change.subject, bridge, line, ports));
            } catch (error) {
                errors.set(change, error);
            }
        }
        const ready = () => numbered.filter((change) => !errors.has(change));
        const meters = await Meters.before(this.ofctl, bridge, ready());
        for (const change of ready()) await meters.put(change).catch((error: unknown) => errors.set(change, error));

        const refusal = await caught(this.bundleOf(bridge, meters, ready()));
        if (refusal) {
            // Whose line it was is not told, so each goes alone.
            const alone = ready();
            for (const change of alone) {
                const error = alone.length === 1 ? refusal : await caught(this.bundleOf(bridge, meters, [change]));
                if (error) errors.set(change, error);
            }
        }
        for (const change of numbered) await (errors.has(change) ? meters.takeBack(change) : meters.deleteOf(change));
        await meters.freeOf(ready());
        // Without what was to bring all back there is less in the switch than what is kept.
        const isLess = numbered.some((change) => change.whole && errors.has(change));
        const unkept = ready().length > 0 && !isLess ? await caught(this.kept.keep(bridge)) : undefined;
        for (const change of unkept ? ready() : []) errors.set(change, unkept);
        return numbered.map((change) => (errors.has(change) ? { error: errors.get(change) } : { result: undefined }));
    }

    /** OpenFlow numbers by the names of ports; one whose device is gone is to have the one that is kept for it. */
    private async numbersOf(bridge: string): Promise<Map<string, string>> {
        const there = parsePorts(await this.ofctl.ask(bridge, ["dump-ports-desc", bridge]));
        const view = await this.view();
        const away = view.interfacesOn(view.byName("Bridge", bridge)).flatMap((link): [string, string][] => {
            const reserved = reservedOf(link);
            return reserved === undefined ? [] : [[String(link.name), String(reserved)]];
        });
        return new Map([...away, ...there]);
    }

    private async bundleOf(bridge: string, meters: Meters, changes: Change[]): Promise<void> {
        const [first] = changes;
        if (!first) return;
        const lines = changes.flatMap(({ lines }) => lines).filter((line) => !isOfMeter(line));
        const own = lines.filter((line) => !line.startsWith(SHARED));
        const shared = lines.findLast((line) => line.startsWith(SHARED));
        const { bundle, left } =
            shared === undefined
                ? { bundle: own, left: [] }
                : await this.withShared(bridge, first.subject, own, shared.includes("secure"));
        if (bundle.length === 0) return;
        await this.ofctl.tell(first.subject, ["bundle", bridge, "-"], `${bundle.join("\n")}\n`);
        faultPoint();
        await meters.free(left.filter(({ table }) => table === 0).map(({ port }) => FIRST_PORT_METER + port));
    }

    /** A bundle with what it shares with others, and without what ports have left that are gone. */
    private async withShared(
        bridge: string,
        subject: string,
        own: string[],
        secure: boolean,
    ): Promise<{ bundle: string[]; left: AtPort[] }> {
        const flows = parseFlows(await this.ofctl.dump("dump-flows", bridge));
        // Looked at afterwards: a port is there before its flows are.
        const view = await this.view();
        const row = view.byName("Bridge", bridge);
        const left = leftOver(flows, portsOf(view, row));
        const gone = left.map((at) => `flow delete cookie=${at.cookie}/-1,table=${at.table},in_port=${at.port}`);
        const lines = [...gone, ...own];
        const there: BridgeFlows = { flows, cookies: declaredCookies(row), secure };
        const taken = takenIn(flows, own);
        if (taken) throw flowIsForeign(subject, taken, row);
        const { before, after } = sharedFlows(there, lines);
        const foreign = inPlaceOf(after, there);
        if (!foreign) return { bundle: [...before, ...lines, ...after], left };
        // What is removed goes all the same, and what that leaves waits for whoever adds the next.
        if (!own.some((line) => line.startsWith("flow add ")))
            return { bundle: [...before, ...lines, ...after.filter((line) => !inPlaceOf([line], there))], left };
        throw new HostError(
            "conflict",
            subject,
            `the flow "${flowText(foreign)}" with the cookie ${foreign.cookie} has the place of a flow of kvmnet that hands on between tables 0, ${GUARD_TABLE} and ${USER_TABLE} of ${bridge}`,
            "It is left alone. Remove the one that is there, or give it another priority.",
        );
    }
}

/** Undefined for the usual, which at least one of them wants who says nothing. */
function longestOf(changes: readonly Change[]): number | undefined {
    const longest = Math.max(...changes.map(({ timeoutMs = WAIT_MS }) => timeoutMs));
    return changes.some(({ timeoutMs }) => timeoutMs === longest) ? longest : undefined;
}

const portsOf = (view: Replica, bridge: Seen | undefined): PortThere[] =>
    view.referred("Port", bridge?.ports).map(({ interfaces, external_ids: ids }) => {
        const isSecured = keyOf(ids, SECURITY_KEY) !== undefined;
        return {
            cookie: cookieOf(keyOf(ids, OWNER_KEY) ?? ""),
            port: flowNumberOf(view.referred("Interface", interfaces)[0]) ?? NaN,
            heldIn: [
                ...(isSecured || keyOf(ids, INGRESS_KEY) !== undefined ? [0] : []),
                ...(isSecured ? [GUARD_TABLE] : []),
            ],
        };
    });

const SHARED = "shared";

const caught = (work: Promise<void>): Promise<unknown> => work.then(() => undefined).catch((error: unknown) => error);

function withOfports(subject: string, bridge: string, line: string, ports: ReadonlyMap<string, string>): string[] {
    let gone: string | undefined;
    const numbered = line.replace(/\{ofport:([\w.-]+)(?:\+(\d+))?\}/g, (_whole, name: string, more = "") => {
        const port = ports.get(name);
        if (port === undefined) gone = name;
        return more ? String(Number(port) + Number(more)) : String(port);
    });
    if (gone === undefined) return [numbered];
    if (/^\w+ delete/.test(line)) return [];
    throw new HostError(
        "missing",
        subject,
        `the bridge ${bridge} has no OpenFlow port ${gone}`,
        "Make the port first, and the device that it plugs.",
    );
}
