/** What every link of ours has, whatever its kind: a mark in its alias, an index in this life of the host, and that it is set up. */
import type { Host } from "../host";
import type { Link } from "../host/links";
import { shownName } from "../host/errors";
import { ownerFrom } from "../owner";
import type { Line } from "../plan";
import type { Found } from "../resource";
import { lifeOf } from "./former-values";

/**
 * The part of a found link that is the same for all kinds.
 *
 * @param kind   the one that it must be, in the kernel's word
 * @param known  whether state knows it: one that is imported may be down, and is set up by its next update
 */
export async function linkHere(
    host: Host,
    link: Link,
    kind: string,
    known: boolean,
): Promise<Omit<Found<unknown>, "state">> {
    return {
        mark: ownerFrom(link.alias)?.mark,
        objectId: await lifeOf(host, link),
        conflict:
            link.kind === kind
                ? undefined
                : `a link of that name is there, and it is a ${shownName(link.kind ?? "device")}`,
        fault: link.up || !known ? undefined : "it is set down",
    };
}

/** Line that changes a link. */
export const setLink = (name: string, ...words: string[]): Line => ["link", "set", "dev", name, ...words];

/** The mark comes first: an object whose set-up was cut short is known as ours. */
export const marked = (name: string, mark: string): Line => setLink(name, "alias", mark);

export const gone = (name: string): Line => ["link", "delete", "dev", name];
