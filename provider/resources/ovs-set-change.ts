/** Brings a port set to what is wanted: only what differs is written, in one batch of links and one transaction. */
import type { OvsPortSet } from "../../schemas/ovs-port-set";
import type { Host } from "../host";
import { textOf } from "../host/ovsdb/columns";
import { requestOf } from "../host/ovsdb/numbers";
import type { Seen } from "../host/ovsdb/replica";
import type { Plan } from "../plan";
import { keepLinks } from "./operator-guard";
import { guardOf, hasMeter } from "./ovs-ingress";
import { pluggedAgain, untilLetGo } from "./ovs-link-lost";
import { awaitsLink, bringUp } from "./ovs-link-up";
import { unasked } from "./ovs-mtu";
import { refuseDisplaced, renumbered } from "./ovs-numbers";
import { opened } from "./ovs-plugged-shut";
import { policedAgain } from "./ovs-policing";
import type { Needs } from "./ovs-port-needs";
import type { Member, SetHere } from "./ovs-set-here";
import { isOfOtherType, itemsOf, touchedOf, withNumbers, type Item } from "./ovs-set-items";
import { leaves, leftBySwitch, linksOf, removed, removedTaps } from "./ovs-set-leaving";
import { refuseTaken } from "./ovs-set-names";
import { keepAllPlugged, keepAllThrough, untoldOf } from "./ovs-set-path";
import { rowSteps } from "./ovs-set-rows";
import { tapSteps } from "./ovs-set-taps";
import { shapedAgain } from "./ovs-shaping";
import { keepOthersOn } from "./stands-on";
import { guardPorts, unstray, type GuardedPort } from "./table-zero";
import { isSecure } from "./takes-flows";

export async function changedSet(host: Host, here: SetHere | undefined, want: OvsPortSet, mark: string): Promise<Plan> {
    const { bridge } = want;
    const subject = `OVS port set ${bridge}`;
    // `find` has just read both.
    const read = host.at({ maxAgeMs: 1_000 });
    const view = here?.view ?? (await read.switch());
    const links = here?.links ?? (await read.links());
    const touched = withNumbers(host, view, bridge, touchedOf(want, here, links));
    refuseTaken(host, subject, view, links, touched, here);
    const come = touched.filter(([name, port]) => {
        const member = here?.members.get(name);
        return member?.rows === undefined || member.holder?.name !== bridge || isOfOtherType(member, port);
    });
    await keepLinks(host, subject, {}, untoldOf(come), `the bridge ${bridge}`);
    const { needs, items } = await itemsOf(host, view, bridge, touched, here?.members, mark);
    const left = [...(here?.members.values() ?? [])].filter(({ name }) => !Object.hasOwn(want.ports, name));
    const asking = touched.map(([name, { ofportRequest }]) => ({ name, ofportRequest }));
    const renumber = asking.filter(
        ({ name, ofportRequest }) =>
            (ofportRequest ?? requestOf(here?.members.get(name)?.rows?.links[0])) !== undefined,
    );
    refuseDisplaced(view, subject, bridge, asking, mark, new Set([...left, ...renumber].map(({ name }) => name)));
    await keepAllPlugged(host, subject, left);
    await keepAllThrough(host, subject, bridge, items);
    const anew = items.flatMap(({ member, remade }) => (member && remade ? [member] : []));
    /** Rows of the ports that are there, and not made anew, of which something holds. */
    const staying = (holds: (member: Member, item: Item) => boolean) =>
        items.flatMap((item) => {
            const { member, remade } = item;
            return member?.rows && !remade && holds(member, item) ? [member.rows] : [];
        });
    const awaits = items.some(({ member }) => awaitsLink(member?.rows?.links[0], links));
    const tapless = items.flatMap(({ member, tap, remade }) => (member?.tap && !tap && !remade ? [member] : []));
    await keepOthersOn(read, subject, linksOf([...left, ...tapless, ...anew]), mark);
    return [
        ...(here ? unstray(here.state.bridge, here.stray, mark, isSecure(view, here.state.bridge)) : []),
        ...leaves(
            view,
            [
                ...left.map(removed),
                ...items.flatMap(({ member, way, staysPut, guard }) =>
                    member ? [{ member, way, stays: staysPut ? guard : {} }] : [],
                ),
            ],
            mark,
        ),
        ...untilLetGo(
            bridge,
            items.flatMap(({ member }) => member?.rows?.links ?? []),
        ),
        ...items.flatMap((item) => tapSteps(item, mark)),
        // What is plugged shut is let go of by that.
        ...pluggedAgain(staying(({ unheard }, { shut }) => unheard && !shut).flatMap((rows) => rows.links)),
        ...shapedAgain(staying(({ unshaped }) => unshaped)),
        ...policedAgain(staying(({ unpoliced }) => unpoliced)),
        ...unasked(view, needs.bridge, noLongerAsking(items, bridge)),
        ...rowSteps(bridge, items, left, awaits),
        ...renumbered(view, bridge, asking),
        ...guards(bridge, items, needs, mark),
        ...opened(items.flatMap(({ shut }) => shut ?? [])),
        ...items.flatMap(({ want: { name, type } }) => (type === "internal" || type === "tap" ? [bringUp(name)] : [])),
        ...removedTaps([...left, ...tapless]),
        ...(await leftBySwitch(host, left)),
    ];
}

/** Interfaces that stay and for which no MTU is asked, whatever was asked before. */
const noLongerAsking = (items: readonly Item[], bridge: string): Seen[] =>
    items.flatMap(({ want, member, remade }) =>
        want.mtuRequest === undefined && !remade && member?.holder?.name === bridge ? (member.rows?.links ?? []) : [],
    );

/** Flows and meters for what is guarded anew or otherwise than before. */
function guards(bridge: string, items: readonly Item[], needs: Needs, mark: string): Plan {
    const guarded = items.flatMap(({ want: { name }, member, staysPut, guard }): GuardedPort[] => {
        if (!guard.limit && !guard.security) return [];
        if (!member?.rows || !staysPut) return [{ name, mark, ...guard }];
        const former = guardOf(member.state ?? {}, hasMeter(member.rows.port));
        return [{ name, mark, ...guard, former }];
    });
    if (guarded.length === 0) return [];
    const takesOperatorPath = items.some(({ want }) => want.takesOperatorPath);
    return [guardPorts(bridge, guarded, textOf(needs.bridge.fail_mode) === "secure", { takesOperatorPath })];
}
