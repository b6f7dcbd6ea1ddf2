/** What a FlowKeeper keeps of a bridge's flows: written down after each change, and waited for where it is being put back. */
import { setTimeout } from "node:timers/promises";
import { faultPoint } from "../fault";
import { HostError, quoted } from "./errors";
import { isSameSnapshot, KEEPER_KEY, keeperFolder, keeperOf, snapshotFile, snapshotText } from "./flow-snapshot";
import { parseFlows, parseGroups, parseMeters, parsePorts } from "./flow-text";
import { holding } from "./folder-lock";
import type { Ofctl } from "./ofctl";
import { keyOf } from "./ovsdb/columns";
import { reservedOf } from "./ovsdb/numbers";
import type { Replica, Seen } from "./ovsdb/replica";
import { SHARED_COOKIE } from "./pipeline";
import type { Place } from "./place";

/** Longest wait for a keeper of flows, which itself waits two seconds for ports, and how often it is told to look and looked for [ms]. */
const [PUT_BACK_MS, TELL_MS, LOOK_MS] = [12_000, 1_000, 100];

/**
 * How long what differs from what is kept stands still before nobody is about to write it, longest wait for that, and how
 * often it is looked at, which takes five programs [ms].
 */
const [STILL_MS, AT_WORK_MS, AGAIN_MS] = [3_000, 12_000, 500];

/** A change is in the switch and works, and would be lost with a restart of it. */
export class NotKept extends HostError {
    constructor(bridge: string, stderr: string) {
        super(
            "refused",
            `OVS bridge ${bridge}`,
            `its flows are set in the switch, but are not kept over a restart of ovs-vswitchd, for ${snapshotFile(bridge)} cannot be written: ${quoted(stderr)}`,
            "Make room there, or make the folder writable, then run the same command again; where the folder is gone, `pulumi up --refresh` makes it anew.",
        );
    }
}

export class KeptFlows {
    /** @param view the switch database as it is */
    constructor(
        private readonly place: Place,
        private readonly ofctl: Ofctl,
        private readonly view: () => Promise<Replica>,
    ) {}

    /** Whether the switch has what a FlowKeeper keeps: after a restart of ovs-vswitchd, or a `del-flows`, it has not. */
    async isPutBack(bridge: string): Promise<boolean> {
        const { stdout: kept } = await this.place.run(["cat", "--", snapshotFile(bridge)]);
        if (!/^flow /m.test(kept)) return true;
        const shared = ["--no-stats", "dump-flows", bridge, `cookie=${SHARED_COOKIE}/-1`];
        return (await this.ofctl.ask(bridge, shared)).includes("actions=");
    }

    /**
     * Whether what is kept is what the switch has. Where somebody is at work the one comes after the other, so that what
     * differs is looked at again until it stands still.
     */
    async isUpToDate(bridge: string): Promise<boolean> {
        const from = performance.now();
        let [seen, since] = ["", from];
        for (; performance.now() < from + AT_WORK_MS; await setTimeout(AGAIN_MS)) {
            const { stdout: kept } = await this.place.run(["cat", "--", snapshotFile(bridge)]);
            const { text, ports } = await this.now(bridge);
            if (isSameSnapshot(kept, text, ports)) return true;
            const both = `${kept}\n${text}`;
            if (both !== seen) [seen, since] = [both, performance.now()];
            else if (performance.now() > since + STILL_MS) return false;
        }
        return true;
    }

    /**
     * Until a FlowKeeper has put back what it keeps nothing may change: what is there is written down after each change,
     * and would be a part of it. It sees a restart of ovs-vswitchd by itself, and is told of what else removes flows.
     *
     * @throws HostError lost once it is back, for what was planned before did not see it; refused where it does not come back
     */
    async untilPutBack(bridge: string): Promise<void> {
        if (!hasKeeper(await this.rowOf(bridge)) || (await this.isPutBack(bridge))) return;
        const from = performance.now();
        let tell = from;
        for (; performance.now() < from + PUT_BACK_MS; await setTimeout(LOOK_MS)) {
            if (await this.isPutBack(bridge))
                throw new HostError(
                    "lost",
                    `OVS bridge ${bridge}`,
                    "its flows were gone, and have been put back only now",
                    "Run the same command again; it goes on from what is there.",
                );
            if (performance.now() < tell) continue;
            const keeper = await keeperOf(this.place, bridge);
            if (keeper) await this.place.run(["kill", "-HUP", keeper]);
            tell = performance.now() + TELL_MS;
        }
        throw new HostError(
            "refused",
            `OVS bridge ${bridge}`,
            `ovs-vswitchd was restarted or its flows were removed, and the flows in ${snapshotFile(bridge)} are not put back, so no other is changed`,
            "Run `pulumi up --refresh`, which starts what puts them back where it does not run; then run the same command again.",
        );
    }

    /**
     * Writes down what is there now, where a FlowKeeper keeps it.
     *
     * @throws NotKept where it cannot be written; what was kept before stays whole then
     */
    async keep(bridge: string): Promise<void> {
        if (!hasKeeper(await this.rowOf(bridge))) return;
        // What another run changes after we have looked is written by that one, and so must be after what we write.
        const refusal = await holding(this.place, keeperFolder(bridge), () => this.write(bridge));
        if (refusal !== undefined) throw new NotKept(bridge, refusal);
    }

    private async write(bridge: string): Promise<void> {
        const { text } = await this.now(bridge);
        const file = snapshotFile(bridge);
        const draft = `${file}.new`;
        const written = await this.place.run(["install", "-m", "600", "/dev/stdin", draft], text);
        faultPoint();
        // A full disk leaves a part of the draft, which would take the place of the whole file all the same.
        const { code, stderr } =
            written.code === 0 ? await this.place.run(["mv", "--force", "--", draft, file]) : written;
        if (code !== 0) throw new NotKept(bridge, stderr);
    }

    /** What there is to be kept, and the numbers of the ports that are there by their names. */
    private async now(bridge: string): Promise<{ text: string; ports: ReadonlyMap<string, string> }> {
        const view = await this.view();
        const row = view.byName("Bridge", bridge);
        const reserved = new Set(view.interfacesOn(row).map((link) => String(reservedOf(link))));
        const [flows, groups, meters, ports] = await Promise.all([
            this.ofctl.dump("dump-flows", bridge).then(parseFlows),
            this.ofctl.dump("dump-groups", bridge).then(parseGroups),
            this.ofctl.dump("dump-meters", bridge).then(parseMeters),
            this.ofctl.dump("dump-ports-desc", bridge).then(parsePorts),
        ]);
        const named = [...ports].filter(([, number]) => !reserved.has(number));
        const names = new Map(named.map(([name, number]) => [number, name]));
        return { text: snapshotText(row, { flows, groups, meters, ports: names }), ports };
    }

    private async rowOf(bridge: string): Promise<Seen | undefined> {
        return (await this.view()).byName("Bridge", bridge);
    }
}

const hasKeeper = (row: Seen | undefined) => keyOf(row?.external_ids, KEEPER_KEY) !== undefined;
