/** The rows of a set: one transaction, and before it another one where the switch would meet tunnels that are alike. */
import { present, rowNamed, type Operation } from "../host/ovsdb/operations";
import { ovsdb, type Plan } from "../plan";
import { shutLink } from "./ovs-plugged-shut";
import { changedPort, newPort, plug, unplug } from "./ovs-port-change";
import type { Member } from "./ovs-set-here";
import type { Item } from "./ovs-set-items";
import { leftRows, unpluggedAll } from "./ovs-set-leaving";
import { tunnelPlace } from "./ovs-tunnel";

/**
 * @param left   members that go
 * @param awaits whether the switch is waited for where nothing is written
 */
export function rowSteps(bridge: string, items: readonly Item[], left: readonly Member[], awaits: boolean): Plan {
    const inTheWay = tunnelsOf(left, new Set(items.flatMap(({ want }) => tunnelPlace(want))));
    const givingWay = beforeNewTunnels(items);
    const written = rowStep(
        bridge,
        items.filter((item) => !givingWay.includes(item)),
        left.filter((member) => !inTheWay.includes(member)),
    );
    return [
        ...(inTheWay.length > 0
            ? [ovsdb(`unplugs ${inTheWay.length} tunnels for others that are alike`, unpluggedAll(inTheWay))]
            : []),
        ...rowStep(bridge, givingWay, []),
        ...written,
        // A transaction is done when the switch has carried out all before it, too.
        ...(awaits && written.length === 0
            ? [ovsdb(`waits for the links of ${bridge}`, [present("Bridge", bridge)])]
            : []),
    ];
}

/** Those at these places; ovs-vswitchd does not let go of a tunnel before it takes an alike one of the same transaction up. */
const tunnelsOf = (members: readonly Member[], places: ReadonlySet<string>): Member[] =>
    members.filter(({ state }) => state && tunnelPlace(state).some((place) => places.has(place)));

/** All ports that stay, where one is a tunnel whose place a new one is to have: the switch takes new ones up first. */
function beforeNewTunnels(items: readonly Item[]): Item[] {
    const places = new Set(items.flatMap((item) => (isNew(item) ? tunnelPlace(item.want) : [])));
    const stay = items.filter((item) => !isNew(item));
    const members = stay.flatMap(({ member }) => member ?? []);
    return tunnelsOf(members, places).length > 0 ? stay : [];
}

/** Whether the rows of a port are made. */
const isNew = ({ member }: Item): boolean => !member?.rows;

/** What is new, what changes, what moves and what goes, in one transaction; nothing where nothing does. */
export function rowStep(bridge: string, items: readonly Item[], left: readonly Member[]): Plan {
    const operations: Operation[] = [];
    const undo: Operation[] = [];
    const come: unknown[] = [];
    const moved: Member[] = [];
    for (const [index, item] of items.entries()) {
        const { want, member, shut } = item;
        const rows = shut ? { ...item.rows, link: shutLink(shut) } : item.rows;
        const label = `m${index}_`;
        if (!member?.rows) {
            const fresh = newPort(want, rows, label);
            operations.push(...fresh.operations);
            undo.push(unplug(rowNamed("Bridge", bridge), [rowNamed("Port", want.name)]));
            come.push(fresh.port);
            continue;
        }
        const change = changedPort(leftRows(member.rows, item.way), want, rows, label);
        operations.push(...change.operations);
        undo.push(...change.undo);
        if (member.holder?.name === bridge) continue;
        come.push(member.rows.port._uuid);
        moved.push(member);
        undo.push(unplug(rowNamed("Bridge", bridge), [member.rows.port._uuid]));
        if (member.holder) undo.push(plug(String(member.holder.name), [member.rows.port._uuid]));
    }
    operations.push(...unpluggedAll([...moved, ...left]));
    if (come.length > 0) operations.push(plug(bridge, come));
    if (operations.length === 0) return [];
    const what = `sets ${items.length} ports of ${bridge}${left.length > 0 ? ` and removes ${left.length}` : ""}`;
    return [ovsdb(what, [present("Bridge", bridge), ...operations], undo)];
}
