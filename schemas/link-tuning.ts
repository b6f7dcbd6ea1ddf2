/** How a link that exists is tuned, in the words of ip-link(8), ethtool(8) and the kernel's scaling.rst. */
import { z } from "zod";
import { cpuList, cpusOf } from "./cpu-list";
import { LinkName } from "./ip-text";
import { count, toggle, TxQueueLength } from "./link-parts";
import { withCrossCheck, type Say } from "./named";
import { takesOperatorPath } from "./operator-path";
import { Mtu } from "./units";

/** CPUs in the kernel's list form, ascending and merged: `0-3,8`; empty is none. Undefined for what is no list. */
function cpuListText(text: string): string | undefined {
    const cpus = cpusOf(text);
    return cpus && cpuList(cpus);
}

const queueCpus = (name: string, told: string) => {
    const help = `${name} is a list of CPU lists, such as ["0-3"] for all queues or ["0", "1"] for one each; "" is none`;
    return z
        .array(
            z
                .string(help)
                .refine((text) => cpuListText(text) !== undefined, { error: help, abort: true })
                .overwrite((text) => cpuListText(text) ?? text),
            help,
        )
        .optional()
        .describe(`${told} A single entry stands for all queues; absent leaves them as they are. Changes live.`);
};

const queues = (name: string, told: string) =>
    count(name, 0, 65535, "queues").optional().describe(`${told} [count]; absent leaves it.`);

export const Channels = z
    .strictObject(
        {
            rx: queues("rx", "Channels that only receive"),
            tx: queues("tx", "Channels that only send"),
            other: queues("other", "Channels for other interrupts, such as changes of the link"),
            combined: queues("combined", "Channels that receive and send; most NICs have these alone"),
        },
        "channels is an object such as { combined: 8 }; its keys are rx, tx, other and combined",
    )
    .meta({ token: "host:Channels" });
export type Channels = z.output<typeof Channels>;

const micros = (told: string) => number("[us]", told);
const frames = (told: string) => number("[packets]", told);
function number(unit: string, told: string) {
    const error = "a coalescing value is a whole number from 0 to 4294967295";
    return z.int(error).min(0, error).max(4294967295, error).optional().describe(`${told} ${unit}; absent leaves it.`);
}
const adaptive = (name: string, told: string) => toggle(name).optional().describe(`${told}; absent leaves it.`);

export const Coalesce = z
    .strictObject(
        {
            adaptiveRx: adaptive("adaptiveRx", "Whether the NIC chooses the values for receiving by the traffic"),
            adaptiveTx: adaptive("adaptiveTx", "Whether the NIC chooses the values for sending by the traffic"),
            rxUsecs: micros("Longest time from a received packet to its interrupt"),
            rxFrames: frames("Received packets after which an interrupt comes at once"),
            rxUsecsIrq: micros("As rxUsecs, while an interrupt is being served"),
            rxFramesIrq: frames("As rxFrames, while an interrupt is being served"),
            txUsecs: micros("Longest time from a sent packet to its interrupt"),
            txFrames: frames("Sent packets after which an interrupt comes at once"),
            txUsecsIrq: micros("As txUsecs, while an interrupt is being served"),
            txFramesIrq: frames("As txFrames, while an interrupt is being served"),
            statsBlockUsecs: micros("Time between two copies of the counters into memory"),
            sampleInterval: number("[s]", "Time over which the packet rate is measured for the adaptive values"),
            pktRateLow: number("[packets/s]", "Rate below which the ...Low values count"),
            rxUsecsLow: micros("As rxUsecs, at a low rate"),
            rxFramesLow: frames("As rxFrames, at a low rate"),
            txUsecsLow: micros("As txUsecs, at a low rate"),
            txFramesLow: frames("As txFrames, at a low rate"),
            pktRateHigh: number("[packets/s]", "Rate above which the ...High values count"),
            rxUsecsHigh: micros("As rxUsecs, at a high rate"),
            rxFramesHigh: frames("As rxFrames, at a high rate"),
            txUsecsHigh: micros("As txUsecs, at a high rate"),
            txFramesHigh: frames("As txFrames, at a high rate"),
            cqeModeRx: adaptive("cqeModeRx", "Whether the time for receiving starts anew with each completion"),
            cqeModeTx: adaptive("cqeModeTx", "Whether the time for sending starts anew with each completion"),
        },
        "coalesce is an object such as { adaptiveRx: true, rxUsecs: 50 }, in the words of `ethtool -c`",
    )
    .meta({ token: "host:Coalesce" });
export type Coalesce = z.output<typeof Coalesce>;

/** Short names of `ethtool -K`, which `ethtool -k` does not print. */
const SHORT: Readonly<Record<string, string>> = {
    rx: "rx-checksumming",
    tx: "tx-checksumming",
    sg: "scatter-gather",
    tso: "tcp-segmentation-offload",
    ufo: "udp-fragmentation-offload",
    gso: "generic-segmentation-offload",
    gro: "generic-receive-offload",
    lro: "large-receive-offload",
    rxvlan: "rx-vlan-offload",
    txvlan: "tx-vlan-offload",
    ntuple: "ntuple-filters",
    rxhash: "receive-hashing",
};

const Features = z
    .record(z.string(), z.boolean("a feature is true (on) or false (off)"), {
        error: 'features maps names to true or false, such as { "generic-receive-offload": true }',
    })
    .superRefine((features, context) => {
        for (const name of Object.keys(features)) {
            const long = SHORT[name];
            const problem = long
                ? `write the name that \`ethtool -k\` prints: ${long}`
                : /^[a-z0-9][a-z0-9_-]{0,63}$/.test(name)
                  ? undefined
                  : "a feature's name is what `ethtool -k` prints, such as generic-receive-offload";
            if (problem) context.addIssue({ code: "custom", path: [name], message: problem, params: { got: name } });
        }
    });

const Ring = (name: string) => count(name, 1, 1048576, "descriptors");

/** The fields without their rules, for schemas that take some of them. */
export const LinkTuningFields = z.strictObject({
    name: LinkName.describe("Link that is tuned; it is there already, whoever made it. A change replaces the tuning."),
    mtu: Mtu.optional().describe(
        "MTU [byte]; absent leaves it. Below 1280 the kernel takes IPv6 from the link, with all its addresses, and a larger one does not bring them back. Changes live; some NICs' link is down for a moment then.",
    ),
    txQueueLength: TxQueueLength.optional().describe("Transmit queue [packets]; absent leaves it. Changes live."),
    rxRing: Ring("rxRing")
        .optional()
        .describe(
            "Receive ring of a physical NIC [descriptors], at most what the function getNic tells as rings.rxMax; absent leaves it. Changes live; most NICs' link is down for a moment then, and some drivers choose the CPUs of all transmit queues anew, where xpsCpus says nothing of them.",
        ),
    txRing: Ring("txRing")
        .optional()
        .describe(
            "Transmit ring of a physical NIC [descriptors], at most what the function getNic tells as rings.txMax; absent leaves it. Changes live; most NICs' link is down for a moment then, and some drivers choose the CPUs of all transmit queues anew, where xpsCpus says nothing of them.",
        ),
    channels: Channels.optional().describe(
        "Queues with an interrupt each; absent leaves them. Changes live; most NICs' link is down for a moment then, and some drivers choose the CPUs of all transmit queues anew, where xpsCpus says nothing of them.",
    ),
    coalesce: Coalesce.optional().describe(
        "How many packets, and how much time, share an interrupt; absent leaves it. Changes live.",
    ),
    features: Features.optional().describe(
        'Offloads and other features by the names that `ethtool -k` prints, such as { "generic-receive-offload": true }; those not named are left. Changes live.',
    ),
    rpsCpus: queueCpus("rpsCpus", "CPUs that share the packets of each receive queue in software (RPS)."),
    xpsCpus: queueCpus("xpsCpus", "CPUs that send by each transmit queue (XPS)."),
    takesOperatorPath: takesOperatorPath(
        "may give a link over which an SSH connection of IPv6 to the host runs an MTU below 1280, or give back such a one",
    ),
});

export const LinkTuning = withCrossCheck(LinkTuningFields, (tuning, say) => {
    const { name: _name, takesOperatorPath: _told, ...settings } = tuning;
    if (Object.values(settings).every((value) => value === undefined))
        say(["name"], "nothing is tuned; give at least one setting beside name");
    checkParts(tuning, say);
});
export type LinkTuning = z.output<typeof LinkTuning>;

/** What must hold within the settings that have parts. */
export function checkParts(
    { channels, coalesce, features }: Partial<z.output<typeof LinkTuningFields>>,
    say: Say,
): void {
    const empty = (value: unknown) => typeof value === "object" && value !== null && Object.keys(value).length === 0;
    if (empty(channels)) say(["channels"], "channels says nothing; give one of rx, tx, other and combined");
    if (empty(coalesce)) say(["coalesce"], "coalesce says nothing; give at least one value, or leave it out");
    if (empty(features)) say(["features"], "features says nothing; name one, or leave it out");
}
