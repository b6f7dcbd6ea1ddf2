/** A DHCP server for the guests of one bridge or VLAN, which answers for their names too: dnsmasq (dnsmasq(8)). */
import { Address4, Address6 } from "ip-address";
import { z } from "zod";
import { count, toggle } from "./link-parts";
import { entriesOf, named, withCrossCheck, type Say } from "./named";
import { addressText, IpAddress, isV6, isWithin, networkOf } from "./ip-text";
import { IfName, Mac } from "./units";

const Ipv4 = IpAddress.refine((text) => !isV6(text), { error: "it is an IPv4 address, such as 10.0.0.11" });
const Ipv6 = IpAddress.refine((text) => isV6(text), { error: "it is an IPv6 address, such as fd00::11" });

const LABEL = String.raw`[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?`;
const HOST_HELP = "a host name has 1 to 63 letters, digits and hyphens, and neither begins nor ends with a hyphen";
const HostName = z.string(HOST_HELP).regex(new RegExp(`^${LABEL}$`), { error: HOST_HELP });
/** What stands in a reservation's line as anything else than a name (`dhcp-host` in option.c of dnsmasq). */
export const ReservedName = HostName.refine((name) => !/^(?:\d+[smhdwSMHDW]?|infinite|ignore)$/.test(name), {
    error: "dnsmasq reads this name as a lease time or a word of its own; put a letter before it, such as vm-101",
});
const DOMAIN_HELP = "a name is made of host names with dots between them, such as db.lan, at most 253 characters";
const DomainName = z
    .string(DOMAIN_HELP)
    .regex(new RegExp(`^(?=.{1,253}$)${LABEL}(?:\\.${LABEL})*$`), { error: DOMAIN_HELP });

const LEASE_HELP =
    'a lease time is a whole number with s, m, h, d or w behind it, from "2m" to "49710d", or "infinite"';
const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
const LeaseTime = z.string(LEASE_HELP).refine((text) => isLeaseTime(text), { error: LEASE_HELP });

/** dnsmasq itself takes nothing shorter than two minutes, and counts in 32 bits, all of which are infinite. */
function isLeaseTime(text: string): boolean {
    const [, number = "0", unit = ""] = /^(\d{1,8})([smhdw])$/.exec(text) ?? [];
    const seconds = Number(number) * (SECONDS[unit] ?? 0);
    return text === "infinite" || (seconds >= 120 && seconds < 0xffffffff);
}

/** Prefix length of an IPv6 range where none is said [bit], and the shortest that dnsmasq takes. */
export const USUAL_PREFIX = 64;

const PrefixLength = count("prefixLength", USUAL_PREFIX, 128, "bit");

const Range = z
    .strictObject({
        start: IpAddress.describe("First address, IPv4 or IPv6; in the network of the interface's own address."),
        end: IpAddress.optional().describe(
            "Last address; absent gives addresses to reservations alone, in the network of start.",
        ),
        prefixLength: PrefixLength.optional().describe(
            `Prefix length of the network [bit], for IPv6 alone; absent is dnsmasq's ${USUAL_PREFIX}, with which a range is not served where the interface's own address has a longer one.`,
        ),
        leaseTime: LeaseTime.default("1h").describe(
            'How long an address is given, from "2m" to "49710d", such as "12h", or "infinite".',
        ),
    })
    .meta({ token: "host:DhcpRange" })
    .describe("Addresses that the server gives.");
export type DhcpRange = z.output<typeof Range>;

/** The network that an IPv6 range is of. */
export const networkOfRange = ({ start, prefixLength = USUAL_PREFIX }: Pick<DhcpRange, "start" | "prefixLength">) =>
    networkOf(`${start}/${prefixLength}`);

const Reservation = z
    .strictObject({
        mac: Mac.describe("MAC address of the guest's NIC."),
        address: Ipv4.optional().describe("IPv4 address that it always gets."),
        ipv6Address: Ipv6.optional().describe("IPv6 address that it always gets."),
    })
    .meta({ token: "host:DhcpReservation" })
    .describe("What one NIC always gets.");

const OPTION_HELP =
    "an option's value is text as dnsmasq takes it, with commas between several values, such as 10.0.0.1,10.0.0.2: letters, digits and _ . : / , @ + = - without spaces; empty to announce none";
const OptionValue = z.string(OPTION_HELP).regex(/^[A-Za-z0-9_.:/,@+=-]{0,255}$/, { error: OPTION_HELP });
const OptionName = z.string().regex(/^(?:\d{1,3}|[A-Za-z][A-Za-z0-9+-]{0,39})$/, {
    error: "an option is its number, or its name in `dnsmasq --help dhcp`, such as router, dns-server or mtu",
});

const RESTART = "Changes live: dnsmasq restarts, and leases stay.";
const REREAD = "Changes live: dnsmasq reads it anew and does not restart.";

export const DhcpServerFields = z.strictObject({
    interface: IfName.describe(
        "Interface on which it answers: a bridge, or the VLAN interface or internal port of one VLAN, with an address of the host. A change replaces the server.",
    ),
    ranges: z
        .array(Range, "ranges is a list such as [{ start: '10.0.0.100', end: '10.0.0.199' }]")
        .min(1, "it needs at least one range; one without end serves reservations alone")
        .describe(`Addresses that it gives. ${RESTART}`),
    reservations: named(ReservedName, Reservation, "reservations maps names of guests to { mac, address }")
        .default({})
        .describe(
            `What single guests always get, by the guest's name, which it is told; a number such as 101, a lease time such as 2h, infinite and ignore are no names to dnsmasq. Where an address is reserved, DNS answers the name from the start, also while the guest is off; else while it has a lease. ${REREAD}`,
        ),
    options: named(OptionName, OptionValue, "options maps DHCP options to text")
        .default({})
        .describe(
            'DHCP options for IPv4, by the names of `dnsmasq --help dhcp` or by number, such as { router: "10.0.0.1", "dns-server": "10.0.0.53" }; ' +
                `absent ones have dnsmasq's own values: the interface's address as router, and as dns-server where dns is true. An empty value announces none: { router: "" } is a network without a way out. ${RESTART}`,
        ),
    ipv6Options: named(OptionName, OptionValue, "ipv6Options maps DHCPv6 options to text")
        .default({})
        .describe(
            `DHCP options for IPv6, by the names of \`dnsmasq --help dhcp6\` or by number; an empty value announces none. ${RESTART}`,
        ),
    routerAdvertisements: toggle("routerAdvertisements")
        .default(false)
        .describe(`Announce the IPv6 prefix and this host as router; IPv6 guests need it to ask at all. ${RESTART}`),
    authoritative: toggle("authoritative")
        .default(false)
        .describe(
            `Answer guests that ask for an address of elsewhere at once with a no, which saves them a minute after a move; only where no other DHCP server is on the network. ${RESTART}`,
        ),
    maxLeases: count("maxLeases", 1, 1_000_000, "leases").default(1000).describe(`Leases at most. ${RESTART}`),
    dns: toggle("dns").default(true).describe(`Answer DNS questions on the interface too. ${RESTART}`),
    domain: DomainName.optional().describe(`Domain of the guests: given to them, and added to their names. ${RESTART}`),
    names: named(
        DomainName,
        z.array(IpAddress, "names maps a name to a list of addresses").min(1, "a name needs an address"),
        'names maps names to addresses, such as { "db.lan": ["10.0.0.5"] }',
    )
        .default({})
        .describe(`More names that DNS answers, each with its addresses. ${REREAD}`),
    upstreams: z
        .array(IpAddress, 'upstreams is a list of addresses, such as ["10.0.0.53"]')
        .default([])
        .describe(
            `DNS servers that are asked for all other names; absent asks those of the host's resolv.conf. ${RESTART}`,
        ),
});

/** What must hold across the fields of a DHCP server. It may meet raw input, so it looks before it reads. */
export function checkDhcp(
    server: Omit<z.output<typeof DhcpServerFields>, "interface" | "ranges"> & { ranges: Partial<DhcpRange>[] },
    say: Say,
): void {
    const { ranges, reservations, dns, names, upstreams, ipv6Options, routerAdvertisements } = server;
    for (const [index, range] of (Array.isArray(ranges) ? ranges : []).entries()) judgeRange(index, range, say);
    once(reservations, "mac", say);
    once(reservations, "address", say);
    once(reservations, "ipv6Address", say);
    if (dns === false && (entriesOf(names).length > 0 || upstreams?.length > 0))
        say(["dns"], "names and upstreams are for DNS; set dns to true, or remove them");
    const hasIpv6 = (Array.isArray(ranges) ? ranges : []).some(({ start }) => isV6(String(start)));
    if (!hasIpv6 && (routerAdvertisements === true || entriesOf(ipv6Options).length > 0))
        say(["ranges"], "routerAdvertisements and ipv6Options need a range of IPv6 addresses");
}

/** One DHCP server on one interface. */
export const DhcpServer = withCrossCheck(DhcpServerFields, checkDhcp);
export type DhcpServer = z.output<typeof DhcpServer>;

/** What only the host knows of a DHCP server. */
export const DhcpServerOutputs = z.object({
    leaseFile: z.string().describe("File on the host in which dnsmasq keeps the leases."),
    unit: z.string().optional().describe("systemd unit that runs it; absent on a host without systemd."),
});

function judgeRange(index: number, range: Partial<DhcpRange> | null, say: Say): void {
    const [start, end] = [addressText(String(range?.start)), addressText(String(range?.end))];
    if (start === undefined) return;
    const { prefixLength } = range ?? {};
    if (!isV6(start) && prefixLength !== undefined)
        say(
            ["ranges", index, "prefixLength"],
            "prefixLength is for IPv6; an IPv4 range is of the network of the interface's own address, so remove it",
        );
    if (end === undefined) return;
    const isLength = PrefixLength.optional().safeParse(prefixLength).success;
    const network = isV6(start) && isLength ? networkOfRange({ start, prefixLength }) : undefined;
    if (isV6(start) !== isV6(end))
        say(["ranges", index, "end"], "start and end are of one family, both IPv4 or both IPv6");
    else if (numberOf(start) > numberOf(end))
        say(["ranges", index, "end"], `the range ends before it starts (${start}); exchange them`);
    else if (network !== undefined && !isWithin(end, network))
        say(["ranges", index, "end"], `a range of IPv6 is of one network, and this end is not in ${network}`);
}

const numberOf = (address: string): bigint => (isV6(address) ? new Address6(address) : new Address4(address)).bigInt();

function once(reservations: DhcpServer["reservations"], key: "mac" | "address" | "ipv6Address", say: Say): void {
    const seen = new Map<string, string>();
    for (const [name, reservation] of entriesOf(reservations)) {
        if (typeof reservation[key] !== "string") continue;
        const value = reservation[key].toLowerCase();
        const other = seen.get(value);
        if (other)
            say(
                ["reservations", name, key],
                `${value} is reserved for ${other} already; a NIC and an address have one reservation`,
            );
        else seen.set(value, name);
    }
}
