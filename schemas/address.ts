/** An IP address of a link, in the words of ip-address(8). */
import { z } from "zod";
import { InterfaceAddress, IpAddress, isV6, LinkName } from "./ip-text";
import { count, toggle } from "./link-parts";
import { withCrossCheck } from "./named";
import { takesOperatorPathAsAddress } from "./operator-path";

/** Forever is 4294967295 to the kernel (INFINITY_LIFE_TIME in net/ipv4/devinet.c). */
const lifetime = (name: string) => count(name, 0, 4294967294, "s");

const Fields = z.strictObject({
    link: LinkName.describe("Link that has the address, whoever made it; a change replaces the address."),
    address: InterfaceAddress.describe(
        "Address with its prefix length, such as 10.0.0.11/24; with peer the prefix length is that of the peer's network. A change replaces the address.",
    ),
    peer: IpAddress.optional().describe(
        "Address of the other end of a point-to-point link, which is not the address itself; absent for none. A change replaces the address.",
    ),
    broadcast: IpAddress.optional().describe(
        "Broadcast address (IPv4); absent sets none, as `ip address add` does. A change replaces the address.",
    ),
    label: z
        .string("label is text of at most 15 characters")
        .regex(/^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,14}$/, {
            error: "label has 1 to 15 characters out of A-Z a-z 0-9 _ . : -, such as eth0:web",
        })
        .optional()
        .describe(
            "Label that old programs know the address by (IPv4), the link's name, a colon and text; absent is the link's name. A change replaces the address.",
        ),
    scope: z
        .enum(["global", "site", "link", "host"], 'scope is "global", "site", "link" or "host"')
        .optional()
        .describe(
            "Where the address is valid (IPv4); absent is global, and host for 127.0.0.0/8. IPv6 tells it by the address. A change replaces the address.",
        ),
    metric: count("metric", 1, 4294967295, "")
        .optional()
        .describe(
            "Metric of the route to the address's network; absent is the kernel's (IPv4 0, IPv6 256). Changes live.",
        ),
    prefixRoute: toggle("prefixRoute")
        .default(true)
        .describe("Whether the kernel makes the route to the address's network; a change replaces the address."),
    dad: toggle("dad")
        .default(true)
        .describe(
            "Whether the link is asked first whether another host has the address (IPv6 duplicate address detection); the address is done when the answer is there. Changes live.",
        ),
    validLifetime: lifetime("validLifetime")
        .min(1, "validLifetime is at least 1 s; leave it out for an address that stays")
        .optional()
        .describe(
            "Time after which the kernel removes the address, counted anew from each change of it [s]; absent is forever. Changes live.",
        ),
    preferredLifetime: lifetime("preferredLifetime")
        .optional()
        .describe(
            "Time after which new connections no longer begin from the address [s], at most validLifetime, without which IPv4 keeps none; absent is validLifetime. Changes live.",
        ),
    takesOperatorPath: takesOperatorPathAsAddress,
});

export const Address = withCrossCheck(Fields, (value, say) => {
    const { link, address, peer, broadcast, label, scope, dad, validLifetime, preferredLifetime } = value;
    if (typeof address !== "string") return;
    const v6 = isV6(address);
    if (typeof peer === "string" && isV6(peer) !== v6)
        say(["peer"], "peer and address are of one family, both IPv4 or both IPv6");
    if (typeof peer === "string" && peer === address.split("/")[0])
        say(["peer"], "peer is the address itself; leave it out, or name the other end");
    if (v6)
        for (const [key, told] of Object.entries({ broadcast, label, scope }))
            if (told !== undefined) say([key], `IPv6 addresses have no ${key}; leave it out`);
    if (typeof broadcast === "string" && !v6 && isV6(broadcast)) say(["broadcast"], "a broadcast address is IPv4");
    if (broadcast === "0.0.0.0" && !v6)
        say(["broadcast"], "0.0.0.0 is none to the kernel; leave broadcast out, or give another address");
    if (!v6 && dad === false) say(["dad"], "IPv4 addresses are not asked for on the link; leave dad out");
    if (typeof label === "string" && typeof link === "string" && label !== link && !label.startsWith(`${link}:`))
        say(["label"], `a label begins with the link's name, such as ${link}:web`);
    if (!v6 && preferredLifetime !== undefined && validLifetime === undefined)
        say(
            ["preferredLifetime"],
            "IPv4 keeps a preferredLifetime beside a validLifetime alone; give validLifetime too, or leave it out",
        );
    if (preferredLifetime !== undefined && preferredLifetime > (validLifetime ?? Infinity))
        say(["preferredLifetime"], "preferredLifetime is at most validLifetime");
    if (preferredLifetime !== undefined && preferredLifetime === validLifetime)
        say(["preferredLifetime"], "preferredLifetime is validLifetime anyway; leave it out");
});
export type Address = z.output<typeof Address>;
