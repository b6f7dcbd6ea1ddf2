/** Many ports of one Open vSwitch bridge with their taps: one batch of links and one transaction, however many there are. */
import { OvsPortSet, OvsPortSetOutputs } from "../../schemas/ovs-port-set";
import { ofEach } from "../foreseen";
import { managerCautions } from "../host/managers";
import { ovsdb } from "../plan";
import type { HostResource } from "../resource";
import { downCautions } from "./down-cautions";
import { framesAhead } from "./ovs-set-ahead";
import { idProblem } from "./ovs-set-asked";
import { changedSet } from "./ovs-set-change";
import { lookedAhead, setHere, type SetHere } from "./ovs-set-here";
import { leaves, leftBySwitch, linksOf, removed, removedTaps, unpluggedAll } from "./ovs-set-leaving";
import { devicesOf, keepAllPlugged, untoldOf } from "./ovs-set-path";
import { pathCautions } from "./operator-guard";
import { idleQueuesAt } from "./ovs-idle-queues";
import { untilMtuTold } from "./ovs-mtu";
import { numberClaim } from "./ovs-numbers";
import { peerCautions, untilPatched } from "./ovs-patch";
import { untilForwarding } from "./ovs-spanning-tree";
import { securedCautions } from "./secured-cautions";
import { keepOthersOn } from "./stands-on";
import { unstray } from "./table-zero";
import { isSecure } from "./takes-flows";

export const ovsPortSet: HostResource<OvsPortSet, SetHere> = {
    type: "kvmnet:ovs:PortSet",
    title: "OVS port set",
    description:
        "Many ports of one Open vSwitch bridge, with their taps, as one resource: one batch for the links and one transaction for the switch, " +
        'whatever their number, and only ports that change are written. The preview tells changes port by port, such as `ports["web-17"].tag`. ' +
        "A port that does not work does not stop the others: all faults are told together, and the next update repairs them. " +
        "The engine's own cost grows faster than the number of resources, so from some hundred ports on this is much faster than as many `Port`s and `Tap`s. " +
        "Bonds are `Port`s.",
    schema: OvsPortSet,
    cost: { bridge: "update", ports: "update" },
    standsOn: ["bridge"],
    outputs: OvsPortSetOutputs,
    // A link that is plugged anew gets another number.
    follows: {
        ofports: ({ bridge, ports }) =>
            ofEach(ports, ({ type = "system", options, ofportRequest, tap }) => [
                bridge,
                type,
                ofportRequest,
                options?.vhostServerPath,
                tap && [tap.multiQueue, tap.vnetHdr, tap.uid, tap.gid],
            ]),
    },
    idOf: ({ bridge }) => bridge,
    idForm: "BRIDGE/PORT,PORT",
    checkId: idProblem,

    looksAt: (host) => Promise.all([host.switch(), host.links()]),
    find: setHere,

    ahead: framesAhead,
    create: (host, want, mark) => changedSet(host, undefined, want, mark),
    meanwhile: lookedAhead,
    update: (host, found, want, mark) => changedSet(host, found, want, mark),

    async delete(host, { view, members, stray, state }, mark) {
        const all = [...members.values()];
        await keepAllPlugged(host, `OVS port set ${state.bridge}`, all);
        await keepOthersOn(host, `OVS port set ${state.bridge}`, linksOf(all), mark);
        return [
            ...unstray(state.bridge, stray, mark, isSecure(view, state.bridge)),
            ...leaves(view, all.map(removed), mark),
            ...(all.some(({ holder }) => holder)
                ? [ovsdb(`unplugs ${all.length} ports from ${state.bridge}`, unpluggedAll(all))]
                : []),
            ...removedTaps(all),
            ...(await leftBySwitch(host, all)),
        ];
    },

    claims: ({ bridge, ports }) =>
        Object.entries(ports).flatMap(([name, { type, tap, ofportRequest }]) => [
            ...numberClaim(bridge, ofportRequest),
            ...(tap || type === "internal" || type === "tap" ? [`link ${name}`] : []),
            ...(type === "internal" || type === "tap" ? [] : [`plug of ${name}`]),
        ]),

    newOf(was, want) {
        const ports = Object.entries(want.ports).filter(([name, port]) => {
            const known = was.ports[name];
            if (!known) return true;
            const isSecuredNow = port.portSecurity !== undefined && known.portSecurity === undefined;
            const isShapedNow = port.qos !== undefined && port.qos !== known.qos;
            return isSecuredNow || isShapedNow || devicesOf(name, port).length > devicesOf(name, known).length;
        });
        return ports.length > 0 ? { ...want, ports: Object.fromEntries(ports) } : undefined;
    },

    async cautions(host, { bridge, ports }) {
        const all = Object.entries(ports);
        const named = all.map(([name, port]) => ({ ...port, name }));
        const links = all.flatMap(([name, port]) => devicesOf(name, port));
        return [
            ...(await managerCautions(host, links, "this port")),
            ...(await downCautions(host, links)),
            ...(await pathCautions(host, {}, untoldOf(all), bridge)),
            ...(await securedCautions(
                host,
                bridge,
                all.flatMap(([name, { portSecurity }]) => (portSecurity ? [name] : [])),
            )),
            ...(await idleQueuesAt(host, bridge, named)),
            ...(await peerCautions(host, named)),
        ];
    },

    async settle(host, { bridge, ports }) {
        const patches = Object.keys(ports).filter((name) => ports[name]?.type === "patch");
        if (patches.length > 0) await untilPatched(host, patches);
        const asking = Object.keys(ports).filter((name) => ports[name]?.mtuRequest !== undefined);
        if (asking.length > 0) await untilMtuTold(host, asking);
        await untilForwarding(host, `OVS port set ${bridge}`, bridge, Object.keys(ports));
    },
};
