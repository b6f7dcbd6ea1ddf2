/** A bridge of the kernel. Its MAC is always set, since one that is not jumps to the lowest of its ports. */
import { createHash } from "node:crypto";
import { LinuxBridge } from "../../schemas/linux-bridge";
import type { Host } from "../host";
import { HostError, shownName } from "../host/errors";
import type { Link } from "../host/links";
import { sameStack } from "../owner";
import { bridge as bridgeStep, ip, type Line, type Step } from "../plan";
import type { Found, HostResource } from "../resource";
import { keepsVlans } from "./bridge-default";
import { declarationOf, defaultPvid, losesVlans, tableOf, vlanLines, vlansOf, type VlanTable } from "./bridge-vlans";
import { gone, linkHere, marked, setLink } from "./link-marks";
import { hundredths, plain, presetsOf, told, wordsBetween, yesNo, type Settings } from "./link-settings";
import { keepCarried, keepPlugged, permissionOf } from "./operator-guard";
import { runsSpanningTree, untilForwarding } from "./spanning-tree";
import { keepOthersOn } from "./stands-on";
import { untold } from "./virtual-link";

interface BridgeHere extends Found<LinuxBridge> {
    link: Link;
    /** VLANs of its own port; undefined where the kernel's bridges know none. */
    vlans?: VlanTable;
}

const BITS: readonly [string, string] = ["0", "1"];

/** All but spanning tree itself, whose place in the order matters. */
const SETTINGS: Settings<LinuxBridge> = {
    forwardDelay: hundredths("forward_delay", 15),
    helloTime: hundredths("hello_time", 2),
    maxAge: hundredths("max_age", 20),
    priority: plain<number>("priority", 32768),
    ageingTime: hundredths("ageing_time", 300),
    defaultPvid: plain<number>("vlan_default_pvid", 1),
    vlanFiltering: yesNo("vlan_filtering", false, BITS),
    multicastSnooping: yesNo("mcast_snooping", true, BITS),
    multicastQuerier: yesNo("mcast_querier", false, BITS),
    // Printed as `0x4000`, and a lone 0 as `0`.
    groupFwdMask: {
        words: (mask) => ["group_fwd_mask", String(mask)],
        read: ({ group_fwd_mask: mask }) => (mask === undefined ? undefined : Number(mask)),
        preset: 0,
    },
};

export const linuxBridge: HostResource<LinuxBridge, BridgeHere> = {
    type: "kvmnet:host:Bridge",
    title: "Linux bridge",
    description:
        "A bridge of the Linux kernel, up, with a MAC address that stays. " +
        "It is not removed while it holds ports, or carries links, that its stack did not make.",
    schema: LinuxBridge,
    cost: {
        name: "replace",
        mac: "update",
        mtu: "update",
        stp: "update",
        forwardDelay: "update",
        helloTime: "update",
        maxAge: "update",
        priority: "update",
        ageingTime: "update",
        vlanFiltering: "update",
        defaultPvid: "update",
        pvid: "update",
        tagged: "update",
        untagged: "update",
        multicastSnooping: "update",
        multicastQuerier: "update",
        groupFwdMask: "update",
        takesOperatorPath: "update",
    },
    derived: ["mac"],
    presets: { ...presetsOf(SETTINGS), takesOperatorPath: false },
    complete: (want, seed) => ({ ...want, mac: want.mac ?? derivedMac(`${seed} ${want.name}`) }),

    async find(host, name, { known }) {
        const link = (await host.links()).get(name);
        if (!link) return undefined;
        const vlans = await vlansOf(host, link, name);
        const here = await linkHere(host, link, "bridge", known !== undefined);
        const tags = serviceTags(link);
        return {
            ...here,
            conflict: here.conflict ?? (known ? undefined : untold(tags)),
            ...(here.fault === undefined && known && tags.length > 0 ? { fault: SERVICE_TAGS } : {}),
            state: {
                name,
                mac: link.mac,
                mtu: link.mtu,
                stp: runsSpanningTree(link),
                ...told(SETTINGS, ownTimers(link, known), known),
                ...vlanState(link, vlans, known),
                ...permissionOf(known),
            },
            link,
            vlans,
        };
    },

    create: (_host, want, mark) => [
        ip(
            `makes the Linux bridge ${want.name}`,
            [["link", "add", "name", want.name, "type", "bridge", "stp_state", "0"]],
            [gone(want.name)],
        ),
        // The mark comes first: an object whose set-up was cut short is known as ours.
        ip(`sets the Linux bridge ${want.name} up`, [
            marked(want.name, mark),
            // A new one has the kernel's MTU.
            ...pinned(want, { mtu: 1500 }),
            ...settings({}, want),
            setLink(want.name, "up"),
        ]),
        ...ownVlans(want, tableOf({}, want.defaultPvid ?? 1), want.defaultPvid ?? 1),
    ],

    async update(host, { state, mark: owner, link, vlans }, want, mark) {
        if (takesVlans(state, want, vlans))
            await keepCarried(host, `Linux bridge ${want.name}`, want, [want.name], "which is to carry other VLANs");
        const tags = serviceTags(link).length > 0;
        const former = defaultPvid(link);
        const ports = await keepsVlans(host, link, defaultAfter(state, want) ?? former ?? 0);
        return [
            ...ports.before,
            ip(
                `sets the Linux bridge ${want.name}`,
                [
                    marked(want.name, mark),
                    ...pinned(want, state, owner === mark),
                    ...(tags ? [filteringBy(want.name, "802.1Q")] : []),
                    ...settings(state, want),
                    setLink(want.name, "up"),
                ],
                [
                    ...pinned(state, want, true),
                    ...settings(want, { ...state, defaultPvid: former }),
                    ...(tags ? [filteringBy(want.name, "802.1ad")] : []),
                ],
            ),
            ...ports.after,
            ...ownVlans(want, vlans, former),
        ];
    },

    async delete(host, { state }, mark) {
        const foreign = portsOf(await host.links(), state.name)
            .filter((port) => !sameStack(port.alias, mark))
            .map((port) => shownName(port.name));
        if (foreign.length > 0)
            throw new HostError(
                "refused",
                `Linux bridge ${state.name}`,
                `it holds ports that this stack did not make (${foreign.slice(0, 20).join(", ")}), so it is not removed`,
                "Unplug these ports first.",
            );
        await keepOthersOn(host, `Linux bridge ${state.name}`, [state.name], mark);
        await keepPlugged(host, `Linux bridge ${state.name}`, state, [state.name], "which is to be removed");
        return [ip(`removes the Linux bridge ${state.name}`, [gone(state.name)])];
    },

    claims: ({ name }) => [`link ${name}`],

    cautions: (_host, { name, stp, forwardDelay: delay }) =>
        Promise.resolve(
            stp && delay === undefined
                ? [
                      `Linux bridge ${name}: with spanning tree each port is silent for 30 s after it joins, twice the kernel's forward delay. ` +
                          "Set forwardDelay, for guests 2 to 4 s is usual.",
                  ]
                : [],
        ),

    settle: (host: Host, { name, stp }) =>
        stp ? untilForwarding(host, `Linux bridge ${name}`, (links) => portsOf(links, name)) : Promise.resolve(),
};

const portsOf = (links: ReadonlyMap<string, Link>, bridge: string): Link[] =>
    [...links.values()].filter(({ master }) => master === bridge);

/**
 * MAC and MTU, which stay only where they were set once.
 *
 * @param there  what it has now; with each MAC address that is set, also the one it has, the kernel drops all its neighbours
 * @param stays  whether they were set already: one that carries our mark was pinned with it
 */
function pinned({ name, mac, mtu }: LinuxBridge, there: Pick<LinuxBridge, "mac" | "mtu">, stays = false): Line[] {
    // A bridge follows the MTU of its ports until its own was changed once, and setting what stands there is no
    // change (net/bridge/br_device.c br_change_mtu, net/core/dev.c dev_set_mtu_ext). The change goes up, for a lower
    // MTU would shrink what stands on the bridge, and the kernel does not give that back.
    const values = mtu !== there.mtu ? [mtu] : stays ? [] : [mtu + 1, mtu];
    return [
        ...(mac && !(stays && mac === there.mac) ? [setLink(name, "address", mac)] : []),
        ...values.map((value) => setLink(name, "mtu", String(value))),
    ];
}

/** The kernel judges the forward delay by whether spanning tree runs at that moment (net/bridge/br_stp.c). */
function settings(from: Partial<LinuxBridge>, { name, ...to }: LinuxBridge): Line[] {
    const anew: (keyof LinuxBridge)[] = [
        // Where VLANs are not filtered, what stands there of them was not read.
        ...(to.vlanFiltering && !from.vlanFiltering ? (["defaultPvid"] as const) : []),
        // While the tree changes it is another one, and without spanning tree nothing ends that change.
        ...(from.stp && !to.stp ? (["ageingTime"] as const) : []),
    ];
    const words = wordsBetween(SETTINGS, from, { name, ...to }, { anew });
    const stp = (on: boolean) => setLink(name, "type", "bridge", "stp_state", on ? "1" : "0");
    return [
        ...(from.stp && !to.stp ? [stp(false)] : []),
        ...(words.length > 0 ? [setLink(name, "type", "bridge", ...words)] : []),
        ...(!from.stp && to.stp ? [stp(true)] : []),
    ];
}

/** The default VLAN that a change writes; undefined where it writes none. */
const defaultAfter = (was: LinuxBridge, want: LinuxBridge): number | undefined =>
    was.vlanFiltering || want.vlanFiltering ? (want.defaultPvid ?? 1) : undefined;

/** A bridge that filters by service tags: `tagged` and its like mean 802.1Q. */
const serviceTags = ({ data: { vlan_filtering: filters, vlan_protocol: protocol } }: Link): string[] =>
    filters === 1 && protocol === "802.1ad" ? ["vlan_protocol 802.1ad"] : [];

const SERVICE_TAGS =
    "it filters VLANs by service tags (802.1ad), which somebody else has set: those declared are of 802.1Q";

const filteringBy = (name: string, protocol: "802.1Q" | "802.1ad"): Line =>
    setLink(name, "type", "bridge", "vlan_protocol", protocol);

/** VLANs count where they are filtered; elsewhere they are tables that nobody looks at. */
function vlanState(link: Link, vlans: VlanTable | undefined, known: LinuxBridge | undefined): Partial<LinuxBridge> {
    if (link.data.vlan_filtering !== 1 || !vlans) return { defaultPvid: undefined };
    return declarationOf(vlans, defaultPvid(link) ?? 0, known);
}

/** Whether the host may get less by the bridge: another default is another VLAN of all ports that have it. */
function takesVlans(was: LinuxBridge, want: LinuxBridge, own: VlanTable | undefined): boolean {
    if (!own || Boolean(was.vlanFiltering) !== Boolean(want.vlanFiltering)) return own !== undefined;
    if (!want.vlanFiltering) return false;
    const standard = want.defaultPvid ?? 1;
    return (was.defaultPvid ?? 1) !== standard || losesVlans(own, tableOf(want, standard));
}

/** @param standard VLAN that the own port carries untold, before this change */
function ownVlans(want: LinuxBridge, from: VlanTable | undefined, standard: number | undefined): Step[] {
    if (!want.vlanFiltering || !from || standard === undefined) return [];
    const wanted = want.defaultPvid ?? 1;
    const to = tableOf(want, wanted);
    // A new default has changed the table by itself, so what is wanted is written whole.
    const lines = vlanLines(want.name, standard === wanted ? from : new Map(), to, true, [
        standard,
        wanted,
        ...from.keys(),
    ]);
    const undo = vlanLines(want.name, to, from, true);
    return lines.length > 0 ? [bridgeStep(`sets the VLANs of the Linux bridge ${want.name}`, lines, undo)] : [];
}

/**
 * What a bridge prints of spanning tree's timers is the root bridge's, and while the tree changes addresses age sooner
 * (net/bridge/br_stp.c __br_set_topology_change). Its own cannot be seen then. A bridge that is not the root has a port
 * towards it, also for maxAge after spanning tree was switched off (br_stp_stop in net/bridge/br_stp_if.c leaves that as
 * it was); the names of the two (`root_id`, `bridge_id`) are printed alike by iproute2 6.1.
 */
function ownTimers({ data }: Link, known: LinuxBridge | undefined): Link["data"] {
    const { forwardDelay: delay = 15, helloTime = 2, maxAge = 20, ageingTime = 300 } = known ?? {};
    return {
        ...data,
        ...(Number(data.root_port) > 0
            ? { forward_delay: 100 * delay, hello_time: 100 * helloTime, max_age: 100 * maxAge }
            : {}),
        ...(Number(data.stp_state) > 0 && Number(data.topology_change) > 0 ? { ageing_time: 100 * ageingTime } : {}),
    };
}

/** Stable, unicast and locally administered: 52:54 and four bytes of a digest. */
function derivedMac(seed: string): string {
    const digest = createHash("sha256").update(seed).digest("hex");
    return ["52", "54", ...(digest.match(/../g) ?? []).slice(0, 4)].join(":");
}
