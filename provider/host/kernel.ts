/** The kernel of a host: its links, and changes of them in batches. */
import type { Batcher, Line } from "../plan";
import { Batch } from "./batch";
import { HostError, quoted } from "./errors";
import { linksOf, type Link } from "./links";
import { refused } from "./ofctl-refusal";
import type { Place } from "./place";
import { readPoliced } from "./policed";
import { Snapshot } from "./snapshot";
import { Standing } from "./standing";
import { timed, type Trace } from "./trace";
import type { Turnout } from "./window";

export class Kernel {
    private readonly lister: Standing<Map<string, Link>>;
    private readonly all: Snapshot<Map<string, Link>>;
    private readonly snapshots = new Map<string, Snapshot<unknown>>();
    /** When the switch took up a link for us. */
    private readonly takenUp = new Map<string, number>();
    private readonly batches: Record<Batcher, Batch>;

    /**
     * @param turnout whom the batches may expect
     * @param trace   is told of each list of its links
     */
    constructor(
        readonly place: Place,
        turnout?: Turnout,
        trace?: Trace,
    ) {
        this.lister = new Standing(place, ["ip", "-json", "-details", "-force", "-batch", "-"], linksOf);
        this.all = new Snapshot(async () => {
            const ended = timed(trace);
            const links = await this.lister.ask("link show");
            ended(`${place.where}: ${links.size} links were listed`);
            return links;
        });
        const batch = (program: Batcher) =>
            new Batch(
                place,
                program,
                () => this.links(),
                () => this.written(),
                turnout,
            );
        this.batches = {
            ip: batch("ip"),
            "ip -4": batch("ip -4"),
            "ip -6": batch("ip -6"),
            bridge: batch("bridge"),
            tc: batch("tc"),
        };
    }

    /** All links by name. @param fresh how old the answer may be, as `Snapshot.get` takes it */
    links(...fresh: [maxAgeMs?: number, readSince?: number]): Promise<Map<string, Link>> {
        return this.all.get(...fresh);
    }

    /**
     * What a program that reads prints, parsed; one run serves all who ask at the same moment.
     *
     * @param withinMs how long one that asks the switch waits for it, where a caller wants another than the usual [ms]
     * @throws HostError refused where the program fails
     */
    read<Value>(argv: string[], parse: (text: string) => Value, maxAgeMs = 0, withinMs?: number): Promise<Value> {
        return this.shared(argv.join(" "), async () => parse(await this.printed(argv, undefined, withinMs)), maxAgeMs);
    }

    /**
     * Links that the kernel polices, as they are now; one look serves all who ask at the same moment.
     *
     * @throws HostError refused where it cannot be told
     */
    policed(): Promise<ReadonlySet<string>> {
        return this.shared("policed", () => readPoliced((argv, input) => this.printed(argv, input)));
    }

    /** @throws LineRefused with the kernel's words */
    change(program: Batcher, subject: string, lines: Line[]): Promise<void> {
        return this.batches[program].change(subject, lines);
    }

    /** What was read before now is out of date. */
    written(): void {
        for (const snapshot of [this.all, ...this.snapshots.values()]) snapshot.outdated();
    }

    /** The switch has taken up links: what was read before now does not tell that they are its, and is otherwise true. */
    plugged(links: readonly string[]): void {
        const now = performance.now();
        for (const link of links) this.takenUp.set(link, now);
        for (const snapshot of [this.all, ...this.snapshots.values()]) snapshot.outdatedBeside();
    }

    /** Whether the switch has taken up a link for us after a moment [performance.now(), ms]. */
    isTakenUpSince(link: string, moment: number): boolean {
        return (this.takenUp.get(link) ?? -Infinity) > moment;
    }

    close(): void {
        this.lister.close();
    }

    private shared<Value>(key: string, readAll: () => Promise<Value>, maxAgeMs = 0): Promise<Value> {
        let snapshot = this.snapshots.get(key) as Snapshot<Value> | undefined;
        if (!snapshot) this.snapshots.set(key, (snapshot = new Snapshot(readAll)));
        return snapshot.get(maxAgeMs);
    }

    private async printed(argv: string[], input?: string, withinMs?: number): Promise<string> {
        const asksSwitch = argv[0] === "ovs-ofctl";
        const { code, stdout, stderr } = await this.place.run(argv, input, asksSwitch ? withinMs : undefined);
        if (code === 0) return stdout;
        if (asksSwitch) throw refused(`Open vSwitch on ${this.place.where}`, stderr, withinMs);
        throw new HostError(
            "refused",
            `\`${argv.join(" ")}\` on ${this.place.where}`,
            `it failed: ${quoted(stderr)}`,
            ADVICE[argv[0] ?? ""] ?? "Install iproute2 there, and run as root.",
        );
    }
}

/** What to do where a program that is none of iproute2 fails. */
const ADVICE: Readonly<Record<string, string>> = {
    virsh: "Start libvirt's daemon there (`systemctl start libvirtd`, or virtqemud), and run as root.",
    getent: "See that the host's table of users and groups answers (/etc/nsswitch.conf).",
};
