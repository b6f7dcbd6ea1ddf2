/** What a NIC does not take, told before anything is changed, all at once. */
import { cpusOf } from "../../schemas/cpu-list";
import type { Channels, LinkTuning } from "../../schemas/link-tuning";
import type { Host } from "../host";
import { HostError } from "../host/errors";
import { coveredBy, type Tuned } from "../host/link-tuning";

/** How many receive and transmit queues there are, for which CPUs can be chosen. */
export interface QueueCount {
    rx: number;
    tx: number;
}

/** How many queues there will be. @param channels those that are written; the others stay */
export function queuesToBe(channels: Channels, { channels: { now }, queues }: Tuned): QueueCount {
    if (Object.keys(channels).length === 0) return { rx: queues.rps.length, tx: queues.xps.length };
    const { rx = 0, tx = 0, combined = 0 } = { ...now, ...channels };
    // A link with one transmit queue has nothing to choose (xps_cpus in net/core/net-sysfs.c).
    return { rx: rx + combined, tx: tx + combined > 1 ? tx + combined : 0 };
}

/** @param queues how many there will be @throws HostError refused with everything that this NIC does not take */
export async function checkTuning(
    host: Host,
    subject: string,
    want: LinkTuning,
    tuned: Tuned,
    queues: QueueCount,
): Promise<void> {
    const problems = [
        ...ringProblems(want, tuned),
        ...channelProblems(want, tuned),
        ...coalesceProblems(want, tuned),
        ...featureProblems(want, tuned),
        ...(await queueProblems(host, want, queues)),
    ];
    if (problems.length === 0) return;
    throw new HostError(
        "refused",
        subject,
        problems.join("; "),
        "Correct that; the function getNic tells what this NIC takes.",
    );
}

function ringProblems({ rxRing, txRing }: LinkTuning, { rings }: Tuned): string[] {
    const judged = [
        ["rxRing", "receive", rxRing, rings.rxMax],
        ["txRing", "transmit", txRing, rings.txMax],
    ] as const;
    return judged.flatMap(([property, word, wanted, most]) => {
        if (wanted === undefined) return [];
        if (most === undefined) return [`${property}: its driver has no ${word} ring to set`];
        return wanted > most ? [`${property}: its hardware takes at most ${most} descriptors (got ${wanted})`] : [];
    });
}

function channelProblems({ channels = {} }: LinkTuning, { channels: { most } }: Tuned): string[] {
    const has = Object.entries(most).map(([kind, count]) => `${kind} up to ${count}`);
    return Object.entries(channels).flatMap(([kind, wanted]) => {
        const limit = most[kind as keyof typeof most];
        if (limit !== undefined && wanted <= limit) return [];
        return [
            `channels.${kind}: its driver has ${has.length > 0 ? has.join(", ") : "no channels to set"} (got ${wanted})`,
        ];
    });
}

function coalesceProblems({ coalesce: wanted = {} }: LinkTuning, { coalesce }: Tuned): string[] {
    const has = Object.keys(coalesce);
    return Object.keys(wanted)
        .filter((key) => !has.includes(key))
        .map((key) => `coalesce.${key}: its driver ${has.length > 0 ? `takes only ${has.join(", ")}` : "takes none"}`);
}

function featureProblems({ features: wanted = {} }: LinkTuning, { features }: Tuned): string[] {
    return Object.entries(wanted).flatMap(([name, on]) => {
        const feature = features.get(name);
        if (!feature) return [`features.${name}: this kernel has no such feature; \`ethtool -k\` lists them`];
        const fixed = feature.fixed || coveredBy(`features.${name}`, features).length === 0;
        return fixed && feature.active !== on
            ? [`features.${name}: its driver has it ${feature.active ? "on" : "off"}, and that cannot be changed`]
            : [];
    });
}

async function queueProblems(host: Host, want: LinkTuning, queues: QueueCount): Promise<string[]> {
    const { rpsCpus, xpsCpus } = want;
    if (!rpsCpus && !xpsCpus) return [];
    const [possible = ""] = await host.files.read(["/sys/devices/system/cpu/possible"]);
    const most = cpusOf(possible)?.at(-1) ?? Infinity;
    const judged = [
        ["rpsCpus", "receive", rpsCpus, queues.rx],
        ["xpsCpus", "transmit", xpsCpus, queues.tx],
    ] as const;
    return judged.flatMap(([property, word, lists = [], count]) => {
        const highest = Math.max(-1, ...lists.flatMap((list) => cpusOf(list) ?? []));
        return [
            ...(lists.length > 0 && count === 0 ? [`${property}: it has no ${word} queues to choose CPUs for`] : []),
            ...(lists.length > 1 && count > 0 && lists.length !== count
                ? [
                      `${property}: it has ${count} ${word} queues; give one list for each, or one for all (got ${lists.length})`,
                  ]
                : []),
            ...(highest > most ? [`${property}: the host has the CPUs ${possible} (got ${highest})`] : []),
        ];
    });
}
