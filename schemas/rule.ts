/** A rule of policy routing: which table is asked for which packets, in the words of ip-rule(8). */
import { z } from "zod";
import { IpNetwork, isV6, LinkName } from "./ip-text";
import { count, toggle } from "./link-parts";
import { withCrossCheck } from "./named";
import { takesOperatorPath } from "./operator-path";
import { RoutingTable } from "./routing-table";

/** The kernel's own rules stand at 0 (local), 32766 (main) and 32767 (default). */
const KERNELS = [0, 32766, 32767];

/** Protocols by the names that we keep (IANA protocol numbers); others go by their number. */
const PROTOCOLS: Readonly<Record<string, number>> = {
    icmp: 1,
    tcp: 6,
    udp: 17,
    dccp: 33,
    gre: 47,
    esp: 50,
    ah: 51,
    "ipv6-icmp": 58,
    sctp: 132,
};

/** @returns `tcp`, or a number as text; undefined for what is no protocol */
export function protocolText(text: string): string | undefined {
    if (Object.hasOwn(PROTOCOLS, text)) return text;
    const number = /^\d{1,3}$/.test(text) ? Number(text) : 0;
    if (number < 1 || number > 255) return undefined;
    return Object.keys(PROTOCOLS).find((name) => PROTOCOLS[name] === number) ?? String(number);
}

/** @param protocol a spelling that `protocolText` has made */
export const protocolNumber = (protocol: string): number => PROTOCOLS[protocol] ?? Number(protocol);

/** A number, or two with a dash between them, ascending; one alone is `80`. */
export function rangeText(text: string, most: number, least = 0): string | undefined {
    const match = /^(\d{1,10})(?:-(\d{1,10}))?$/.exec(text);
    if (!match) return undefined;
    const [from, to] = [Number(match[1]), Number(match[2] ?? match[1])];
    if (from < least || to < from || to > most) return undefined;
    return from === to ? String(from) : `${from}-${to}`;
}

/** @returns `0x1`, or `0x1/0xff` with a mask that is not all bits; undefined for what is no mark */
export function markText(text: string): string | undefined {
    const match = /^(0x[0-9a-f]{1,8}|\d{1,10})(?:\/(0x[0-9a-f]{1,8}|\d{1,10}))?$/i.exec(text);
    if (!match) return undefined;
    const [mark, mask] = [Number(match[1]), Number(match[2] ?? 0xffffffff)];
    if (mark > 0xffffffff || mask > 0xffffffff) return undefined;
    return mask === 0xffffffff ? `0x${mark.toString(16)}` : `0x${mark.toString(16)}/0x${mask.toString(16)}`;
}

const spelled = (read: (text: string) => string | undefined, help: string) =>
    z
        .string(help)
        .refine((text) => read(text) !== undefined, { error: help, abort: true })
        .overwrite((text) => read(text) ?? text);

/** The kernel takes neither 0 nor 65535 (fib_rule_port_range_valid in include/net/fib_rules.h). */
const ports = (name: string) =>
    spelled(
        (text) => rangeText(text, 65534, 1),
        `${name} is a port or a range as text, from 1 to 65534, which is all that the kernel takes, such as "80" or "1024-65534"`,
    ).optional();

const Fields = z.strictObject({
    priority: count("priority", 1, 4294967295, "(the lowest is asked first)")
        .refine((priority) => !KERNELS.includes(priority), {
            error: "0, 32766 and 32767 are the kernel's own rules; choose another priority, below 32766 to come before the main table",
        })
        .describe(
            "Place among the rules, the lowest is asked first; below 32766 comes before the main table. One rule of ours has one priority to itself. A change replaces the rule.",
        ),
    family: z
        .enum(["ipv4", "ipv6"], 'family is "ipv4" or "ipv6"')
        .default("ipv4")
        .describe("Packets of which protocol it is for: ipv4 or ipv6; a change replaces the rule."),
    not: toggle("not").default(false).describe("Whether it is for the packets that do not match. Changes live."),
    from: IpNetwork.optional().describe("Network that packets come from; absent is any. Changes live."),
    to: IpNetwork.optional().describe("Network that packets go to; absent is any. Changes live."),
    iif: LinkName.optional().describe(
        "Link that packets come in by, lo for those of this host; absent is any. Changes live.",
    ),
    oif: LinkName.optional().describe("Link that a program bound its socket to; absent is any. Changes live."),
    fwmark: spelled(
        markText,
        'fwmark is a mark as text, with a mask where not all of its bits count, such as "0x1" or "0x1/0xff"',
    )
        .optional()
        .describe('Mark that the firewall gave, with a mask, such as "0x1/0xff"; absent is any. Changes live.'),
    tos: count("tos", 1, 255, "")
        .optional()
        .describe(
            "Type of service without its last two bits, which are ECN's: a multiple of 4, for IPv4 at most 28, for IPv6 at most 252; absent is any. Changes live.",
        ),
    ipproto: spelled(protocolText, `ipproto is ${Object.keys(PROTOCOLS).join(", ")} or a number as text from 1 to 255`)
        .optional()
        .describe('Protocol inside, by name or number, such as "tcp"; absent is any. Changes live.'),
    sport: ports("sport").describe(
        'Port or range that packets come from, from 1 to 65534, such as "8000-8099"; absent is any. Changes live.',
    ),
    dport: ports("dport").describe(
        'Port or range that packets go to, from 1 to 65534, such as "443"; absent is any. Changes live.',
    ),
    uidRange: spelled(
        (text) => rangeText(text, 4294967294),
        'uidRange is a user number or a range as text, such as "1000" or "1000-1999"',
    )
        .optional()
        .describe("Users of this host that the packets are of, by number; absent is any. Changes live."),
    table: RoutingTable.optional().describe(
        'Routing table that is asked: "main", "local", "default" or a number as text; exactly one of table, goto and action is given. Changes live.',
    ),
    goto: count("goto", 1, 4294967295, "")
        .optional()
        .describe("Priority of a later rule to go on with, instead of table. Changes live."),
    action: z
        .enum(
            ["blackhole", "unreachable", "prohibit"],
            'action is "blackhole" (dropped in silence), "unreachable" or "prohibit" (both told to the sender)',
        )
        .optional()
        .describe(
            "What becomes of the packets instead of a look into a table: blackhole, unreachable or prohibit. Changes live.",
        ),
    suppressPrefixLength: count("suppressPrefixLength", 0, 128, "")
        .optional()
        .describe(
            "Routes of the table whose prefix is this long or shorter do not count; 0 leaves out the default route. Absent is none. Changes live.",
        ),
    takesOperatorPath: takesOperatorPath(
        "may, as it comes, changes or goes, lead elsewhere or nowhere what belongs to an SSH connection to the host",
    ),
});

export const Rule = withCrossCheck(Fields, (rule, say) => {
    const { priority, family, tos, table, goto, action, suppressPrefixLength } = rule;
    const ways = (["table", "goto", "action"] as const).filter((key) => rule[key] !== undefined);
    if (ways.length === 0) say(["table"], "a rule needs table, goto or action: what becomes of the packets");
    if (ways.length > 1) say([ways[1] ?? "goto"], `${ways.join(" and ")} exclude each other; keep one`);
    for (const key of ["from", "to"] as const) {
        const network = rule[key];
        if (typeof network !== "string") continue;
        if (isV6(network) !== (family === "ipv6"))
            say([key], `${key} is of another family than the rule, which is ${family}; set family`);
        if (network.endsWith("/0")) say([key], `${key} is any address; leave it out`);
    }
    const mostTos = family === "ipv6" ? 252 : 28;
    if (typeof tos === "number" && (tos % 4 !== 0 || tos > mostTos))
        say(["tos"], `tos of an ${family} rule is a multiple of 4 from 4 to ${mostTos}: the last two bits are ECN's`);
    if (goto !== undefined && goto <= priority) say(["goto"], "goto leads to a later rule, with a higher priority");
    if (suppressPrefixLength !== undefined && table === undefined && (goto ?? action) !== undefined)
        say(["suppressPrefixLength"], "suppressPrefixLength is about a table; leave it out");
});
export type Rule = z.output<typeof Rule>;
