/** A link plugged into a Linux bridge. The link and the bridge may be anybody's; only the plug is ours. */
import { hasVlans } from "../../schemas/bridge-vlans";
import { BridgePort } from "../../schemas/bridge-port";
import type { Host } from "../host";
import { HostError, shownName } from "../host/errors";
import type { Link } from "../host/links";
import { bridge as bridgeStep, ip, type Line, type Plan } from "../plan";
import type { Found, HostResource } from "../resource";
import { PORT_SETTINGS } from "./bridge-port-settings";
import { declarationOf, defaultPvid, losesVlans, tableOf, vlanLines, vlansOf, type VlanTable } from "./bridge-vlans";
import { leadsOut } from "./down-cautions";
import { forget, isAnothers, lifeOf } from "./former-values";
import { refuseHeld } from "./held-below";
import { setLink } from "./link-marks";
import { presetsOf, told, wordsBetween } from "./link-settings";
import { keepCarried, keepLinks, keepPlugged, pathCautions, permissionOf } from "./operator-guard";
import { plugCautions } from "./plug-cautions";
import { notedPlug, notePlug, plugKey } from "./plug-notes";
import { untilForwarding } from "./spanning-tree";
import { requireLink } from "./virtual-link";

interface PortHere extends Found<BridgePort> {
    vlans?: VlanTable;
}

export const bridgePort: HostResource<BridgePort, PortHere> = {
    type: "kvmnet:host:BridgePort",
    title: "bridge port",
    description:
        "A link plugged into a Linux bridge, with its VLANs. Only the plug is made and removed: the link stays what it is, but is set up. " +
        "A plug carries no mark, so the host's journal notes that it is ours; one that is there and not noted is left alone. " +
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
    presets: { ...presetsOf(PORT_SETTINGS), takesOperatorPath: false },

    /** Ours by what is noted; where nothing is, as after an import or a reboot, by what state knows. */
    async find(host, name, own) {
        const { mark, known } = own;
        const links = await host.links();
        const link = links.get(name);
        if (!link?.master) return undefined;
        const bridge = links.get(link.master);
        const entry = await notedPlug(host, link, bridge);
        const moved = known !== undefined && known.bridge !== link.master;
        const vlans = await vlansOf(host, bridge, name);
        return {
            state: {
                name,
                bridge: link.master,
                ...told(PORT_SETTINGS, link.slave, known),
                ...(vlans ? declarationOf(vlans, defaultPvid(bridge) ?? 0, known) : {}),
                ...permissionOf(known),
            },
            // The link is the same whoever plugs it: it tells nothing where somebody else did.
            ...(isAnothers(entry, own) ? {} : { objectId: await lifeOf(host, link) }),
            ...(known && !link.up ? { fault: "it is set down" } : {}),
            mark: entry?.mark ?? (known && !moved ? mark : undefined),
            ...conflictOf(bridge, link.master, moved),
            vlans,
        };
    },

    create: plug,

    async update(host, found, want, mark) {
        if (found.state.bridge !== want.bridge) return plug(host, want, mark);
        // Only a port that is new has the cost that the kernel derives.
        if (found.state.cost !== undefined && want.cost === undefined)
            return [unplug(want.name), ...(await plug(host, want, mark))];
        const links = await host.links();
        const [link, bridge] = [links.get(want.name), links.get(want.bridge)];
        const lines = (from: BridgePort, to: BridgePort): Line[] => {
            const words = wordsBetween(PORT_SETTINGS, from, to);
            return words.length > 0 ? [setLink(want.name, "type", "bridge_slave", ...words)] : [];
        };
        const settings = lines(found.state, want);
        await keepVlans(host, want, found.vlans, bridge);
        return [
            ...(link && bridge ? [await notePlug(host, link, bridge, want, mark)] : []),
            ...(settings.length > 0
                ? [ip(`sets the bridge port ${want.name}`, settings, lines(want, found.state))]
                : []),
            ...vlanSteps(want, found.vlans ?? new Map(), defaultPvid(bridge)),
            // One that a killed run has set down waits until its rules stand.
            ip(`sets ${want.name} up`, [setLink(want.name, "up")]),
        ];
    },

    async delete(host, { state }) {
        await keepPlugged(host, `bridge port ${state.name}`, state, [state.name]);
        return [unplug(state.name), forget(plugKey(state.name))];
    },

    /** Not what is noted of a plug that still stands: a run of ours that was killed has moved the link there. */
    async leftBehind(host, own) {
        const { known } = own;
        const entry = known && (await host.journal.get(plugKey(known.name)));
        if (!entry || isAnothers(entry, own)) return [];
        const links = await host.links();
        const link = links.get(known.name);
        const stands = link?.master !== undefined && (await notedPlug(host, link, links.get(link.master)));
        return stands ? [] : [forget(plugKey(known.name))];
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

/** VLANs count where they are filtered. @throws HostError refused where an operator's connection may lose its own */
async function keepVlans(host: Host, want: BridgePort, from: VlanTable | undefined, bridge: Link | undefined) {
    if (bridge?.data.vlan_filtering !== 1 || !from || !losesVlans(from, tableOf(want, defaultPvid(bridge) ?? 0)))
        return;
    await keepCarried(host, `bridge port ${want.name}`, want, [want.name], "which is to carry other VLANs");
}

const unplug = (name: string) => ip(`unplugs ${name}`, [setLink(name, "nomaster")]);

async function plug(host: Host, want: BridgePort, mark: string): Promise<Plan> {
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
    await refuseHeld(host, subject, name, `the bridge ${bridge}`);
    await keepLinks(host, subject, want, [name], `the bridge ${bridge}`);
    const standard = defaultPvid(holder);
    const vlans = vlanSteps(want, tableOf({}, standard ?? 0), standard);
    // A port passes everything from its first moment on. It waits, set down, until its rules stand; one by which the host
    // leads out would negotiate anew, and lose its routes and those of what stands on it.
    const shut = link.up && !leadsOut(link) && (vlans.length > 0 || want.isolated === true);
    const words = wordsBetween(PORT_SETTINGS, {}, want);
    return [
        await notePlug(host, link, holder, want, mark),
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
