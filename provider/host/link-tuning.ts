/** How a link is tuned, as one flat table of settings: what is read, compared, noted and given back one by one. */
import type { Channels, Coalesce, LinkTuning } from "../../schemas/link-tuning";
import { Ethtool, type ChannelsSeen, type Feature, type Rings } from "./ethtool";
import type { Link } from "./links";
import type { Place } from "./place";
import { readQueueCpus, type QueueCpus } from "./queue-cpus";

export type Value = string | number | boolean;
/** By name: `mtu`, `rxRing`, `channels.combined`, `coalesce.rxUsecs`, `features.rx-gro-list`, `rps.0`, ... */
export type Settings = Record<string, Value>;

/** All that can be read of how a link is tuned; what was not asked for is empty. */
export interface Tuned {
    mtu: number;
    txQueueLength: number;
    rings: Rings;
    channels: ChannelsSeen;
    coalesce: Coalesce;
    features: Map<string, Feature>;
    queues: QueueCpus;
}

/** Properties that are read together. */
type Part = "rings" | "channels" | "coalesce" | "features" | "queues";

/** @param tuning what is asked for; all, where it is absent */
export async function readTuning(place: Place, link: Link, tuning?: Partial<LinkTuning>): Promise<Tuned> {
    const nic = new Ethtool(place, link.name);
    const parts = tuning && partsOf(tuning);
    const read = <Answer>(part: Part, ask: () => Promise<Answer>, none: Answer) =>
        !parts || parts.has(part) ? ask() : Promise.resolve(none);
    const [rings, channels, coalesce, features, queues] = await Promise.all([
        read("rings", nic.rings, {}),
        read("channels", nic.channels, { now: {}, most: {} }),
        read("coalesce", nic.coalesce, {}),
        read("features", nic.features, new Map<string, Feature>()),
        read("queues", () => readQueueCpus(place, link.name), { rps: [], xps: [] }),
    ]);
    const { mtu, txQueueLength } = link;
    return {
        mtu,
        txQueueLength,
        rings,
        channels,
        coalesce,
        features,
        queues,
    };
}

function partsOf(tuning: Partial<LinkTuning>): Set<Part> {
    const { rxRing, txRing, channels, coalesce, features, rpsCpus, xpsCpus } = tuning;
    const told: Record<Part, unknown> = {
        rings: rxRing ?? txRing,
        channels,
        coalesce,
        features,
        queues: rpsCpus ?? xpsCpus,
    };
    return new Set((Object.keys(told) as Part[]).filter((part) => told[part] !== undefined));
}

/** Every setting that stands there. A feature stands for what was asked of it last, where that is known. */
export function settingsOf({ mtu, txQueueLength, rings, channels, coalesce, features, queues }: Tuned): Settings {
    const lists = (kind: keyof QueueCpus) =>
        queues[kind].flatMap((cpus, queue): [string, Value][] => [[`${kind}.${queue}`, cpus]]);
    const told = Object.entries({ mtu, txQueueLength, rxRing: rings.rx, txRing: rings.tx }).filter(
        (entry): entry is [string, number] => entry[1] !== undefined,
    );
    return Object.fromEntries<Value>([
        ...told,
        ...prefixed("channels", channels.now),
        ...prefixed("coalesce", coalesce),
        ...[...features].map(([name, { active, requested }]): [string, Value] => [
            `features.${name}`,
            requested ?? active,
        ]),
        ...lists("rps"),
        ...lists("xps"),
    ]);
}

function prefixed(part: string, values: Channels | Coalesce): [string, Value][] {
    return Object.entries(values).map(([key, value]) => [`${part}.${key}`, value as Value]);
}

/**
 * Every setting that a declaration asks for.
 *
 * @param queues how many receive and transmit queues there will be
 */
export function wantedSettings(want: LinkTuning, queues: { rx: number; tx: number }): Settings {
    const { mtu, txQueueLength, rxRing, txRing, channels = {}, coalesce = {}, features = {}, rpsCpus, xpsCpus } = want;
    const lists = (kind: keyof QueueCpus, told: string[] | undefined, count: number) =>
        told === undefined
            ? []
            : Array.from({ length: count }, (_, queue): [string, Value] => [
                  `${kind}.${queue}`,
                  (told.length === 1 ? told[0] : told[queue]) ?? "",
              ]);
    const told = Object.entries({ mtu, txQueueLength, rxRing, txRing }).filter(
        (entry): entry is [string, number] => entry[1] !== undefined,
    );
    return Object.fromEntries<Value>([
        ...told,
        ...prefixed("channels", channels),
        ...prefixed("coalesce", coalesce),
        ...Object.entries(features).map(([name, on]): [string, Value] => [`features.${name}`, on]),
        ...lists("rps", rpsCpus, queues.rx),
        ...lists("xps", xpsCpus, queues.tx),
    ]);
}

/** Groups of features that ethtool changes as one (off_flag_def in ethtool's common.c), by what their members' names match. */
const GROUPS: Readonly<Record<string, RegExp>> = {
    "tx-checksumming": /^tx-checksum-/,
    "scatter-gather": /^tx-scatter-gather/,
    "tcp-segmentation-offload": /^tx-tcp.*-segmentation$/,
};

/** Names of the settings that change when this one is written: a group of features stands for its members. */
export function coveredBy(setting: string, features: ReadonlyMap<string, Feature>): string[] {
    const group = setting.startsWith("features.") ? GROUPS[setting.slice("features.".length)] : undefined;
    if (!group) return [setting];
    return [...features].filter(([name, { fixed }]) => group.test(name) && !fixed).map(([name]) => `features.${name}`);
}
