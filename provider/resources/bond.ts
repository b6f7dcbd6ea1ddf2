/** Several links as one. */
import { Bond, DEFAULT_MIIMON, fitsMode } from "../../schemas/bond";
import { HostError, shownName } from "../host/errors";
import { ip, type Plan, type Step } from "../plan";
import type { HostResource } from "../resource";
import { forgetTaken, letGo, membersOf, takeIn, takenIn } from "./bond-members";
import { setLink } from "./link-marks";
import { plain, yesNo, type Printed, type Setting, type Settings } from "./link-settings";
import { keepLinks, keepPlugged, pathCautions } from "./operator-guard";
import { plugCautions } from "./plug-cautions";
import { virtualLink, type LinkHere } from "./virtual-link";

interface BondHere extends LinkHere<Bond> {
    /** Links in the bond that this resource has put there. */
    ours: string[];
    /** Links that were in the bond and have not yet got back all that they had: a run was killed while it let them go. */
    leaving: string[];
    /** Links in the bond that somebody else has put there. */
    others: string[];
    /** Those of ours that are set down, and carry nothing. */
    shut: string[];
}

type FailOverMac = NonNullable<Bond["failOverMac"]>;

const BITS: readonly [string, string] = ["0", "1"];
const NO_MAC = "00:00:00:00:00:00";

/** Those that the kernel takes while the bond is up and has members. */
const LIVE: Settings<Bond> = {
    miimon: plain<number>("miimon"),
    upDelay: ofMonitor("miimon", plain<number>("updelay", 0)),
    downDelay: ofMonitor("miimon", plain<number>("downdelay", 0)),
    arpInterval: { ...plain<number>("arp_interval"), read: ({ arp_interval: ms }) => positive(ms) },
    arpIpTargets: ofMonitor("arp_interval", {
        words: (targets) => (targets.length > 0 ? ["arp_ip_target", targets.join(",")] : []),
        read: ({ arp_ip_target: targets }) => (Array.isArray(targets) ? targets.map(String).sort() : undefined),
    }),
    arpValidate: ofMonitor("arp_interval", {
        ...plain<NonNullable<Bond["arpValidate"]>>("arp_validate", "none"),
        // Printed as null where there is none.
        read: ({ arp_validate: how }) => (typeof how === "string" ? (how as Bond["arpValidate"]) : "none"),
    }),
    arpAllTargets: ofMonitor("arp_interval", plain<"any" | "all">("arp_all_targets", "any")),
    primaryReselect: plain<"always" | "better" | "failure">("primary_reselect", "always"),
    numGratArp: plain<number>("num_grat_arp", 1, "num_peer_notif"),
    xmitHashPolicy: plain<NonNullable<Bond["xmitHashPolicy"]>>("xmit_hash_policy", "layer2"),
    adActorSystem: plain<string>("ad_actor_system", NO_MAC),
    adActorSystemPriority: plain<number>("ad_actor_sys_prio", 65535),
    minLinks: plain<number>("min_links", 0),
    packetsPerSlave: plain<number>("packets_per_slave", 1),
    lpInterval: plain<number>("lp_interval", 1),
    resendIgmp: plain<number>("resend_igmp", 1),
    allSlavesActive: yesNo("all_slaves_active", false, BITS),
};

/** Those that it takes only while the bond is down or empty: they are given when it is made. */
const FIXED: Settings<Bond> = {
    mode: plain<Bond["mode"]>("mode"),
    // The kernel chooses "active" by itself where the first member cannot change its MAC address.
    failOverMac: { ...plain<FailOverMac>("fail_over_mac", "none"), usual: ["active"] },
    lacpRate: plain<"slow" | "fast">("lacp_rate", "slow", "ad_lacp_rate"),
    lacpActive: yesNo("lacp_active", true, ["off", "on"], "ad_lacp_active"),
    adSelect: plain<"stable" | "bandwidth" | "count">("ad_select", "stable"),
    adUserPortKey: plain<number>("ad_user_port_key", 0),
    tlbDynamicLb: yesNo("tlb_dynamic_lb", true, BITS),
};

const OF_MII = ["upDelay", "downDelay"] as const;
const OF_ARP = ["arpIpTargets", "arpValidate", "arpAllTargets"] as const;

const link = virtualLink<Bond>({
    type: "kvmnet:host:Bond",
    title: "bond",
    description:
        "Several links as one, up, with a check that notices a link that fails. " +
        "Its members are somebody else's: each gets its former bridge and state back when it leaves. " +
        "It is not removed while it holds links that others put there.",
    schema: Bond,
    cost: {
        name: "replace",
        mode: "replace",
        members: "update",
        mac: "update",
        mtu: "update",
        txQueueLength: "update",
        miimon: "update",
        upDelay: "update",
        downDelay: "update",
        arpInterval: "update",
        arpIpTargets: "update",
        arpValidate: "update",
        arpAllTargets: "update",
        primary: "update",
        primaryReselect: "update",
        failOverMac: "replace",
        numGratArp: "update",
        xmitHashPolicy: "update",
        lacpRate: "replace",
        lacpActive: "replace",
        adSelect: "replace",
        adActorSystem: "update",
        adActorSystemPriority: "update",
        adUserPortKey: "replace",
        minLinks: "update",
        packetsPerSlave: "update",
        tlbDynamicLb: "replace",
        lpInterval: "update",
        resendIgmp: "update",
        allSlavesActive: "update",
        takesOperatorPath: "update",
    },
    replaces: (was, { mac, failOverMac }) =>
        // The kernel says yes to another one, and does nothing (bond_set_mac_address in drivers/net/bonding/bond_main.c).
        failOverMac === "follow" && mac !== undefined && mac !== was.mac ? ["mac"] : [],
    derived: ["miimon"],
    complete: (want) => ({ ...want, miimon: want.miimon ?? (want.arpInterval ? 0 : DEFAULT_MIIMON) }),
    kind: "bond",
    settings: inMode(LIVE),
    fixed: inMode(FIXED),
    presets: { mtu: 1500, txQueueLength: 1000 },
    beyond: ({ ns_ip6_target: targets }) =>
        Array.isArray(targets) && targets.length > 0 ? [`ns_ip6_target ${targets.join(",")}`] : [],
    // The kernel takes the settings of a monitor only while it is on, and one that is switched on finds what was left.
    around: (from, to) => {
        const [own, other] = to.arpInterval ? [OF_ARP, OF_MII] : [OF_MII, OF_ARP];
        if (Boolean(from.arpInterval) !== Boolean(to.arpInterval)) return { anew: own, leave: other };
        // It keeps delays as multiples of miimon, so that another one changes them.
        return to.arpInterval || from.miimon === to.miimon ? {} : { anew: OF_MII };
    },
});

export const bond: HostResource<Bond, BondHere> = {
    ...link,

    async find(host, name, own) {
        const here = await link.find(host, name, own);
        if (!here) return undefined;
        const links = await host.links();
        const present = membersOf(links, name);
        const listed = own.known?.members ?? [];
        const begun = await takenIn(host, present, own.mark);
        const ours = present.filter((member) => listed.includes(member) || begun.includes(member));
        // An import takes all that are there.
        const members = own.known || here.mark === own.mark ? ours : present;
        const { primary } = here.link.data;
        const shut = own.known ? members.filter((member) => links.get(member)?.up === false) : [];
        return {
            ...here,
            ...(here.fault === undefined && shut.length > 0 ? { fault: shutFault(shut) } : {}),
            state: {
                ...here.state,
                // Whether the kernel chose it or somebody did cannot be told later, when only a new bond takes another.
                ...(own.known ? {} : failOverMacOf(here.link.data)),
                ...(members.length > 0 ? { members: [...members].sort() } : {}),
                ...(typeof primary === "string" && primary !== "" ? { primary } : {}),
            },
            ours: members,
            leaving: await takenIn(
                host,
                listed.filter((member) => !present.includes(member)),
                own.mark,
            ),
            others: present.filter((member) => !members.includes(member)),
            shut,
        };
    },

    async create(host, want, mark) {
        await keepLinks(host, `bond ${want.name}`, want, want.members ?? [], `the bond ${want.name}`);
        return [
            ...(await link.create(host, want, mark)),
            ...(await takeIn(host, want.name, want.members ?? [], mark)),
            ...primarySteps(undefined, want),
        ];
    },

    async update(host, found, want, mark) {
        const wanted = want.members ?? [];
        const anew = link.isRemade(found, want);
        if (anew) refuseOthers(found);
        const there = anew ? [] : (found.state.members ?? []);
        const come = wanted.filter((member) => !there.includes(member));
        const gone = found.ours.filter((member) => anew || !wanted.includes(member));
        await keepLinks(host, `bond ${want.name}`, want, come, `the bond ${want.name}`);
        await keepPlugged(host, `bond ${want.name}`, want, gone);
        const out = await letGo(host, want.name, [
            ...gone,
            ...found.leaving.filter((member) => !wanted.includes(member)),
        ]);
        const set = await link.update(host, found, want, mark);
        const into = await takeIn(host, want.name, come, mark, gone);
        if (anew) return [...out, ...set, ...into, ...primarySteps(undefined, want)];
        // A larger MTU is for those that stay, a smaller one for those that come.
        const grows = (want.mtu ?? found.presets.mtu ?? 0) > found.link.mtu;
        const stay = [...found.ours, ...found.others, ...come].filter((member) => !gone.includes(member));
        return [
            ...opened(found.shut.filter((member) => there.includes(member) && wanted.includes(member))),
            // With its last member a bond loses its MAC address and its carrier, so those that come are there before.
            ...(grows ? [...into, ...out, ...set] : [...set, ...into, ...out]),
            ...(gone.length > 0 && stay.length === 0 ? macAgain(want) : []),
            ...primarySteps(found.state.primary, want),
        ];
    },

    async delete(host, found, mark) {
        const { state, ours, leaving } = found;
        refuseOthers(found);
        await keepPlugged(host, `bond ${state.name}`, state, ours);
        return [...(await letGo(host, state.name, [...ours, ...leaving])), ...(await link.delete(host, found, mark))];
    },

    leftBehind: (host, own) => forgetTaken(host, own.known?.members ?? [], own),

    newOf(was, want) {
        const members = want.members?.filter((member) => !was.members?.includes(member)) ?? [];
        return members.length > 0 ? { ...want, members } : undefined;
    },

    async cautions(host, want) {
        const { name, members = [] } = want;
        return [
            ...(await plugCautions(host, "bond", `Bond ${name}: its member`, members)),
            ...(await pathCautions(host, want, members, name)),
        ];
    },

    standsOn: ["members"],
    claims: ({ name, members = [] }) => [`link ${name}`, ...members.map((member) => `plug of ${member}`)],
};

const shutFault = (members: readonly string[]): string =>
    members.length === 1 ? `its member ${members[0]} is set down` : `its members ${members.join(", ")} are set down`;

/** The kernel sets a member up when the bond takes it in, and never again. */
const opened = (members: readonly string[]): Plan =>
    members.map((member) => ip(`sets ${member} up`, [setLink(member, "up")], [setLink(member, "down")]));

/**
 * The kernel makes up a MAC address for a bond whose last member goes, and takes another only where failOverMac is none,
 * which a bond without members may become.
 *
 * @see __bond_release_one and bond_set_mac_address in drivers/net/bonding/bond_main.c
 */
function macAgain({ name, mac, failOverMac }: Bond): Step[] {
    if (mac === undefined) return [];
    const follows = (whose: FailOverMac) =>
        failOverMac === "follow" ? [setLink(name, "type", "bond", "fail_over_mac", whose)] : [];
    return [
        ip(`gives the bond ${name} its MAC address again`, [
            ...follows("none"),
            setLink(name, "address", mac),
            ...follows("follow"),
        ]),
    ];
}

/** @throws HostError refused before one goes that holds others' links */
function refuseOthers({ state, others }: BondHere): void {
    if (others.length === 0) return;
    throw new HostError(
        "refused",
        `bond ${state.name}`,
        `it holds links that this resource did not put there (${others.map(shownName).slice(0, 20).join(", ")}), so it is not removed`,
        "Take these links out first.",
    );
}

function failOverMacOf({ mode, fail_over_mac: whose }: Printed): Partial<Bond> {
    const said = fitsMode("failOverMac", mode as Bond["mode"]) && whose !== "none";
    return said ? { failOverMac: whose as FailOverMac } : {};
}

/** Only a member can be the primary, so it is told last. `ip` has no word for none. */
function primarySteps(from: string | undefined, { name, primary }: Bond): Step[] {
    if (primary === from) return [];
    if (primary !== undefined)
        return [
            ip(`makes ${primary} the primary of the bond ${name}`, [setLink(name, "type", "bond", "primary", primary)]),
        ];
    const files = [{ path: `/sys/class/net/${name}/bonding/primary`, value: "" }];
    return [{ what: `takes the primary from the bond ${name}`, action: { via: "write", files } }];
}

/** What belongs to a monitor that is off is left over, and neither read nor written. */
function ofMonitor<Value>(interval: string, setting: Setting<Value>): Setting<Value> {
    return { ...setting, read: (printed) => (positive(printed[interval]) ? setting.read(printed) : undefined) };
}

const positive = (printed: unknown) => (typeof printed === "number" && printed > 0 ? printed : undefined);

/** The kernel prints every option in every mode; one that means nothing in it is not there. */
function inMode(settings: Settings<Bond>): Settings<Bond> {
    return Object.fromEntries(
        Object.entries(settings).map(([option, setting]) => [
            option,
            {
                ...setting,
                read: (printed: Printed) =>
                    fitsMode(option, printed.mode as Bond["mode"]) ? setting.read(printed) : undefined,
            },
        ]),
    );
}
