/** What dnsmasq reads, out of a declaration and back again. Every value has been checked: none has a newline or a comma that means more. */
import type { DhcpRange, DhcpServer } from "../../schemas/dhcp";
import { addressText, isV6 } from "../../schemas/ip-text";

/** Folder of all that belongs to one server; dnsmasq, which gives its rights away, reads it too. */
export const folderOf = (link: string): string => `/var/lib/kvmnet-dhcp/${link}`;

/** The texts of the files that we write. */
export interface Files {
    /** Read at the start. */
    conf: string;
    /** Reservations: read again at SIGHUP. */
    hosts: string;
    /** Names for DNS: read again at SIGHUP. */
    names: string;
}

const MARK = "# kvmnet-owner ";
/** Stands before the names that follow from reservations. */
const RESERVED = "# Names of reservations.";

export function rendered(server: DhcpServer, mark: string): Files {
    const folder = folderOf(server.interface);
    const conf = [
        `${MARK}${mark}`,
        `interface=${server.interface}`,
        // Beside others of its kind: no address but that of its interface, and not the loopback's.
        "except-interface=lo",
        "bind-dynamic",
        "no-hosts",
        `dhcp-leasefile=${folder}/leases`,
        `dhcp-hostsfile=${folder}/hosts`,
        `addn-hosts=${folder}/names`,
        `dhcp-lease-max=${server.maxLeases}`,
        ...server.ranges.map((range) => `dhcp-range=${rangeText(range)}`),
        ...optionLines("option", server.options),
        ...optionLines("option6", server.ipv6Options),
        ...(server.routerAdvertisements ? ["enable-ra"] : []),
        ...(server.authoritative ? ["dhcp-authoritative"] : []),
        ...(server.dns ? [] : ["port=0"]),
        ...(server.domain ? [`domain=${server.domain}`] : []),
        ...(server.upstreams.length > 0 ? ["no-resolv"] : []),
        ...server.upstreams.map((address) => `server=${address}`),
    ];
    const hosts = sorted(server.reservations).map(([name, { mac, address, ipv6Address }]) =>
        [mac, ...(address ? [address] : []), ...(ipv6Address ? [`[${ipv6Address}]`] : []), name].join(","),
    );
    const names = sorted(server.names).flatMap(([name, addresses]) => addresses.map((address) => `${address} ${name}`));
    return { conf: lines(conf), hosts: lines(hosts), names: lines([...names, ...reservedNames(server)]) };
}

/** Names with reserved addresses are answered before their guests ask for a lease, from which dnsmasq knows a name else. */
function reservedNames({ dns, domain, reservations }: DhcpServer): string[] {
    const named = sorted(reservations).flatMap(([name, { address, ipv6Address }]) =>
        [address, ipv6Address].flatMap((one) => (one ? [`${one} ${domain ? `${name}.${domain} ` : ""}${name}`] : [])),
    );
    return dns && named.length > 0 ? [RESERVED, ...named] : [];
}

/** What the files say, and whose they are. */
export interface Read {
    server: DhcpServer;
    mark?: string;
    /** Whether they are just what we would write. */
    intact: boolean;
}

export function parsed(link: string, files: Files): Read {
    const server: DhcpServer = {
        interface: link,
        ranges: [],
        reservations: {},
        options: {},
        ipv6Options: {},
        routerAdvertisements: false,
        authoritative: false,
        maxLeases: 1000,
        dns: true,
        names: {},
        upstreams: [],
    };
    let mark: string | undefined;
    for (const line of linesOf(files.conf)) {
        if (line.startsWith(MARK)) mark = line.slice(MARK.length);
        else setting(server, line);
    }
    server.reservations = Object.fromEntries(linesOf(files.hosts).map(reservation));
    // A name may be that of a method of every object, such as constructor.
    const names = new Map<string, string[]>();
    for (const line of linesOf(files.names)) {
        if (line === RESERVED) break;
        const [address = "", name = ""] = line.split(" ");
        names.set(name, [...(names.get(name) ?? []), address]);
    }
    server.names = Object.fromEntries(names);
    const again = rendered(server, mark ?? "");
    const intact =
        again.conf === (mark === undefined ? `${MARK}\n${files.conf}` : files.conf) &&
        again.hosts === files.hosts &&
        again.names === files.names;
    return { server, ...(mark === undefined ? {} : { mark }), intact };
}

function setting(server: DhcpServer, line: string): void {
    const at = line.indexOf("=");
    const [key, value] = at < 0 ? [line, ""] : [line.slice(0, at), line.slice(at + 1)];
    switch (key) {
        case "dhcp-range":
            return void server.ranges.push(rangeOf(value));
        case "dhcp-option":
            return option(server, value);
        case "dhcp-lease-max":
            return void (server.maxLeases = Number(value));
        case "enable-ra":
            return void (server.routerAdvertisements = true);
        case "dhcp-authoritative":
            return void (server.authoritative = true);
        case "port":
            return void (server.dns = value !== "0");
        case "domain":
            return void (server.domain = value);
        case "server":
            return void server.upstreams.push(value);
    }
}

const rangeText = ({ start, end, prefixLength, leaseTime }: DhcpRange) =>
    [start, end ?? "static", ...(prefixLength === undefined ? [] : [prefixLength]), leaseTime].join(",");

function rangeOf(text: string): DhcpRange {
    const [start = "", end = "", ...rest] = text.split(",");
    const leaseTime = rest.pop() ?? "";
    const [length] = rest;
    return {
        start,
        ...(end === "static" ? {} : { end }),
        ...(length === undefined ? {} : { prefixLength: Number(length) }),
        leaseTime,
    };
}

/** An option by number has no word before it in IPv4 (dnsmasq(8), --dhcp-option). */
const optionLines = (family: "option" | "option6", options: Readonly<Record<string, string>>): string[] =>
    sorted(options).map(([name, value]) =>
        family === "option" && /^\d+$/.test(name)
            ? `dhcp-option=${name}${valueText(value)}`
            : `dhcp-option=${family}:${name}${valueText(family === "option6" ? bracketed(value) : value)}`,
    );

/** An option without a value is not sent, dnsmasq's own neither. */
const valueText = (value: string): string => (value === "" ? "" : `,${value}`);

function option(server: DhcpServer, text: string): void {
    const [, key = "", value = ""] = /^([^,]*),?(.*)$/.exec(text) ?? [];
    const [, family, name = ""] = /^(option6?):(.*)$/.exec(key) ?? [];
    if (family === "option6") server.ipv6Options[name] = unbracketed(value);
    else server.options[family ? name : key] = value;
}

/** An IPv6 address stands in brackets in an option's value. */
const bracketed = (value: string): string =>
    value
        .split(",")
        .map((word) => (isV6(word) && addressText(word) ? `[${word}]` : word))
        .join(",");
const unbracketed = (value: string): string => value.replace(/\[([^\]]*)\]/g, "$1");

function reservation(line: string): [name: string, DhcpServer["reservations"][string]] {
    const words = line.split(",");
    const [mac = "", name = ""] = [words[0], words.at(-1)];
    const addresses = words.slice(1, -1);
    const address = addresses.find((word) => !word.startsWith("["));
    const ipv6Address = addresses.find((word) => word.startsWith("["))?.slice(1, -1);
    return [name, { mac, ...(address ? { address } : {}), ...(ipv6Address ? { ipv6Address } : {}) }];
}

/** A map has no order. */
const sorted = <Value>(map: Readonly<Record<string, Value>>): [string, Value][] =>
    Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1));

const lines = (list: string[]): string => list.map((line) => `${line}\n`).join("");
const linesOf = (text: string): string[] => text.split("\n").filter((line) => line !== "");
