/** Several links as one, in the words of the kernel's bonding documentation; each mode has options of its own. */
import { z } from "zod";
import { addressText, isV6, LinkName } from "./ip-text";
import { count, linkFields, toggle } from "./link-parts";
import { withCrossCheck, type Say } from "./named";
import { takesOperatorPath } from "./operator-path";
import { Mac } from "./units";

const MODES = [
    "balance-rr",
    "active-backup",
    "balance-xor",
    "broadcast",
    "802.3ad",
    "balance-tlb",
    "balance-alb",
] as const;
export type BondMode = (typeof MODES)[number];

/** Link check where none is declared [ms]: 0, the kernel's own in most modes, would notice no link that fails. */
export const DEFAULT_MIIMON = 100;

/** The kernel takes neither the network 0 nor the broadcast address (bond_is_ip_target_ok in drivers/net/bonding/bond_options.c). */
const Target = z
    .string("an ARP target is text such as 10.0.0.1")
    .refine((text) => !isV6(text) && addressText(text) !== undefined, {
        error: "an ARP target is an IPv4 address such as 10.0.0.1",
        abort: true,
    })
    .overwrite((text) => addressText(text) ?? text)
    .refine((text) => !text.startsWith("0.") && text !== "255.255.255.255", {
        error: "an ARP target is the address of one host, such as 10.0.0.1; the kernel takes none that begins with 0, and no broadcast",
    });

const only = (...modes: BondMode[]) => `Only with ${modes.join(", ")}.`;
const choice = <const Words extends readonly string[]>(name: string, words: Words) =>
    z.enum(words, { error: `${name} is one of ${words.join(", ")}` });

const common = linkFields("bond");
/** The fields without their rules, for schemas that take some of them. */
export const BondFields = z.strictObject({
    ...common,
    mac: common.mac.describe(
        "MAC address; absent takes the one of the first member, and keeps it while the bond has any. Not with failOverMac active. Changes live, but with failOverMac follow a change replaces the bond: the kernel takes none then.",
    ),
    mtu: common.mtu.describe("MTU [byte], which the members get, too; absent is the kernel's 1500. Changes live."),
    mode: choice("mode", MODES).describe(
        "How the members share the load; it must be chosen, since the kernel's balance-rr reorders packets. " +
            "802.3ad needs a switch that speaks LACP, active-backup needs nothing of it. A change replaces the bond.",
    ),
    members: z
        .array(LinkName, 'members is a list of links, such as ["eth0", "eth1"]')
        .refine((names) => new Set(names).size === names.length, { error: "members names one link twice" })
        .overwrite((names) => [...names].sort())
        .optional()
        .describe(
            "Links that are put into the bond, anybody's. A member is set down for a moment, so it loses its routes: addresses belong on the bond. " +
                "One that leaves, or whose bond is deleted, gets its former bridge and state back, as far as they are known: after an import it is left set down. Other links in the bond are left alone. Changes live.",
        ),
    miimon: count("miimon", 0, 2147483647, "ms")
        .optional()
        .describe(
            `Interval of the link check [ms]; absent is ${DEFAULT_MIIMON} unless arpInterval checks, because 0 notices no link that fails. Changes live.`,
        ),
    upDelay: count("upDelay", 0, 2147483647, "ms")
        .optional()
        .describe(
            "Wait before a link that came back is used [ms], a multiple of miimon; absent is the kernel's 0. Changes live.",
        ),
    downDelay: count("downDelay", 0, 2147483647, "ms")
        .optional()
        .describe(
            "Wait before a link that failed is given up [ms], a multiple of miimon; absent is the kernel's 0. Changes live.",
        ),
    arpInterval: count("arpInterval", 1, 2147483647, "ms")
        .optional()
        .describe(
            "Interval of the link check by ARP, in place of miimon [ms]. Only with balance-rr, active-backup, balance-xor, broadcast. Changes live.",
        ),
    arpIpTargets: z
        .array(Target, 'arpIpTargets is a list of IPv4 addresses, such as ["10.0.0.1"]')
        .max(16, "arpIpTargets holds at most 16 addresses")
        .refine((targets) => new Set(targets).size === targets.length, {
            error: "arpIpTargets names one address twice",
        })
        .overwrite((targets) => [...targets].sort())
        .optional()
        .describe("Hosts that are asked by ARP, 1 to 16; with arpInterval. Changes live."),
    arpValidate: choice("arpValidate", ["none", "active", "backup", "all", "filter", "filter_active", "filter_backup"])
        .optional()
        .describe("Which members' ARP is validated; with arpInterval; absent is the kernel's none. Changes live."),
    arpAllTargets: choice("arpAllTargets", ["any", "all"])
        .optional()
        .describe("How many ARP targets must answer; with arpInterval; absent is the kernel's any. Changes live."),
    primary: LinkName.optional().describe(
        `Member that is used while it works, one of members. ${only("active-backup", "balance-tlb", "balance-alb")} Changes live.`,
    ),
    primaryReselect: choice("primaryReselect", ["always", "better", "failure"])
        .optional()
        .describe(
            `When the primary is used again after it failed; absent is the kernel's always. ${only("active-backup", "balance-tlb", "balance-alb")} Changes live.`,
        ),
    failOverMac: choice("failOverMac", ["none", "active", "follow"])
        .optional()
        .describe(
            `Whose MAC address the bond has after a failover; absent is the kernel's none. ${only("active-backup")} A change replaces the bond, since the kernel takes it only without members.`,
        ),
    numGratArp: count("numGratArp", 0, 255, "ARPs")
        .optional()
        .describe(`Gratuitous ARPs after a failover; absent is the kernel's 1. ${only("active-backup")} Changes live.`),
    xmitHashPolicy: choice("xmitHashPolicy", ["layer2", "layer2+3", "layer3+4", "encap2+3", "encap3+4", "vlan+srcmac"])
        .optional()
        .describe(
            `What decides the member that a packet leaves by; absent is the kernel's layer2, which puts all traffic to one router on one member. ${only("balance-xor", "802.3ad", "balance-tlb")} Changes live.`,
        ),
    lacpRate: choice("lacpRate", ["slow", "fast"])
        .optional()
        .describe(
            `How often the switch is asked for LACP: slow (30 s) or fast (1 s); absent is the kernel's slow. ${only("802.3ad")} A change replaces the bond, since the kernel takes it only while it is down.`,
        ),
    lacpActive: toggle("lacpActive")
        .optional()
        .describe(
            `Whether LACP is spoken unasked; absent is the kernel's true. ${only("802.3ad")} A change replaces the bond, since the kernel takes it only while it is down.`,
        ),
    adSelect: choice("adSelect", ["stable", "bandwidth", "count"])
        .optional()
        .describe(
            `When another aggregator is chosen; absent is the kernel's stable. ${only("802.3ad")} A change replaces the bond, since the kernel takes it only while it is down.`,
        ),
    adActorSystem: Mac.optional().describe(
        `MAC address that the host has in LACP; absent is the bond's own. ${only("802.3ad")} Changes live.`,
    ),
    adActorSystemPriority: count("adActorSystemPriority", 1, 65535, "(the lowest wins)")
        .optional()
        .describe(`Priority that the host has in LACP; absent is the kernel's 65535. ${only("802.3ad")} Changes live.`),
    adUserPortKey: count("adUserPortKey", 0, 1023, "(the upper bits of the port key)")
        .optional()
        .describe(
            `Part of the LACP port key that is the user's; absent is the kernel's 0. ${only("802.3ad")} A change replaces the bond, since the kernel takes it only while it is down.`,
        ),
    minLinks: count("minLinks", 0, 2147483647, "members")
        .optional()
        .describe(
            `Members that must work for the bond to have a carrier; absent is the kernel's 0. ${only("802.3ad")} Changes live.`,
        ),
    packetsPerSlave: count("packetsPerSlave", 0, 65535, "packets")
        .optional()
        .describe(
            `Packets before the next member's turn, 0 for random; absent is the kernel's 1. ${only("balance-rr")} Changes live.`,
        ),
    tlbDynamicLb: toggle("tlbDynamicLb")
        .optional()
        .describe(
            `Whether flows move between members by load; absent is the kernel's true. ${only("balance-tlb", "balance-alb")} A change replaces the bond, since the kernel takes it only while it is down.`,
        ),
    lpInterval: count("lpInterval", 1, 2147483647, "s")
        .optional()
        .describe(
            `Time between packets that teach the switches [s]; absent is the kernel's 1. ${only("balance-tlb", "balance-alb")} Changes live.`,
        ),
    resendIgmp: count("resendIgmp", 0, 255, "reports")
        .optional()
        .describe(
            `IGMP reports after a failover; absent is the kernel's 1. ${only("balance-rr", "active-backup", "balance-tlb", "balance-alb")} Changes live.`,
        ),
    allSlavesActive: toggle("allSlavesActive")
        .optional()
        .describe(
            "Whether frames that arrive at a member in waiting are taken, too; absent is the kernel's false. Changes live.",
        ),
    takesOperatorPath: takesOperatorPath(
        "may take in, or later let go, a link over which an SSH connection to the host runs, or be removed or made anew while one runs over itself",
    ),
});
type Fields = z.output<typeof BondFields>;

const ALL_BUT_LACP_AND_LOAD: readonly BondMode[] = ["balance-rr", "active-backup", "balance-xor", "broadcast"];
const WITH_PRIMARY: readonly BondMode[] = ["active-backup", "balance-tlb", "balance-alb"];

/**
 * The modes in which an option means something; an option that is not here does in all of them.
 *
 * @see https://docs.kernel.org/networking/bonding.html; the kernel's refusals were tried with 6.1
 */
const MODES_OF: Partial<Record<keyof Fields, readonly BondMode[]>> = {
    arpInterval: ALL_BUT_LACP_AND_LOAD,
    arpIpTargets: ALL_BUT_LACP_AND_LOAD,
    arpValidate: ALL_BUT_LACP_AND_LOAD,
    arpAllTargets: ALL_BUT_LACP_AND_LOAD,
    primary: WITH_PRIMARY,
    primaryReselect: WITH_PRIMARY,
    failOverMac: ["active-backup"],
    numGratArp: ["active-backup"],
    xmitHashPolicy: ["balance-xor", "802.3ad", "balance-tlb"],
    lacpRate: ["802.3ad"],
    lacpActive: ["802.3ad"],
    adSelect: ["802.3ad"],
    adActorSystem: ["802.3ad"],
    adActorSystemPriority: ["802.3ad"],
    adUserPortKey: ["802.3ad"],
    minLinks: ["802.3ad"],
    packetsPerSlave: ["balance-rr"],
    tlbDynamicLb: ["balance-tlb", "balance-alb"],
    lpInterval: ["balance-tlb", "balance-alb"],
    resendIgmp: ["balance-rr", "active-backup", "balance-tlb", "balance-alb"],
};

/** Whether an option means something in a mode. */
export const fitsMode = (option: string, mode: BondMode): boolean =>
    MODES_OF[option as keyof Fields]?.includes(mode) ?? true;

/**
 * What must hold across the fields of a bond.
 *
 * @param listed the property that names its members
 */
export function checkBond(bond: Pick<Fields, "name" | "mode"> & Partial<Fields>, listed: string, say: Say): void {
    const { name, mode, members, primary, miimon, arpInterval, arpIpTargets } = bond;
    if ((MODES as readonly string[]).includes(mode))
        for (const [option, modes] of Object.entries(MODES_OF))
            if (bond[option as keyof Fields] !== undefined && !modes.includes(mode))
                say([option], `${option} works with mode ${modes.join(", ")}, not with ${mode}; remove it`);

    if (miimon && arpInterval) say(["arpInterval"], "a bond checks its links by miimon or by arpInterval; keep one");
    if (miimon === 0 && !arpInterval)
        say(
            ["miimon"],
            `a miimon of 0 notices no link that fails; set ${DEFAULT_MIIMON}, or the arpInterval of a \`Bond\``,
        );
    if (arpInterval && !arpIpTargets?.length) say(["arpIpTargets"], "arpInterval needs arpIpTargets, at least one");
    for (const option of ["arpIpTargets", "arpValidate", "arpAllTargets"] as const)
        if (bond[option] !== undefined && !arpInterval) say([option], `${option} needs arpInterval`);
    for (const option of ["upDelay", "downDelay"] as const) {
        const delay = bond[option];
        if (delay === undefined) continue;
        if (arpInterval) say([option], `${option} needs miimon; the kernel takes none with arpInterval, not even 0`);
        else if (delay % (miimon || DEFAULT_MIIMON) !== 0)
            say(
                [option],
                `${option} is a multiple of miimon (${miimon || DEFAULT_MIIMON} ms), else the kernel rounds it down`,
            );
    }
    if (bond.mac !== undefined && bond.failOverMac === "active")
        say(
            ["mac"],
            "with failOverMac active a bond has the MAC address of its active member, whatever it is given; remove one of the two",
        );
    const isIn = members === undefined ? false : !Array.isArray(members) || members.includes(primary as string);
    if (primary !== undefined && !isIn)
        say(
            ["primary"],
            `the primary is one of ${listed}; add it there, for the kernel keeps none that is not in the bond`,
        );
    if (Array.isArray(members) && members.includes(name)) say([listed], "a bond cannot be its own member");
}

/** One bond. */
export const Bond = withCrossCheck(BondFields, (bond, say) => checkBond(bond, "members", say));
export type Bond = z.output<typeof Bond>;
