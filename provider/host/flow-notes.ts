/**
 * What a bridge's row notes of the flows that resources of ours declare there, in external_ids by their cookie: whose they
 * are, and the groups and meters that came with them, as `MARK groups=7,8 meters=5`.
 */
import { keyOf, keysOf } from "./ovsdb/columns";
import type { Seen } from "./ovsdb/replica";

/** With a cookie, the key of a note. */
export const FLOWS_KEY = "kvmnet-flows:";

/** Whose the flows of a cookie are, and the groups and meters that came with them. */
export interface Note {
    mark: string;
    groups: number[];
    meters: number[];
}

export function noteOf(bridge: Seen | undefined, cookie: string): Note | undefined {
    const [, mark, groups = "", meters = ""] =
        /^(\S+) groups=([\d,]*) meters=([\d,]*)$/.exec(written(bridge, cookie) ?? "") ?? [];
    return mark === undefined ? undefined : { mark, groups: numbers(groups), meters: numbers(meters) };
}

export const noteText = ({ mark, groups, meters }: Note): string =>
    `${mark} groups=${groups.join(",")} meters=${meters.join(",")}`;

/** The mark is a note's first word. */
export const markOfFlows = (bridge: Seen | undefined, cookie: string): string | undefined =>
    written(bridge, cookie)?.split(" ")[0];

/** Cookies of the flows that resources of ours declare on a bridge. */
export const declaredCookies = (bridge: Seen | undefined): string[] =>
    keysOf(bridge?.external_ids)
        .filter((key) => key.startsWith(FLOWS_KEY))
        .map((key) => key.slice(FLOWS_KEY.length));

/** Groups and meters that they declare. */
export function declaredIds(bridge: Seen | undefined): Record<"groups" | "meters", ReadonlySet<number>> {
    const notes = declaredCookies(bridge).map((cookie) => written(bridge, cookie) ?? "");
    const ids = (kind: string) =>
        new Set(notes.flatMap((note) => numbers(new RegExp(` ${kind}=([\\d,]*)`).exec(note)?.[1] ?? "")));
    return { groups: ids("groups"), meters: ids("meters") };
}

const written = (bridge: Seen | undefined, cookie: string) => keyOf(bridge?.external_ids, FLOWS_KEY + cookie);

const numbers = (list: string): number[] => list.split(",").filter(Boolean).map(Number);
