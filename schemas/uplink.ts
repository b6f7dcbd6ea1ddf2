/** The way out of a host: one physical link, or several as a bond, tuned alike. */
import { z } from "zod";
import { BondFields, checkBond } from "./bond";
import { GetNicOutputs } from "./facts";
import { checkParts, LinkTuningFields } from "./link-tuning";
import { entriesOf, withCrossCheck } from "./named";
import { takesOperatorPath } from "./operator-path";
import { IfName, PcieGeneration, PcieLanes, Rate } from "./units";

const { mtu, txQueueLength, rxRing, txRing, channels, coalesce, features } = LinkTuningFields.shape;
const { mode, miimon, lacpRate, xmitHashPolicy, minLinks, primary } = BondFields.shape;

const BondOf = z
    .strictObject({ mode, miimon, lacpRate, xmitHashPolicy, minLinks, primary })
    .meta({ token: "index:UplinkBond" })
    .describe("How several links are one, in the words of `Bond`.");

/** What tunes each of its links. */
const tuning = { mtu, txQueueLength, rxRing, txRing, channels, coalesce, features };

export const UplinkFields = z.strictObject({
    name: IfName.describe("Name of the bond on the host."),
    links: z
        .array(IfName, 'links is a list of links of the host, such as ["eno1"]')
        .min(1, "an uplink has at least one link")
        .refine((list) => new Set(list).size === list.length, { error: "links names one link twice" })
        .describe("Links of the host: one, or several that become a bond."),
    bond: BondOf.optional(),
    rate: Rate.optional().describe(
        "Rate of each link that is counted on, for rules; absent is the speed that `facts` tell.",
    ),
    pcieGeneration: PcieGeneration.optional().describe(
        "PCIe generation of each link's slot, for rules, where `facts` do not tell it.",
    ),
    pcieLanes: PcieLanes.optional().describe(
        "PCIe lanes of each link's slot, for rules, where `facts` do not tell them.",
    ),
    ...tuning,
    takesOperatorPath: takesOperatorPath(
        "may take into its bond, or later let go, a link over which an SSH connection to the host runs",
    ),
});
type Fields = z.output<typeof UplinkFields>;

/** What `getNic` told of the links, by their names. */
const UplinkFacts = z.record(z.string(), GetNicOutputs.partial()).optional();
type Facts = z.output<typeof UplinkFacts>;

export const Uplink = withCrossCheck(UplinkFields.extend({ facts: UplinkFacts }), ({ facts, ...uplink }, say) => {
    const { name: bondName, links, bond, pcieGeneration, pcieLanes } = uplink;
    const several = Array.isArray(links) && links.length > 1;
    if (several && bond === undefined)
        say(["bond"], 'several links are a bond; say how, such as { mode: "802.3ad" } or { mode: "active-backup" }');
    if (Array.isArray(links) && !several && bond !== undefined)
        say(["bond"], "one link is no bond; remove bond, or name more links");
    if (several && typeof bond === "object" && bond !== null)
        checkBond({ ...bond, name: bondName, members: links }, "links", ([option = ""], message) =>
            say(option === "links" ? ["links"] : ["bond", option], message),
        );
    checkParts(uplink, say);
    if ((pcieGeneration === undefined) !== (pcieLanes === undefined))
        say(
            [pcieLanes === undefined ? "pcieLanes" : "pcieGeneration"],
            "pcieGeneration and pcieLanes tell together what a slot carries; set both or none",
        );
    for (const name of Array.isArray(links) ? links : []) judge(uplink, name, facts?.[name], say);
});
export type UplinkInput = z.input<typeof UplinkFields>;

type Say = (path: PropertyKey[], message: string) => void;

/** Holds what is wanted against what the hardware says, where that is given. */
function judge(
    { rxRing, txRing, channels, features }: Fields,
    name: string,
    facts: NonNullable<Facts>[string] | undefined,
    say: Say,
): void {
    if (!facts) return;
    const { rings = {}, channels: has } = facts;
    for (const [key, wanted, most] of [
        ["rxRing", rxRing, rings.rxMax],
        ["txRing", txRing, rings.txMax],
    ] as const)
        if (wanted !== undefined && wanted > (most ?? 0))
            say(
                [key],
                most === undefined ? `${name} has no such ring to set` : `${name} takes at most ${most} descriptors`,
            );
    for (const [kind, wanted] of entriesOf(channels)) {
        const most = has?.most[kind as keyof typeof has.most] ?? 0;
        if (wanted > most) say(["channels", kind], `${name} has at most ${most} channels of this kind`);
    }
    for (const [feature, on] of entriesOf(features)) {
        const fact = facts.features?.[feature];
        if (facts.features && !fact)
            say(["features", feature], `${name} has no such feature; \`ethtool -k\` lists them`);
        if (fact?.fixed && fact.active !== on)
            say(
                ["features", feature],
                `${name} has it ${fact.active ? "on" : "off"}, and its driver cannot change that`,
            );
    }
}

/** What of a NIC does not change with its tuning, in the words of `getNic`. */
type Hardware = Pick<GetNicOutputs, "speed" | "busAddress"> & {
    rings?: Pick<NonNullable<GetNicOutputs["rings"]>, "rxMax" | "txMax">;
    pcie?: Pick<NonNullable<GetNicOutputs["pcie"]>, "generation" | "lanes">;
};

/** What rules judge of the hardware, by link; undefined where no facts were given. */
export function hardwareOf(links: readonly string[], facts: Facts): Record<string, Hardware> | undefined {
    const told = links.flatMap((link) => {
        const { speed, busAddress, rings, pcie } = facts?.[link] ?? {};
        const nic: Hardware = {
            ...(speed === undefined ? {} : { speed }),
            ...(busAddress === undefined ? {} : { busAddress }),
            ...(rings && { rings: { rxMax: rings.rxMax, txMax: rings.txMax } }),
            ...(pcie && { pcie: { generation: pcie.generation, lanes: pcie.lanes } }),
        };
        return Object.keys(nic).length > 0 ? [[link, nic] as const] : [];
    });
    return told.length > 0 ? Object.fromEntries(told) : undefined;
}

/** Whether the links are tuned at all. */
export const tuningOf = (uplink: Fields) =>
    Object.fromEntries(
        Object.keys(tuning)
            .map((key) => [key, uplink[key as keyof typeof tuning]] as const)
            .filter(([, value]) => value !== undefined),
    ) as Partial<Pick<Fields, keyof typeof tuning>>;
