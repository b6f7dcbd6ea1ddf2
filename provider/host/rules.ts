/** The rules of policy routing of a host, read in bulk by `ip -N -json -details rule` (iproute2 6.1). */
import { z } from "zod";
import { networkText, widthOf } from "../../schemas/ip-text";
import { tableText } from "../../schemas/routing-table";
import { markText, protocolText, rangeText } from "../../schemas/rule";
import type { Host } from "./index";
import { parseList } from "./links";
import type { RuleSeen } from "./lookup";

/** Numbers of linux/fib_rules.h (FR_ACT_...); newer versions of `ip` print names even so. */
const ACTIONS: Readonly<Record<string, string>> = { 6: "blackhole", 7: "unreachable", 8: "prohibit" };

const port = z.number().optional();
const text = z.string().optional();

const IpRule = z.looseObject({
    priority: z.number(),
    protocol: z.coerce.number().catch(0),
    src: text,
    srclen: z.number().optional(),
    dst: text,
    dstlen: z.number().optional(),
    iif: text,
    oif: text,
    fwmark: text,
    fwmask: text,
    tos: text,
    ipproto: text,
    sport: port,
    sport_start: port,
    sport_end: port,
    dport: port,
    dport_start: port,
    dport_end: port,
    uid_start: port,
    uid_end: port,
    table: text,
    goto: z.number().optional(),
    action: text,
    suppress_prefixlen: z.number().optional(),
});

const KNOWN = new Set([...Object.keys(IpRule.shape), "not", "iif_detached", "oif_detached", "unresolved"]);

/** @throws HostError bug on what is not the output of `ip -json rule` */
function parseRules(output: string): RuleSeen[] {
    return parseList(output, IpRule, "rules", "`ip -json rule`").map(seen);
}

export const readRules = (host: Host, family: "ipv4" | "ipv6"): Promise<RuleSeen[]> =>
    host.read(["ip", "-N", "-json", family === "ipv6" ? "-6" : "-4", "-details", "rule", "show"], parseRules);

function seen(entry: z.output<typeof IpRule>): RuleSeen {
    const { priority, protocol, iif, oif, fwmark, fwmask, tos, ipproto, table, action, goto } = entry;
    return {
        priority,
        protocol,
        not: "not" in entry,
        from: network(entry.src, entry.srclen),
        to: network(entry.dst, entry.dstlen),
        iif,
        oif,
        fwmark: fwmark === undefined ? undefined : (markText(fwmask ? `${fwmark}/${fwmask}` : fwmark) ?? fwmark),
        tos: tos === undefined ? undefined : Number(tos),
        // `ip -N` of iproute2 6.1 writes `ipproto-6`.
        ipproto: ipproto === undefined ? undefined : (protocolText(ipproto.replace(/^ipproto-/, "")) ?? ipproto),
        sport: range(entry.sport ?? entry.sport_start, entry.sport ?? entry.sport_end),
        dport: range(entry.dport ?? entry.dport_start, entry.dport ?? entry.dport_end),
        uidRange: range(entry.uid_start, entry.uid_end),
        table: table === undefined ? undefined : (tableText(table) ?? table),
        goto,
        action: action === undefined ? undefined : (ACTIONS[action] ?? action),
        suppressPrefixLength: entry.suppress_prefixlen,
        more: Object.keys(entry).filter((key) => !KNOWN.has(key)),
    };
}

function network(address: string | undefined, length: number | undefined): string | undefined {
    if (address === undefined || address === "all") return undefined;
    return networkText(`${address}/${length ?? widthOf(address)}`) ?? address;
}

const range = (from: number | undefined, to: number | undefined) =>
    from === undefined ? undefined : rangeText(`${from}-${to ?? from}`, Number.MAX_SAFE_INTEGER);
