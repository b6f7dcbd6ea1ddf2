/**
 * What a resource that can carry no mark, or gives back former values, notes on the host before its first change: whose
 * it is and what was there.
 */
import type { Host } from "../host";
import type { Link } from "../host/links";
import type { Place } from "../host/place";
import type { JournalEntry, Step } from "../plan";
import type { Own } from "../resource";

export type Former = JournalEntry["former"];

/** The life of what was changed: the kernel's since it booted, and the link's since it was made. */
const LIFE = "life";

const boots = new WeakMap<Place, Promise<string>>();

/**
 * The boot of the host, read once, and the index of a link: after a reboot another link may have that index.
 *
 * @param link the link itself, or that which a setting or address is of; absent where it is the whole host's
 */
export async function lifeOf(host: Host, link?: Pick<Link, "index">): Promise<string> {
    const boot = boots.get(host.place) ?? bootOf(host);
    boots.set(host.place, boot);
    try {
        return link ? `${await boot} link ${link.index}` : await boot;
    } catch (error) {
        // What could not be read is read anew by who asks next.
        boots.delete(host.place);
        throw error;
    }
}

async function bootOf(host: Host): Promise<string> {
    const [id = ""] = await host.files.read(["/proc/sys/kernel/random/boot_id"]);
    const { cameUp } = host.place;
    return cameUp === undefined ? id : `${id} up ${cameUp}`;
}

/**
 * What was noted in this life. The journal outlives the kernel's settings: what was noted before a reboot, or of a link
 * that was made anew since, says nothing of what stands there now.
 */
export async function noted(host: Host, key: string, life: string): Promise<JournalEntry | undefined> {
    const entry = await host.journal.get(key);
    return entry?.former[LIFE] === life ? entry : undefined;
}

/** Whether something is noted, and as another resource's. */
export const isAnothers = (entry: JournalEntry | undefined, own: Pick<Own<unknown>, "mark" | "formerMark">): boolean =>
    entry !== undefined && entry.mark !== own.mark && entry.mark !== own.formerMark;

/**
 * The step that comes before the first change.
 *
 * @param former what was there; a value that was noted already is kept, for what stands there now may be ours
 * @param before what is noted so far
 * @param now    what is so from now on, whatever was noted
 */
export function note(
    key: string,
    mark: string,
    life: string,
    former: Former = {},
    before?: JournalEntry,
    now: Former = {},
): Step {
    const entry = { mark, former: { ...former, ...before?.former, ...now, [LIFE]: life } };
    return {
        what: `notes what ${key} was`,
        action: { via: "journal", key, entry },
        undo: [{ via: "journal", key, entry: before ?? null }],
    };
}

/** The step after something was given back: from now on only these are to be given back. */
export const noteRest = (key: string, mark: string, life: string, former: Former): Step => ({
    what: `notes what is left of ${key}`,
    action: { via: "journal", key, entry: { mark, former: { ...former, [LIFE]: life } } },
});

/** The last step of a delete. */
export const forget = (key: string): Step => ({
    what: `forgets what ${key} was`,
    action: { via: "journal", key, entry: null },
});

/** The values of an entry without what only we understand. */
export function formerOf(entry: JournalEntry | undefined): Former {
    const { [LIFE]: _, ...values } = entry?.former ?? {};
    return values;
}
