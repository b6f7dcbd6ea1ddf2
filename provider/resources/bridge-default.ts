/**
 * Another default VLAN of a Linux bridge, which is for ports of which no VLANs are declared. The kernel gives it to each
 * port that has the former one as its own, and where there was none to every port, whatever it carries; only those that
 * carry the new one already stay as they are (net/bridge/br_vlan.c __br_vlan_set_default_pvid).
 */
import type { Host } from "../host";
import { shownName } from "../host/errors";
import type { Link } from "../host/links";
import { bridge as bridgeStep, type Step } from "../plan";
import { defaultPvid, sameTable, tableOf, tablesOf, vlanLines, type VlanTable } from "./bridge-vlans";
import { declaresVlans } from "./plug-notes";

/** A port that keeps its VLANs. */
interface Keeper {
    link: Link;
    table: VlanTable;
    /** Whether it is the bridge's own. */
    own: boolean;
}

/** Steps before and after the change, by which ports keep what was declared for them or given to them by hand. */
export async function keepsVlans(host: Host, bridge: Link, next: number): Promise<{ before: Step[]; after: Step[] }> {
    const former = defaultPvid(bridge);
    if (former === undefined || former === next) return { before: [], after: [] };
    const keepers = await keepersOf(host, bridge, former, next);
    const whole = ({ link, own }: Keeper, table: VlanTable) =>
        vlanLines(link.name, new Map(), table, own, [former, next]);
    const step = (keeper: Keeper, table: VlanTable): Step => ({
        ...bridgeStep(`keeps the VLANs of ${shownName(keeper.link.name)}`, whole(keeper, table)),
        onlyWith: { link: keeper.link.name, index: keeper.link.index },
    });
    return {
        // With the next default among its VLANs, a port is passed over: for that moment it passes that one with a tag, too.
        before: keepers.map((keeper) => ({
            ...step(keeper, isTaken(keeper.table, former, next) ? withTag(keeper.table, next) : keeper.table),
            // Comes after the default was put back, which the kernel does as roughly.
            undo: [{ via: "bridge", lines: whole(keeper, keeper.table) }],
        })),
        after: keepers.map((keeper) => step(keeper, keeper.table)),
    };
}

/** Those of a bridge's ports, and its own, that would be taken along as the default changes or is put back, and are not to be. */
async function keepersOf(host: Host, bridge: Link, standard: number, next: number): Promise<Keeper[]> {
    const [links, tables] = await Promise.all([host.links(), tablesOf(host)]);
    const usual = tableOf({}, standard);
    const ports = [...links.values()].filter(({ master }) => master === bridge.name);
    const keepers = [bridge, ...ports].map(async (link) => {
        const table = tables.get(link.name) ?? new Map();
        const own = link === bridge;
        const isTouched = isTaken(table, standard, next) || isTaken(table, next, standard);
        const follows = sameTable(table, usual) && (own || !(await declaresVlans(host, link, bridge)));
        return isTouched && !follows ? [{ link, table, own }] : [];
    });
    return (await Promise.all(keepers)).flat();
}

/** Whether the kernel gives a port with this table the default that a bridge gets. */
function isTaken(table: VlanTable, former: number, next: number): boolean {
    const has = table.get(former);
    const hasFormer = has !== undefined && has.pvid && has.untagged;
    return next === 0 ? hasFormer : !table.has(next) && (former === 0 || hasFormer);
}

const withTag = (table: VlanTable, vlan: number): VlanTable =>
    vlan === 0 || table.has(vlan) ? table : new Map([...table, [vlan, { pvid: false, untagged: false }]]);
