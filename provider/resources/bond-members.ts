/** Links that a bond takes in: they are somebody else's, and get back what they had when they leave. */
import type { Host } from "../host";
import { HostError, shownName } from "../host/errors";
import type { Link } from "../host/links";
import { ip, type Action, type JournalEntry, type Plan } from "../plan";
import type { Own } from "../resource";
import { formerPort, portAgain } from "./former-port";
import { forget, formerOf, isAnothers, lifeOf, note, noted, type Former } from "./former-values";
import { refuseHeld } from "./held-below";
import { setLink } from "./link-marks";
import { heldBy } from "./ovs-held";
import { switchIfThere } from "./taken-in";
import { requireLink } from "./virtual-link";

/** Where a member's former bridge and state are kept. */
const keyOf = (member: string) => `bond member ${member}`;

/** The links in a bond. */
export const membersOf = (links: ReadonlyMap<string, Link>, bond: string): string[] =>
    [...links.values()].filter(({ master }) => master === bond).map(({ name }) => name);

/** Those of the links that a bond of this mark has taken in, or has begun to. */
export async function takenIn(host: Host, members: readonly string[], mark: string): Promise<string[]> {
    const links = await host.links();
    const entries = await Promise.all(members.map((member) => keptOf(host, links.get(member))));
    return members.filter((_, index) => entries[index]?.mark === mark);
}

/** What is kept of a member in this life: where it was before a reboot, or one of its name was, says nothing of it now. */
async function keptOf(host: Host, link: Link | undefined): Promise<JournalEntry | undefined> {
    return link && (await noted(host, keyOf(link.name), await lifeOf(host, link)));
}

/**
 * Steps that put links into a bond, their former places kept first.
 *
 * @param freed links that leave a bond before it
 * @throws HostError missing, conflict
 */
export async function takeIn(
    host: Host,
    bond: string,
    members: readonly string[],
    mark: string,
    freed: readonly string[] = [],
): Promise<Plan> {
    const links = await host.links();
    const view = members.length > 0 ? await switchIfThere(host) : undefined;
    const plans = members.map(async (member): Promise<Plan> => {
        const link = await requireLink(host, `bond ${bond}`, member);
        const held = freed.includes(member) ? undefined : ((view && heldBy(view, member)) ?? heldIn(links, link));
        if (held !== undefined)
            throw new HostError(
                "conflict",
                `bond ${bond}`,
                held,
                "Take it out there first, in a run before this one where a program of yours declares that; or name another.",
            );
        await refuseHeld(host, `bond ${bond}`, member, `the bond ${bond}`);
        const kept = await keptOf(host, link);
        // Where it is in another place, somebody has put it there since; where the bond is gone, somebody has let it go.
        const places = [bond, undefined, formerOf(kept).master];
        const begun = kept?.mark === mark && links.has(bond) && places.includes(link.master) ? kept : undefined;
        const former: Former = begun
            ? formerOf(begun)
            : {
                  master: link.master ?? null,
                  up: link.up,
                  ...(await formerPort(host, link, links.get(link.master ?? ""))),
              };
        return [
            note(keyOf(member), mark, await lifeOf(host, link), former, begun),
            {
                // The kernel takes in no link that is up; it sets it up again by itself.
                ...ip(`puts ${member} into the bond ${bond}`, [
                    setLink(member, "down"),
                    setLink(member, "master", bond),
                ]),
                undo: [{ via: "ip", lines: [setLink(member, "nomaster")] }, ...restored(member, former, links)],
            },
        ];
    });
    return (await Promise.all(plans)).flat();
}

/** What gives up a link as soon as it is to be elsewhere, and takes it back (ndo_del_slave and ndo_add_slave). */
const LENDING = ["bridge", "vrf"];

/** What has a link and does not lend it, as a sentence; the kernel would refuse the bond when the link is set down already. */
function heldIn(links: ReadonlyMap<string, Link>, { name, master }: Link): string | undefined {
    const holder = links.get(master ?? "");
    if (!holder || LENDING.includes(holder.kind ?? "")) return undefined;
    return `its member ${name} is in the ${shownName(holder.kind ?? "link")} ${shownName(holder.name)} already`;
}

/** Steps that take links out of a bond and give them back their former places. */
export async function letGo(host: Host, bond: string, members: readonly string[]): Promise<Plan> {
    const links = await host.links();
    const plans = members.map(async (member): Promise<Plan> => {
        const link = links.get(member);
        const former = formerOf(await keptOf(host, link));
        // A link that is gone, or that somebody has put elsewhere or set up since, is theirs. A run that was killed while it
        // let it go has left it set down, in its former place or in none.
        const isHalfBack = link?.up === false && [undefined, former.master].includes(link.master);
        const free = link !== undefined && (link.master === bond || isHalfBack);
        const out: Action[] = link?.master === bond ? [{ via: "ip", lines: [setLink(member, "nomaster")] }] : [];
        const back = free ? restored(member, former, links) : [];
        const what = `takes ${member} out of the bond ${bond}`;
        return [...[...out, ...back].map((action) => ({ what, action })), forget(keyOf(member))];
    });
    return (await Promise.all(plans)).flat();
}

/** Steps that forget what is noted of members as an owner's own, once its bond is gone. */
export async function forgetTaken(host: Host, members: readonly string[], own: Own<unknown>): Promise<Plan> {
    const entries = await Promise.all(members.map((member) => host.journal.get(keyOf(member))));
    return members
        .filter((_, index) => entries[index] && !isAnothers(entries[index], own))
        .map((member) => forget(keyOf(member)));
}

/** The kernel gives back MAC and MTU, and leaves the link down. */
function restored(member: string, former: Former, links: ReadonlyMap<string, Link>): Action[] {
    const { master, up } = former;
    const bridge = typeof master === "string" ? links.get(master) : undefined;
    return [
        ...(bridge
            ? [
                  { via: "ip" as const, lines: [setLink(member, "master", bridge.name)] },
                  ...portAgain(member, former, bridge),
              ]
            : []),
        ...(up === true ? [{ via: "ip" as const, lines: [setLink(member, "up")] }] : []),
    ];
}
