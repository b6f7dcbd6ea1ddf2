/** A link plugged into a Linux bridge. The link and the bridge may be anybody's; only the plug is ours. */
import { hasVlans } from "../../schemas/bridge-vlans";
import { BridgePort } from "../../schemas/bridge-port";
import type { Host } from "../host";
import { HostError, shownName } from "../host/errors";
import type { Link } from "../host/links";
import { sameStack } from "../owner";
import { bridge as bridgeStep, ip, type Line, type Plan } from "../plan";
import type { Found, HostResource } from "../resource";
import { declarationOf, defaultPvid, tableOf, vlanLines, vlansOf, type VlanTable } from "./bridge-vlans";
import { setLink } from "./link-marks";
import { plain, presetsOf, told, wordsBetween, yesNo, type Settings } from "./link-settings";
import { keepLinks, keepPlugged, pathCautions, permissionOf } from "./operator-guard";
import { plugCautions } from "./plug-cautions";
import { untilForwarding } from "./spanning-tree";
import { requireLink } from "./virtual-link";

interface PortHere extends Found<BridgePort> {
    vlans?: VlanTable;
}

const SETTINGS: Settings<BridgePort> = {
    isolated: yesNo("isolated", false),
    learning: yesNo("learning", true),
    floodUnicast: yesNo("flood", true),
    floodMulticast: yesNo("mcast_flood", true),
    floodBroadcast: yesNo("bcast_flood", true),
    guard: yesNo("guard", false),
    hairpin: yesNo("hairpin", false),
    // By the link's speed, until it is set (net/bridge/br_if.c port_cost, of several releases).
    cost: { ...plain<number>("cost"), usual: [1, 2, 3, 4, 5, 19, 100] },
    priority: plain<number>("priority", 32),
};

export const bridgePort: HostResource<BridgePort, PortHere> = {
    type: "kvmnet:host:BridgePort",
    title: "bridge port",
    description:
        "A link plugged into a Linux bridge, with its VLANs. Only the plug is made and removed: the link stays what it is, but is set up. " +
        "Under spanning tree it is done when the port forwards.",
    schema: BridgePort,
    cost: {
        name: "replace",
        bridge: "replace",
        pvid: "update",
        tagged: "update",
        untagged: "update",
        isolated: "update",
        learning: "update",
        floodUnicast: "update",
        floodMulticast: "update",
        floodBroadcast: "update",
        guard: "update",
        hairpin: "update",
        cost: "update",
        priority: "update",
        takesOperatorPath: "update",
    },
    presets: { ...presetsOf(SETTINGS), takesOperatorPath: false },

    /**
     * A plug has no place for a mark. It is ours where our state knows it, or where the link or the bridge carries a
     * mark of the same stack: then a run of ours that was killed plugged it.
     */
    async find(host, name, { mark, known }) {
        const links = await host.links();
        const link = links.get(name);
        if (!link?.master) return undefined;
        const bridge = links.get(link.master);
        const kin = sameStack(link.alias, mark) || sameStack(bridge?.alias, mark);
        const ours = known ? known.bridge === link.master : kin;
        const vlans = await vlansOf(host, bridge, name);
        return {
            state: {
                name,
                bridge: link.master,
                ...told(SETTINGS, link.slave, known),
                ...(vlans ? declarationOf(vlans, defaultPvid(bridge) ?? 0, known) : {}),
                ...permissionOf(known),
            },
            objectId: String(link.index),
            ...(known && !link.up ? { fault: "it is set down" } : {}),
            ...(ours ? { mark } : {}),
            ...conflictOf(bridge, link.master, known !== undefined && !ours),
            vlans,
        };
    },

    create: plug,

    async update(host, found, want) {
        if (found.state.bridge !== want.bridge) return plug(host, want);
        // Only a port that is new has the cost that the kernel derives.
        if (found.state.cost !== undefined && want.cost === undefined)
            return [unplug(want.name), ...(await plug(host, want))];
        const bridge = (await host.links()).get(want.bridge);
        const lines = (from: BridgePort, to: BridgePort): Line[] => {
            const words = wordsBetween(SETTINGS, from, to);
            return words.length > 0 ? [setLink(want.name, "type", "bridge_slave", ...words)] : [];
        };
        return [
            ip(
                `sets the bridge port ${want.name}`,
                [...lines(found.state, want), setLink(want.name, "up")],
                lines(want, found.state),
            ),
            ...vlanSteps(want, found.vlans ?? new Map(), defaultPvid(bridge)),
        ];
    },

    async delete(host, { state }) {
        await keepPlugged(host, `bridge port ${state.name}`, state, [state.name]);
        return [unplug(state.name)];
    },

    claims: ({ name }) => [`plug of ${name}`],

    async cautions(host, want) {
        const bridge = (await host.links()).get(want.bridge);
        const ignored = `Bridge port ${want.name}: its bridge ${want.bridge} does not filter VLANs, so those of the port are ignored. Set vlanFiltering there.`;
        return [
            ...(hasVlans(want) && bridge?.data.vlan_filtering === 0 ? [ignored] : []),
            ...(await plugCautions(host, "bridge", "Bridge port: the link", [want.name])),
            ...(await pathCautions(host, want, [want.name], want.bridge)),
        ];
    },

    settle: (host, { name, bridge }) =>
        untilForwarding(host, `bridge port ${name}`, (links) => {
            const link = links.get(name);
            return link?.master === bridge ? [link] : [];
        }),
};

/** @param moved whether state knows the link in another bridge */
function conflictOf(bridge: Link | undefined, master: string, moved: boolean): { conflict?: string } {
    if (bridge?.kind !== "bridge")
        return {
            conflict: `it is plugged into ${shownName(master)}, which is a ${shownName(bridge?.kind ?? "switch")}`,
        };
    return moved ? { conflict: `it is plugged into ${shownName(master)}` } : {};
}

const unplug = (name: string) => ip(`unplugs ${name}`, [setLink(name, "nomaster")]);

async function plug(host: Host, want: BridgePort): Promise<Plan> {
    const { name, bridge } = want;
    const links = await host.links();
    const subject = `bridge port ${name}`;
    const link = await requireLink(host, subject, name);
    const holder = links.get(bridge);
    if (holder?.kind !== "bridge")
        throw new HostError(
            "missing",
            subject,
            `there is no Linux bridge ${bridge} on ${host.where}`,
            "Declare it as kvmnet:host:Bridge and pass its name on, or correct the name.",
        );
    await keepLinks(host, subject, want, [name], `the bridge ${bridge}`);
    const standard = defaultPvid(holder);
    const vlans = vlanSteps(want, tableOf({}, standard ?? 0), standard);
    // A port passes everything from its first moment on. Virtual links wait, set down, until its rules stand; a NIC
    // would negotiate its speed anew and lose its routes.
    const shut = link.up && link.kind !== undefined && (vlans.length > 0 || want.isolated === true);
    const words = wordsBetween(SETTINGS, {}, want);
    return [
        ip(
            `plugs ${name} into ${bridge}`,
            [
                ...(shut ? [setLink(name, "down")] : []),
                setLink(name, "master", bridge),
                ...(words.length > 0 ? [setLink(name, "type", "bridge_slave", ...words)] : []),
            ],
            [setLink(name, "nomaster"), ...(shut ? [setLink(name, "up")] : [])],
        ),
        ...vlans,
        ip(`sets ${name} up`, [setLink(name, "up")]),
    ];
}

/** @param standard VLAN that the bridge's ports carry untold; undefined where the kernel's bridges know no VLANs */
function vlanSteps(want: BridgePort, from: VlanTable, standard: number | undefined): Plan {
    if (standard === undefined && !hasVlans(want)) return [];
    const to = tableOf(want, standard ?? 0);
    const lines = vlanLines(want.name, from, to);
    if (lines.length === 0) return [];
    return [bridgeStep(`sets the VLANs of the bridge port ${want.name}`, lines, vlanLines(want.name, to, from))];
}
