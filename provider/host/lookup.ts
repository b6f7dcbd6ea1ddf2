/** What a search for a way out of a host is told in: rules, routes, who works on the host, and what changes of it. */

/** One rule, in our spelling. */
export interface RuleSeen {
    priority: number;
    protocol: number;
    not: boolean;
    from?: string;
    to?: string;
    iif?: string;
    oif?: string;
    fwmark?: string;
    tos?: number;
    ipproto?: string;
    sport?: string;
    dport?: string;
    uidRange?: string;
    table?: string;
    goto?: number;
    action?: string;
    suppressPrefixLength?: number;
    /** What it has that `Rule` cannot tell, in the words of `ip`. */
    more: string[];
}

export interface WaySeen {
    gateway?: string;
    link?: string;
    weight: number;
    onlink: boolean;
    /** Its link is down: the kernel leads nothing there. */
    isDead: boolean;
}

/** One route, in our spelling. */
export interface RouteSeen {
    destination: string;
    table: string;
    /** The kernel's own where nobody gave one: 0 (IPv4) or 1024 (IPv6). */
    metric: number;
    /** `unicast`, `blackhole`, ..., or a number that we have no name for. */
    type: string;
    protocol: number;
    /** One way, or those of a multipath route; none where packets go nowhere. */
    ways: WaySeen[];
    source?: string;
    scope?: string;
    mtu?: number;
    advmss?: number;
    initcwnd?: number;
    initrwnd?: number;
    /** What it has that `Route` cannot tell, in the words of `ip`. */
    more: string[];
}

/** An SSH connection to the host, or several alike. */
export interface Operator {
    peer: string;
    /** Address of the host that the peer is connected to. */
    local: string;
    device?: string;
    /** Port of the host, and of the peer; 0 where it is not known. */
    port: number;
    peerPort: number;
    /** Of the host's socket, by which rules may lead its packets; absent is none. */
    mark?: number;
}

/** How packets to an operator leave the host. */
export interface Way {
    operator: Operator;
    /** The route's own links: several where it is a multipath route. */
    links: string[];
    /** Network of the route. */
    destination: string;
    metric: number;
    /** Table of the route, in our spelling: rules may lead to another than `main`. */
    table: string;
    gateway?: string;
    /** Every link that the packets pass on the host: the route's, and those below and above them. */
    path: ReadonlySet<string>;
}

/** One that comes, one that goes, or one that becomes another in the same place. */
export interface Exchange<Seen> {
    goes?: Seen;
    comes?: Seen;
}

/** A change of a rule, or of a route. */
export interface LookupChange {
    family: "ipv4" | "ipv6";
    rule?: Exchange<RuleSeen>;
    route?: Exchange<RouteSeen>;
}
