/** What to warn of before a link is plugged into a switch, which sets up no link of the host. */
import type { Host } from "../host";
import type { Link } from "../host/links";

/** Kinds by which a host leads out, beside hardware, which has none: who makes a tap or a veth pair sets it up. */
const LEADS_OUT = new Set([undefined, "bond", "vlan", "team"]);

export const leadsOut = ({ kind }: Pick<Link, "kind">): boolean => LEADS_OUT.has(kind);

/** A sentence for each of the links that is down, and leads out. */
export async function downCautions(host: Host, links: readonly string[]): Promise<string[]> {
    if (links.length === 0) return [];
    const there = await host.links();
    return links
        .flatMap((name) => there.get(name) ?? [])
        .filter((link) => !link.up && leadsOut(link))
        .map(
            ({ name }) =>
                `${name} is down, and Open vSwitch sets up no link of the host: nothing passes through it until somebody does. ` +
                `Set it up in the host's own configuration of its network, or by \`ip link set dev ${name} up\`.`,
        );
}
