/** Many ports with their taps, made on an empty bridge and removed again: through the provider, and by hand. */
import { timed, type Claim, type Contest, type Found } from "../measure";
import { withBenchHost, type BenchHost } from "./bench-host";
import * as hand from "./by-hand";
import { BY_DEFAULT } from "./ours";
import { wanted, type Wanted } from "./wanted";

/**
 * One way to make ports and one to remove them again.
 *
 * @param tidies whether they go in the quickest way there is, because only the making is of interest
 * @returns both times [ms]
 */
type Way = (host: BenchHost, ports: readonly Wanted[], tidies: boolean) => Promise<{ made: number; removed: number }>;

const byHand =
    (
        make: (lab: BenchHost["lab"], ports: readonly Wanted[]) => Promise<unknown>,
        remove: (lab: BenchHost["lab"], ports: readonly Wanted[]) => Promise<unknown>,
    ): Way =>
    async ({ lab }, ports, tidies) => {
        const made = await timed(() => make(lab, ports));
        await mustStand(lab, ports);
        return { made, removed: await timed(() => (tidies ? hand.removeRawTogether : remove)(lab, ports)) };
    };

const throughProvider =
    (kind: "createSet" | "createSingles", inFlight?: number): Way =>
    async ({ lab, program }, ports) => {
        const ours = program(kind === "createSet" ? "PortSet" : "Ports", inFlight);
        const made = await ours[kind](ports);
        await mustStand(lab, ports);
        return { made, removed: await ours.destroy() };
    };

const WAYS = {
    "one PortSet": throughProvider("createSet"),
    "Ports and Taps": throughProvider("createSingles"),
    "Ports and Taps, 8 in flight": throughProvider("createSingles", BY_DEFAULT),
    "the floor": byHand(hand.makeRaw, hand.removeRaw),
    "the floor by group": byHand(hand.makeRaw, hand.removeRawTogether),
    "one ovs-vsctl": byHand(hand.makeByOneVsctl, hand.removeByOneVsctl),
    "a process each": byHand(hand.makeByProcessEach, hand.removeRawTogether),
} satisfies Record<string, Way>;
type WayName = keyof typeof WAYS;

interface Size {
    ports: number;
    rounds: number;
    ways: WayName[];
    claims: Claim[];
    /** What of it is measured, where not both are: 300 ports are removed by hand in ten seconds, and made in half of one. */
    only?: "making" | "removing";
}

/** @param lab name of the lab to do it in */
export function makeAndRemove({ ports, rounds, ways, claims, only }: Size, lab = "bench-ports"): Contest {
    let host: BenchHost | undefined;
    return {
        rounds,
        around: (work) =>
            withBenchHost(lab, (opened) => {
                host = opened;
                return work();
            }),
        round: async (index) => {
            const found: Record<string, number> = {};
            // Whoever goes first meets another switch than whoever goes last, so they take turns.
            for (const name of rotated(ways, index)) {
                const { made, removed } = await WAYS[name](host as BenchHost, wanted(ports), only === "making");
                await mustBeGone((host as BenchHost).lab);
                if (only !== "removing") found[`make: ${name}`] = made;
                if (only !== "making") found[`remove: ${name}`] = removed;
            }
            return found satisfies Found;
        },
        claims,
    };
}

/** A way that made or left something else is no measurement. */
async function mustStand(lab: BenchHost["lab"], ports: readonly Wanted[]): Promise<void> {
    const tags = new Map((await lab.ports()).map(({ name, tag }) => [name, tag]));
    const wrong = ports.filter(({ name, tag }) => tags.get(name) !== tag);
    if (wrong.length > 0 || tags.size !== ports.length)
        throw new Error(`The bridge has ${tags.size} ports, ${wrong.length} of ${ports.length} missing or wrong.`);
}

async function mustBeGone(lab: BenchHost["lab"]): Promise<void> {
    const left = [...(await lab.ports()).map(({ name }) => name), ...(await lab.taps())];
    if (left.length > 0) throw new Error(`Left behind: ${left.slice(0, 5).join(", ")} ... (${left.length}).`);
}

const rotated = <Item>(items: readonly Item[], by: number): Item[] => {
    const start = by % items.length;
    return [...items.slice(start), ...items.slice(0, start)];
};

const BATCHING = "the gain is batching, and a batch written by hand is nearly as fast";

const manyOf = (ports: number) => `${ports.toLocaleString("en")} ports with taps`;

/** What is claimed for making a number of ports. @param set bound of a PortSet @param singles bound of Ports and Taps */
function claimsOfMaking(ports: number, set: number, singles: number): Claim[] {
    const many = manyOf(ports);
    const slower = "a switch on the kernel's datapath has other costs of its own";
    return [
        {
            name: `${many} made as one PortSet, beside one ip -batch and one transaction`,
            ours: "make: one PortSet",
            theirs: "make: the floor",
            bound: set,
            but: slower,
        },
        {
            name: `${many} made as one PortSet, beside one ip -batch and one ovs-vsctl`,
            ours: "make: one PortSet",
            theirs: "make: one ovs-vsctl",
            bound: 1,
            but: BATCHING,
        },
        {
            name: `${many} made as Ports and Taps, all in flight, beside one ip -batch and one transaction`,
            ours: "make: Ports and Taps",
            theirs: "make: the floor",
            bound: singles,
            but: "an engine's own work for that many resources is not in it",
        },
    ];
}

/** What is claimed for removing them. */
function claimsOfRemoving(ports: number, set: number, singles: number): Claim[] {
    const many = manyOf(ports);
    return [
        {
            name: `${many} removed as one PortSet, beside one transaction and one ip -batch`,
            ours: "remove: one PortSet",
            theirs: "remove: the floor",
            bound: set,
            but: "most of the gain is that links are deleted as a group",
        },
        {
            name: `${many} removed as one PortSet, beside the same with the taps as a group`,
            ours: "remove: one PortSet",
            theirs: "remove: the floor by group",
            bound: set,
            but: "nearly all of both is the switch closing a socket a port",
        },
        {
            name: `${many} removed as one PortSet, beside one ovs-vsctl and one ip -batch`,
            ours: "remove: one PortSet",
            theirs: "remove: one ovs-vsctl",
            bound: 1,
            but: "the switch's own part is the same in both",
        },
        {
            name: `${many} removed as Ports and Taps, all in flight, beside one ovs-vsctl and one ip -batch`,
            ours: "remove: Ports and Taps",
            theirs: "remove: one ovs-vsctl",
            bound: 1,
            but: "the switch's own part is the same in both",
        },
        {
            name: `${many} removed as Ports and Taps, all in flight, beside one transaction and a group of taps`,
            ours: "remove: Ports and Taps",
            theirs: "remove: the floor by group",
            bound: singles,
            but: "an engine's own work for that many resources is not in it",
        },
    ];
}

const claimsFor = (ports: number, set: number, singles: number): Claim[] => [
    ...claimsOfMaking(ports, set, singles),
    ...claimsOfRemoving(ports, set, singles),
];

const eightInFlight = (ports: number): Claim => ({
    name: `${ports} ports with taps made as Ports and Taps, 8 in flight, beside one ip -batch and one transaction`,
    ours: "make: Ports and Taps, 8 in flight",
    theirs: "make: the floor",
    but: "nothing is promised: few steps at a time leave little to gather",
});

const MAKING: WayName[] = ["one PortSet", "Ports and Taps", "the floor", "one ovs-vsctl"];
const USUAL: WayName[] = [...MAKING, "the floor by group"];

export const SIZES: readonly Size[] = [
    {
        ports: 10,
        rounds: 15,
        ways: [...USUAL, "Ports and Taps, 8 in flight"],
        claims: [...claimsFor(10, 1.5, 3), eightInFlight(10)],
    },
    {
        ports: 300,
        rounds: 11,
        ways: [...MAKING, "Ports and Taps, 8 in flight"],
        claims: [...claimsOfMaking(300, 1.2, 2), eightInFlight(300)],
        only: "making",
    },
    { ports: 300, rounds: 3, ways: USUAL, claims: claimsOfRemoving(300, 1.2, 2), only: "removing" },
    {
        ports: 300,
        rounds: 3,
        ways: ["one PortSet", "Ports and Taps", "a process each"],
        claims: [
            {
                name: "300 ports with taps made as one PortSet, beside a process of ip or ovs-vsctl for each step of each",
                ours: "make: one PortSet",
                theirs: "make: a process each",
                bound: 1 / 30,
                but: BATCHING,
            },
            {
                name: "300 ports with taps made as Ports and Taps, all in flight, beside a process of ip or ovs-vsctl for each step of each",
                ours: "make: Ports and Taps",
                theirs: "make: a process each",
                but: BATCHING,
            },
        ],
        only: "making",
    },
    { ports: 1000, rounds: 11, ways: MAKING, claims: claimsOfMaking(1000, 1.2, 2), only: "making" },
    { ports: 1000, rounds: 3, ways: USUAL, claims: claimsOfRemoving(1000, 1.2, 2), only: "removing" },
];
