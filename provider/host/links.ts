/** The kernel's links, read in bulk by `ip -json -details` (iproute2 6.1). */
import { z } from "zod";
import { HostError } from "./errors";
import { parseIproute } from "./iproute-json";

/** One link as our resources see it. Its name is the host's: any bytes but `/`, `:` and white space. */
export interface Link {
    name: string;
    /** Stays while the link lives, whatever its name. */
    index: number;
    mac?: string;
    mtu: number;
    txQueueLength: number;
    alias?: string;
    /** Name or number of the group that it is in. */
    group?: string;
    /** The bridge, bond or switch that it is plugged into. */
    master?: string;
    /** The link that it stands on: of a VLAN, macvtap or vxlan, or a veth's other end. */
    parent?: string;
    /** Whether what it stands on, or its other end, is in another network namespace. */
    elsewhere?: true;
    /** `bridge`, `tun`, `veth`, ...; absent on hardware and loopback. */
    kind?: string;
    /** What the kind has of its own, in the kernel's words (`stp_state`, `vlan_filtering`, `miimon`, ...). */
    data: Readonly<Record<string, unknown>>;
    /** The kind of its master, as a port of it, and what it has as one (`isolated`, `learning`, ...). */
    slaveKind?: string;
    slave: Readonly<Record<string, unknown>>;
    /** Whether it is set up (IFF_UP), not whether it has a carrier. */
    up: boolean;
    flags: readonly string[];
    tap?: { multiQueue: boolean; vnetHdr: boolean };
    /** SR-IOV virtual functions, where the hardware has some in use. */
    virtualFunctions?: { index: number; trust?: boolean; spoofCheck?: boolean }[];
    /** How the kernel queues what leaves it: `htb`, `noqueue`, ... */
    qdisc?: string;
}

/** Thousands are read at a time, and code that is made of their description reads them in less than half the time. */
const IpLink = z.compile(
    z.object({
        ifname: z.string(),
        ifindex: z.number().default(0),
        mtu: z.number().default(0),
        // One that is empty is not printed.
        txqlen: z.number().default(0),
        address: z.string().optional(),
        ifalias: z.string().optional(),
        group: z.string().optional(),
        qdisc: z.string().optional(),
        master: z.string().optional(),
        link: z.string().nullish(),
        link_netnsid: z.number().optional(),
        flags: z.array(z.string()).default([]),
        vfinfo_list: z
            .array(z.object({ vf: z.number(), trust: z.boolean().optional(), spoofchk: z.boolean().optional() }))
            .optional(),
        linkinfo: z
            .object({
                info_kind: z.string().optional(),
                info_data: z.record(z.string(), z.unknown()).optional(),
                info_slave_kind: z.string().optional(),
                info_slave_data: z.record(z.string(), z.unknown()).optional(),
            })
            .optional(),
    }),
    { strict: true },
);
type IpLink = z.output<typeof IpLink>;

/** All links by name. @param list what `ip -json -details link show` printed @throws HostError bug where it is none */
export function linksOf(list: unknown): Map<string, Link> {
    return new Map(entriesOf(list, IpLink, "links", "`ip -json link`").map((entry) => [entry.ifname, toLink(entry)]));
}

/**
 * The entries of a list that a program of iproute2 printed as JSON.
 *
 * @param what what is listed, for the message  @param program what printed it
 * @throws HostError bug where it is no such list
 */
export function parseList<Entry extends z.ZodType>(
    text: string,
    entry: Entry,
    what: string,
    program: string,
): z.output<Entry>[] {
    let list: unknown;
    try {
        // An empty answer has no brackets.
        list = parseIproute(text.trim() || "[]");
    } catch (error) {
        throw unreadable(what, program, error);
    }
    return entriesOf(list, entry, what, program);
}

function entriesOf<Entry extends z.ZodType>(
    list: unknown,
    entry: Entry,
    what: string,
    program: string,
): z.output<Entry>[] {
    try {
        // Objects that vanish while they are listed leave `{}`.
        return z
            .array(z.unknown())
            .parse(list)
            .filter((one) => typeof one !== "object" || one === null || Object.keys(one).length > 0)
            .map((one) => entry.parse(one));
    } catch (error) {
        throw unreadable(what, program, error);
    }
}

const unreadable = (what: string, program: string, cause: unknown) =>
    new HostError(
        "bug",
        `the list of ${what}`,
        `${program} printed what cannot be read`,
        "Please report this with the version of iproute2.",
        cause,
    );

function toLink({
    ifname,
    ifindex,
    mtu,
    txqlen,
    address,
    ifalias,
    group,
    qdisc,
    master,
    link,
    link_netnsid,
    flags,
    vfinfo_list,
    linkinfo,
}: IpLink): Link {
    const data = linkinfo?.info_data ?? {};
    const kind = linkinfo?.info_kind;
    return {
        name: ifname,
        index: ifindex,
        mtu,
        txQueueLength: txqlen,
        mac: address?.toLowerCase(),
        alias: ifalias,
        group,
        master,
        parent: link ?? undefined,
        kind,
        data,
        slaveKind: linkinfo?.info_slave_kind,
        slave: linkinfo?.info_slave_data ?? {},
        flags,
        up: flags.includes("UP"),
        ...(link_netnsid === undefined ? {} : { elsewhere: true }),
        ...(qdisc ? { qdisc } : {}),
        ...(vfinfo_list?.length
            ? {
                  virtualFunctions: vfinfo_list.map(({ vf, trust, spoofchk }) => ({
                      index: vf,
                      ...(trust === undefined ? {} : { trust }),
                      ...(spoofchk === undefined ? {} : { spoofCheck: spoofchk }),
                  })),
              }
            : {}),
        ...(kind === "tun" && data.type === "tap"
            ? { tap: { multiQueue: data.multi_queue === true, vnetHdr: data.vnet_hdr === true } }
            : {}),
    };
}
