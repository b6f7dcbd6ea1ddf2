/** What of a link's tuning a declaration speaks of, as it is there; and where it differs from what was asked for. */
import { LinkTuning } from "../../schemas/link-tuning";
import type { Tuned } from "../host/link-tuning";

type Bag = Readonly<Record<string, unknown>>;

/** @param known what state speaks of; absent in an import, which reads all that can be set */
export function tuningOf(name: string, tuned: Tuned, known?: LinkTuning): LinkTuning {
    const { mtu, txQueueLength, rings, channels, coalesce, queues } = tuned;
    const features = Object.fromEntries(
        [...tuned.features]
            .filter(([feature, { fixed, requested }]) =>
                known ? feature in (known.features ?? {}) : !fixed && requested !== undefined,
            )
            .map(([feature, { active }]) => [feature, active]),
    );
    const all = {
        mtu,
        txQueueLength,
        rxRing: rings.rx,
        txRing: rings.tx,
        channels: known ? only(channels.now, known.channels) : channels.now,
        coalesce: known ? only(coalesce, known.coalesce) : coalesce,
        features,
        rpsCpus: queueLists(queues.rps, known?.rpsCpus),
        xpsCpus: queueLists(queues.xps, known?.xpsCpus),
    };
    const told = Object.entries(all).filter(
        ([key, value]) => !isEmpty(value) && (!known || (known as Bag)[key] !== undefined),
    );
    return { name, ...Object.fromEntries(told) };
}

function only(values: Bag, known: Bag = {}): Bag {
    return Object.fromEntries(Object.entries(values).filter(([key]) => key in known));
}

const isEmpty = (value: unknown) =>
    value === undefined || (typeof value === "object" && value !== null && Object.keys(value).length === 0);

/** One list stands for all queues where state says so, or where nobody asked and all are the same. */
function queueLists(lists: string[], known?: string[]): string[] | undefined {
    const [first = ""] = lists;
    const same = lists.length > 0 && lists.every((list) => list === first);
    if (known) return same && known.length === 1 ? [first] : lists;
    if (lists.every((list) => list === "")) return undefined;
    return same ? [first] : lists;
}

/** Where the NIC made something else of what was asked for, as sentences' parts. */
export function tuningDone(want: LinkTuning, tuned: Tuned): string[] {
    const there = tuningOf(want.name, tuned, want) as Bag;
    const { takesOperatorPath: _, ...settings } = want;
    return Object.entries(settings).flatMap(([key, wanted]) => different(key, wanted, there[key]));
}

function different(path: string, wanted: unknown, there: unknown): string[] {
    if (Array.isArray(wanted) || typeof wanted !== "object" || wanted === null)
        return JSON.stringify(wanted) === JSON.stringify(there)
            ? []
            : [`${path} is ${JSON.stringify(there) ?? "gone"} after ${JSON.stringify(wanted)} was asked for`];
    return Object.entries(wanted).flatMap(([key, value]) =>
        different(`${path}.${key}`, value, (there as Bag | undefined)?.[key]),
    );
}
