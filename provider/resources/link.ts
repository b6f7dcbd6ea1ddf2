/** How a link that exists is tuned. The link may be anybody's; what it was tuned to before is given back. */
import { LinkTuning, type Channels } from "../../schemas/link-tuning";
import type { Host } from "../host";
import { HostError, shownName } from "../host/errors";
import type { Link } from "../host/links";
import { coveredBy, readTuning, settingsOf, wantedSettings, type Settings, type Value } from "../host/link-tuning";
import { managerCautions } from "../host/managers";
import { ownerFrom } from "../owner";
import type { JournalEntry } from "../plan";
import type { Found, HostResource } from "../resource";
import { forget, formerOf, lifeOf, note, noted, noteRest, type Former } from "./former-values";
import { keepIpv6Mtu, mtuCautions } from "./ipv6-off";
import { checkTuning, queuesToBe, type QueueCount } from "./link-limits";
import { tuningDone, tuningOf } from "./link-state";
import { isMask, partOf, tuningSteps } from "./link-steps";
import { permissionOf } from "./operator-guard";
import { requireLink } from "./virtual-link";

interface Here extends Found<LinkTuning> {
    link: Link;
    life: string;
    entry?: JournalEntry;
}

export const link: HostResource<LinkTuning, Here> = {
    type: "kvmnet:host:Link",
    title: "link tuning",
    description:
        "How a link that is there already is tuned: a physical NIC, or any other link that this program does not make. What " +
        "is not said is left as it is. The values that were there before are noted in the host's journal, and are there " +
        "again when a setting or the resource is removed. The MTU alone stays, with a warning, while the link is a member " +
        "of a bond that passes larger packets than the former one: a setting that was removed is then given " +
        "back by a later change or delete, that of a resource that was deleted is not. For MTU and queue of a link that " +
        "kvmnet makes, use that resource's own properties.",
    schema: LinkTuning,
    cost: {
        name: "replace",
        mtu: "update",
        txQueueLength: "update",
        rxRing: "update",
        txRing: "update",
        channels: "update",
        coalesce: "update",
        features: "update",
        rpsCpus: "update",
        xpsCpus: "update",
        takesOperatorPath: "update",
    },
    presets: { takesOperatorPath: false },

    /** It is anybody's to tune while nobody of ours has noted what it was. */
    async find(host, name, { mark, known }) {
        const link = (await host.links()).get(name);
        if (!link) return undefined;
        const life = await lifeOf(host, link);
        const entry = await noted(host, keyOf(name), life);
        const tuned = await readTuning(host.place, link, known);
        const state = { ...tuningOf(name, tuned, known), ...permissionOf(known) };
        return { state, mark: entry?.mark ?? mark, free: !entry, link, life, entry };
    },

    async create(host, { name }) {
        await requireLink(host, `link tuning ${name}`, name);
        throw new HostError(
            "lost",
            `link tuning ${name}`,
            "the link came just now",
            "Run the same command again if it does not come back by itself.",
        );
    },

    async update(host, { link, life, entry, state }, want, mark) {
        const subject = `link tuning ${want.name}`;
        requireNoOwner(subject, link, want);
        const tuned = await readTuning(host.place, link);
        const now = settingsOf(tuned);
        const former = formerOf(entry);
        const needed = await needing(host, link, former);
        const queues = queuesToBe({ ...channelsOf(valuesThere(former, now)), ...want.channels }, tuned);
        await checkTuning(host, subject, want, tuned, queues);

        const wanted = wantedSettings(want, queues);
        const masks = want.channels ? Object.keys({ ...now, ...former }).filter(isTransmitMask) : [];
        const covered = new Set([
            ...Object.keys(wanted).flatMap((key) => [key, ...coveredBy(key, tuned.features)]),
            // A queue that comes back has none of what it had.
            ...Object.keys({ ...now, ...former }).filter((key) => isGoing(key, queues)),
            ...masks,
            ...(needed ? ["mtu"] : []),
        ]);
        const noting = [...covered].filter((key) => !isGroup(key, tuned.features));
        const left = Object.entries(former).filter(([key]) => covered.has(key));
        // While channels are declared the others are the driver's, but for those of queues that come back.
        const isEnded = state.xpsCpus !== undefined && want.xpsCpus === undefined;
        const again = masks.filter((key) => !(key in wanted) && (isEnded || now[key] === undefined));
        const given = without(former, new Set([...covered].filter((key) => !again.includes(key))));
        const stays = standing(now, { ...valuesThere(given, now), ...differing(wanted, now) });

        const next = { ...ofQueues(valuesThere(given, stays), queues), ...differing(wanted, stays) };
        await keepIpv6Mtu(host, subject, want, [want.name], link.mtu, mtuOf(next));

        const kept: Former = {
            ...Object.fromEntries(noting.map((key) => [key, now[key] ?? null])),
            ...Object.fromEntries(left),
        };
        return [
            note(keyOf(want.name), mark, life, kept, entry),
            ...tuningSteps(want.name, next, now, tuned.features, lostWith(now, queues)),
            ...(left.length < Object.keys(former).length ? [noteRest(keyOf(want.name), mark, life, kept)] : []),
        ];
    },

    async delete(host, { link, entry, state }) {
        if (!entry) return [];
        const tuned = await readTuning(host.place, link);
        const now = settingsOf(tuned);
        const former = formerOf(entry);
        const kept = new Set((await needing(host, link, former)) ? ["mtu"] : []);
        const rest = without(former, kept);
        const given = valuesThere(rest, now);
        const queues = queuesToBe(channelsOf(given), tuned);
        const wanted = ofQueues(valuesThere(rest, standing(now, given)), queues);
        await keepIpv6Mtu(host, `link tuning ${link.name}`, state, [link.name], link.mtu, mtuOf(wanted), true);
        return [
            ...tuningSteps(link.name, wanted, now, tuned.features, lostWith(now, queues)),
            forget(keyOf(link.name)),
        ];
    },

    async keeps(host, { link, entry }, want) {
        const { mtu } = formerOf(entry);
        const master = want?.mtu === undefined ? await needing(host, link, formerOf(entry)) : undefined;
        if (!master) return [];
        const then = want
            ? "It is given back by a change or delete of this tuning after the link has left it"
            : `Once the link has left it, set it by hand: ip link set dev ${link.name} mtu ${String(mtu)}`;
        return [
            `Link tuning ${link.name}: the MTU stays ${link.mtu} and is not ${String(mtu)} again, for the link is a member of the bond ` +
                `${shownName(master.name)}, whose packets of ${master.mtu} byte it would lose. ${then}.`,
        ];
    },

    async settle(host, want) {
        const link = (await host.links()).get(want.name);
        if (!link) return;
        const problems = tuningDone(want, await readTuning(host.place, link, want));
        if (problems.length === 0) return;
        throw new HostError(
            "refused",
            `link tuning ${want.name}`,
            problems.join("; "),
            "Write what the NIC makes of it, or leave it out.",
        );
    },

    claims: ({ name }) => [`tuning of ${name}`],
    newOf: (was, want) => (want.mtu === was.mtu ? undefined : want),
    cautions: async (host, { name, mtu }) => [
        ...(await managerCautions(host, [name], "this tuning")),
        ...(await mtuCautions(host, name, mtu)),
    ],
};

/** The bond that passes larger packets than the link would with its former MTU. A bridge comes down with its ports. */
async function needing(host: Host, { master, mtu }: Link, former: Former): Promise<Link | undefined> {
    if (master === undefined || typeof former.mtu !== "number" || former.mtu >= mtu) return undefined;
    const above = (await host.links()).get(master);
    return above?.kind === "bond" && above.mtu > former.mtu ? above : undefined;
}

const keyOf = (name: string) => `tuning of ${name}`;

const isGroup = (key: string, features: Parameters<typeof coveredBy>[1]) => !coveredBy(key, features).includes(key);

const without = (former: Former, keys: ReadonlySet<string>): Former =>
    Object.fromEntries(Object.entries(former).filter(([key]) => !keys.has(key)));

/** Former values that can be given back, and are not there already. A queue that is gone may come back with its channel. */
function valuesThere(former: Former, now: Settings): Settings {
    return Object.fromEntries(
        Object.entries(former).filter(
            (entry): entry is [string, Value] =>
                entry[1] !== null && (now[entry[0]] !== undefined || isMask(entry[0])) && now[entry[0]] !== entry[1],
        ),
    );
}

/** Wanted settings that are not there already. */
const differing = (wanted: Settings, now: Settings): Settings =>
    Object.fromEntries(Object.entries(wanted).filter(([key, value]) => now[key] !== value));

/**
 * What is still there once these are written: with the number of its channels a driver may choose the CPUs of all transmit
 * queues anew, as those of virtio and mlx5 do.
 */
const standing = (now: Settings, written: Settings): Settings =>
    Object.keys(channelsOf(written)).length === 0
        ? now
        : Object.fromEntries(Object.entries(now).filter(([key]) => !isTransmitMask(key)));

/** The MTU among them [byte]. */
const mtuOf = ({ mtu }: Settings): number | undefined => (typeof mtu === "number" ? mtu : undefined);

const channelsOf = (settings: Settings): Channels => partOf(settings, "channels.");

/** Settings without the masks of queues that will be gone. */
const ofQueues = (settings: Settings, queues: QueueCount): Settings =>
    Object.fromEntries(Object.entries(settings).filter(([key]) => !isGoing(key, queues)));

/** The masks that are not there any more when the channels have changed. */
const lostWith = (settings: Settings, queues: QueueCount): Settings =>
    Object.fromEntries(Object.entries(settings).filter(([key]) => isGoing(key, queues) || isTransmitMask(key)));

const isTransmitMask = (key: string) => isMask(key) && key.startsWith("xps");

/** Whether a setting is the mask of a queue that there will not be; the first always stays. */
function isGoing(key: string, { rx, tx }: QueueCount): boolean {
    const [kind, queue] = key.split(".");
    return isMask(key) && Number(queue) >= Math.max(1, kind === "rps" ? rx : tx);
}

/** One fact has one owner. */
function requireNoOwner(subject: string, link: Link, { mtu, txQueueLength }: LinkTuning): void {
    const owner = ownerFrom(link.alias);
    if (!owner || (mtu ?? txQueueLength) === undefined) return;
    throw new HostError(
        "conflict",
        subject,
        `the link is made by resource ${owner.name} of stack ${owner.project}/${owner.stack}, which has its MTU and queue`,
        "Set mtu and txQueueLength there, and leave them out here.",
    );
}
