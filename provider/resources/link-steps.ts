/** The steps that tune a link: each kind of setting is one, each with what was there before as its undo. */
import { channelWords, coalesceWords, featureWords, type Feature } from "../host/ethtool";
import { coveredBy, type Settings, type Value } from "../host/link-tuning";
import { maskOf, queuePath, type QueueCpus } from "../host/queue-cpus";
import { ip, type Action, type Line, type Step } from "../plan";
import { setLink } from "./link-marks";

type Features = ReadonlyMap<string, Feature>;

/**
 * Channels come first: they decide how many queues there are, and drivers make rings anew with them. Masks of queues
 * come last; those that are lost with a change of channels are written again where the channels are taken back.
 *
 * @param wanted what is to be written, by name
 * @param now    what is there, by name
 * @param lost   what is lost when the channels change, by name
 */
export function tuningSteps(name: string, wanted: Settings, now: Settings, features: Features, lost: Settings): Step[] {
    const step = (what: string, part: string, option: string, words: (values: Settings) => string[]): Step[] => {
        const values = partOf(wanted, part);
        const before = partOf(thereBefore(wanted, now, features), part);
        const program = (settings: Settings): Action => ({
            via: "program",
            argv: ["ethtool", option, name, ...words(settings)],
        });
        if (Object.keys(values).length === 0) return [];
        const masks =
            part === "channels." ? Object.entries(lost).flatMap(([key, cpus]) => maskOfQueue(name, key, cpus)) : [];
        const undo = Object.keys(before).length > 0 ? { undo: [program(before), ...masks] } : {};
        return [{ what: `sets ${what} of ${name}`, action: program(values), ...undo }];
    };
    return [
        ...step("the channels", "channels.", "-L", (values) => channelWords(values)),
        ...step("the rings", "", "-G", ringWords),
        ...step("the coalescing", "coalesce.", "-C", (values) => coalesceWords(values)),
        ...step("the features", "features.", "-K", (values) => featureWords(values as Record<string, boolean>)),
        ...linkStep(name, wanted, now),
        ...queueSteps(name, wanted, now),
    ];
}

/** What stands there of all that the wanted settings change. */
function thereBefore(wanted: Settings, now: Settings, features: Features): Settings {
    const keys = Object.keys(wanted).flatMap((key) => coveredBy(key, features));
    return Object.fromEntries(
        keys.flatMap((key): [string, Value][] => (now[key] === undefined ? [] : [[key, now[key]]])),
    );
}

const RING_WORDS: Readonly<Record<string, string>> = { rxRing: "rx", txRing: "tx" };

/** Settings of one part by their names in it; of the rings where no part is named. */
export function partOf(settings: Settings, part: string): Settings {
    return Object.fromEntries(
        Object.entries(settings)
            .filter(([key]) => (part === "" ? key in RING_WORDS : key.startsWith(part)))
            .map(([key, value]) => [key.slice(part.length), value]),
    );
}

const ringWords = (rings: Settings) =>
    Object.entries(rings).flatMap(([key, value]) => [RING_WORDS[key] ?? key, String(value)]);

function linkStep(name: string, wanted: Settings, now: Settings): Step[] {
    const words = (from: Settings): string[] => [
        ...(wanted.mtu === undefined || from.mtu === undefined ? [] : ["mtu", String(from.mtu)]),
        ...(wanted.txQueueLength === undefined || from.txQueueLength === undefined
            ? []
            : ["txqueuelen", String(from.txQueueLength)]),
    ];
    const line = (from: Settings): Line => setLink(name, ...words(from));
    return words(wanted).length === 0 ? [] : [ip(`sets MTU and queue of ${name}`, [line(wanted)], [line(now)])];
}

/** Whether a setting is the mask of a queue, which is there only with that queue. */
export const isMask = (key: string): boolean => QUEUE.test(key);

const QUEUE = /^(rps|xps)\.(\d+)$/;

/** Writes one mask; nothing where the setting is none. */
function maskOfQueue(name: string, key: string, cpus: Value): Action[] {
    const [, kind, queue = ""] = QUEUE.exec(key) ?? [];
    if (kind === undefined) return [];
    const path = queuePath(name, kind as keyof QueueCpus, queue);
    return [{ via: "write", files: [{ path, value: maskOf(String(cpus)) }] }];
}

function queueSteps(name: string, wanted: Settings, now: Settings): Step[] {
    return Object.entries(wanted).flatMap(([key, value]): Step[] => {
        const [, kind, queue = ""] = QUEUE.exec(key) ?? [];
        const before = now[key];
        const undo = before === undefined ? {} : { undo: maskOfQueue(name, key, before) };
        const what = `sets the CPUs of ${kind === "rps" ? "receive" : "transmit"} queue ${queue} of ${name}`;
        return maskOfQueue(name, key, value).map((action) => ({ what, action, ...undo }));
    });
}
