/** An IP address of a link. The link may be anybody's; only the address is ours. */
import { addressText, interfaceText, isV6, LinkName, networkOf } from "../../schemas/ip-text";
import { Address } from "../../schemas/address";
import type { Host } from "../host";
import { readAddresses, type AddressSeen } from "../host/addresses";
import { HostError } from "../host/errors";
import type { RouteSeen } from "../host/lookup";
import { managerCautions } from "../host/managers";
import { readRoutes } from "../host/routes";
import { ip, type JournalEntry, type Line, type Step } from "../plan";
import type { Found, HostResource } from "../resource";
import { forget, isAnothers, lifeOf, note, noted } from "./former-values";
import { isTold } from "./link-settings";
import {
    keepAddress,
    keepDirection,
    keepNetwork,
    keepPeer,
    permissionOf,
    routedBy,
    routerCautions,
} from "./operator-guard";
import { keepsWayOver, routesOfOthers, shownGone } from "./routes-with-address";
import { requireLink } from "./virtual-link";

/** An address that was found, and what is noted of it. */
interface Here extends Found<Address> {
    life: string;
    entry?: JournalEntry;
    /** The network to which the route that comes with it is gone. */
    lost: string | undefined;
    /** Routes of others that may go with it, seen before it is removed. */
    theirs?: RouteSeen[];
}

/** Longest wait for the link's answer whether another host has an address [ms]: 1 s a question, and up to 1 s before. */
const DAD_MS = 15_000;

export const address: HostResource<Address, Here> = {
    type: "kvmnet:host:Address",
    title: "address",
    description:
        "An IP address of a link. Addresses carry no mark, so the host's journal notes that it is ours; an address that is " +
        "there and not noted is left alone. Deleting one IPv4 address makes the kernel drop the other addresses of its " +
        "network on the link, unless the sysctl promote_secondaries of the link is on: it is switched on first, and stays on. " +
        "With an IPv4 address the kernel also drops the routes that have it as their source, and with the last one of a link " +
        "all routes over that link, also those that others have made: a warning names them. Routes that are declared, and " +
        "`dependsOn` their address, are made anew where it is replaced.",
    schema: Address,
    cost: {
        link: "replace",
        address: "replace",
        peer: "replace",
        broadcast: "replace",
        label: "replace",
        scope: "replace",
        metric: "update",
        prefixRoute: "replace",
        dad: "update",
        validLifetime: "update",
        preferredLifetime: "update",
        takesOperatorPath: "update",
    },
    presets: { takesOperatorPath: false },
    presetsBy({ link, address }) {
        if (address === undefined) return {};
        return isV6(address) ? { metric: usualMetric(address) } : { label: link, scope: usualScope(address) };
    },
    idForm: "LINK/ADDRESS",
    idNote: "as `eth0/10.0.0.11/24`, with `peer ADDRESS` behind where it has one",
    idOf,
    // IPv6 has an address once on a link, IPv4 once with each prefix length.
    placesOf: ({ link, address }) => [`${link}/${isV6(address) ? address.split("/")[0] : address}`],
    choice: "another address",
    checkId(id) {
        const asked = parsedId(id);
        if (asked && idOf(asked) === id) return undefined;
        return `An address is named by its link and itself with its prefix length${asked ? `, here ${idOf(asked)}` : ", such as eth0/10.0.0.11/24"}`;
    },

    async find(host, id, own) {
        const { known } = own;
        const seen = await addressOf(host, id);
        if (!seen) return undefined;
        const life = await lifeOf(host, seen);
        const entry = await noted(host, keyOf(id), life);
        const lost = known && (await lostWay(host, seen));
        return {
            state: { ...stateOf(seen, known), ...permissionOf(known) },
            mark: entry?.mark,
            // One that another resource has noted since is that one's, though it stands on the same link in the same life.
            ...(isAnothers(entry, own) ? {} : { objectId: life }),
            fault: seen.flags.has("dadfailed")
                ? "another host on the link has the address already"
                : lost && `the route to ${lost} that comes with it is gone: somebody removed it`,
            conflict: entry || known ? undefined : othersIn(seen),
            life,
            entry,
            lost,
        };
    },

    async create(host, want, mark) {
        const link = await requireLink(host, `address ${idOf(want)}`, want.link);
        const key = keyOf(idOf(want));
        await keepPeer(host, `address ${idOf(want)}`, want, want.address);
        await keepWays(host, want);
        return [
            note(key, mark, await lifeOf(host, link), {}, await host.journal.get(key)),
            ip(
                `gives ${want.link} the address ${want.address}`,
                [["address", "add", ...wordsOf(want)]],
                [["address", "delete", ...targetOf(want)]],
            ),
        ];
    },

    async update(host, { state, life, entry, lost }, want, mark) {
        // Its network's route has that metric.
        if (want.metric !== state.metric || lost !== undefined) await keepWays(host, want);
        return [
            note(keyOf(idOf(want)), mark, life, {}, entry),
            ip(
                `sets the address ${want.address} of ${want.link}`,
                [["address", "change", ...wordsOf(want, state)]],
                [["address", "change", ...wordsOf(state, want)]],
            ),
            // That of IPv6 comes with the change (inet6_addr_modify in net/ipv6/addrconf.c).
            ...(lost === undefined || isV6(lost) ? [] : [wayAgain(want, lost)]),
        ];
    },

    async delete(host, here) {
        const { state } = here;
        await keepAddress(host, `address ${idOf(state)}`, state, state);
        await keepNetwork(host, `address ${idOf(state)}`, state, state);
        here.theirs = await routesOfOthers(host, state);
        const taken = ip(
            `takes the address ${state.address} from ${state.link}`,
            [["address", "delete", ...targetOf(state)]],
            [["address", "add", ...wordsOf(state)]],
        );
        return [
            ...(await keepingOthers(host, state)),
            { ...taken, ...(await keepsWayOver(host, state)) },
            forget(keyOf(idOf(state))),
        ];
    },

    async keeps(host, { state, theirs = [] }) {
        const gone = await shownGone(host, theirs);
        if (gone === undefined) return [];
        return [
            `With the address ${idOf(state)} the kernel has dropped routes that others have made: ${gone}. Make them again where they are still wanted.`,
        ];
    },

    /** Not what is noted of one that is gone: it would be ours again, whoever gives it anew. */
    async leftBehind(host, own) {
        const key = own.known && keyOf(idOf(own.known));
        const entry = key === undefined ? undefined : await host.journal.get(key);
        return key === undefined || !entry || isAnothers(entry, own) ? [] : [forget(key)];
    },

    async settle(host, want) {
        const id = idOf(want);
        for (const end = performance.now() + DAD_MS; ;) {
            const seen = await addressOf(host, id);
            const asked = seen?.flags.has("tentative") && !seen.flags.has("dadfailed");
            // A link without a carrier asks when it gets one.
            if (!asked || !(await host.links()).get(want.link)?.flags.includes("LOWER_UP")) return;
            if (performance.now() > end)
                throw new HostError(
                    "refused",
                    `address ${id}`,
                    `the link was still asked after ${DAD_MS / 1000} s whether another host has it`,
                    "Set dad: false where no other host can have it, or look at the link.",
                );
            await new Promise((resolve) => setTimeout(resolve, 100));
        }
    },

    claims: (want) => [`address ${idOf(want)}`],
    cautions: async (host, want) => [
        ...(await managerCautions(host, [want.link], "this address")),
        ...(await routerCautions(host, want, want)),
    ],
};

/** Why one that nobody has noted yet is none that can be declared. */
function othersIn({ flags }: AddressSeen): string | undefined {
    if (flags.has("dynamic")) return "is kept by somebody who renews it (DHCP or a router's advertisements)";
    const more = BEYOND.filter((flag) => flags.has(flag));
    return more.length > 0 ? `has what this resource cannot tell (${more.join(", ")})` : undefined;
}

/** Flags that somebody gives an address, which a change would take from it. */
const BEYOND = ["home", "mngtmpaddr", "autojoin"];

function idOf({ link, address, peer }: Pick<Address, "link" | "address" | "peer">): string {
    return `${link}/${address}${peer === undefined ? "" : ` peer ${peer}`}`;
}

/** What an id names, in our spelling; undefined where it names nothing. */
function parsedId(id: string): Pick<Address, "link" | "address" | "peer"> | undefined {
    const [, link = "", text = "", other] = /^([^/ ]+)\/(\S+)(?: peer (\S+))?$/.exec(id) ?? [];
    const [address, peer] = [interfaceText(text), other === undefined ? undefined : addressText(other)];
    if (!LinkName.safeParse(link).success || address === undefined || (other !== undefined && peer === undefined))
        return undefined;
    return { link, address, ...(peer === undefined ? {} : { peer }) };
}

const keyOf = (id: string) => `address ${id}`;

async function addressOf(host: Host, id: string): Promise<AddressSeen | undefined> {
    return (await readAddresses(host)).find(
        ({ link, address, peer }) => idOf({ link, address, ...(peer === undefined ? {} : { peer }) }) === id,
    );
}

/** What the kernel has where nothing is told. */
const usualScope = (address: string): Address["scope"] => (address.startsWith("127.") ? "host" : "global");
/** IPv6: IP6_RT_PRIO_ADDRCONF, include/uapi/linux/ipv6_route.h. */
const usualMetric = (address: string) => (isV6(address) ? 256 : 0);

function stateOf(seen: AddressSeen, known: Address | undefined): Address {
    const { link, address, peer, broadcast, label, scope, metric, flags } = seen;
    const v6 = isV6(address);
    const lifetimes = lifetimesOf(seen, known);
    return {
        link,
        address,
        ...(peer === undefined ? {} : { peer }),
        ...(v6 || broadcast === undefined ? {} : { broadcast }),
        ...(!v6 && isTold(label, link, known?.label) ? { label } : {}),
        ...(!v6 && isTold(scope, usualScope(address), known?.scope) ? { scope: scope as Address["scope"] } : {}),
        ...(isTold(metric, usualMetric(address), known?.metric) ? { metric } : {}),
        prefixRoute: !flags.has("noprefixroute"),
        dad: !flags.has("nodad"),
        ...lifetimes,
    };
}

/** A lifetime runs down by itself: as long as it does, what was told last still stands. */
function lifetimesOf(seen: AddressSeen, known: Address | undefined): Partial<Address> {
    const told = (key: "validLifetime" | "preferredLifetime") => {
        const [left, was] = [seen[key], known?.[key]];
        return was !== undefined && left !== undefined && left <= was ? was : left;
    };
    const validLifetime = told("validLifetime");
    const preferredLifetime = told("preferredLifetime");
    const same = seen.preferredLifetime === seen.validLifetime;
    return {
        ...(validLifetime === undefined ? {} : { validLifetime }),
        ...(preferredLifetime === undefined || same ? {} : { preferredLifetime }),
    };
}

/**
 * The network of an address to which its link has no route, though the kernel made one with it; undefined where it has, or
 * where the kernel makes none: not on a link that is set down, and not for one whose network another address has already.
 */
async function lostWay(host: Host, { link: name, address, peer, flags }: AddressSeen): Promise<string | undefined> {
    const [network, v6] = [routedBy({ address, peer }), isV6(address)];
    if (WITHOUT_WAY.some((flag) => flags.has(flag)) || network.endsWith(v6 ? "/128" : "/32")) return undefined;
    const isLost = async (at: Host) =>
        !(await readRoutes(at, v6)).some(
            // Others may have a copy in a table of their own. A link in a VRF has its routes in that one's.
            ({ destination, table, ways }) =>
                destination === network && table === "main" && ways.some(({ link }) => link === name),
        );
    if (!(await isLost(host))) return undefined;
    // Both may be older than what was set up since.
    const link = (await host.links()).get(name);
    if (!link?.up || link.flags.includes("LOOPBACK") || link.slaveKind === "vrf") return undefined;
    return (await isLost(host.at({ maxAgeMs: 0 }))) ? network : undefined;
}

const WITHOUT_WAY = ["noprefixroute", "secondary", "tentative", "dadfailed"];

/** The route as the kernel makes it (fib_add_ifaddr in net/ipv4/fib_frontend.c): it goes with the address, too. */
function wayAgain({ link, address, metric = 0 }: Address, network: string): Step {
    const [local = ""] = address.split("/");
    const way = [network, "dev", link, "proto", "kernel", "scope", "link", "src", local];
    const words = [...way, ...(metric === 0 ? [] : ["metric", String(metric)])];
    return ip(`brings the route to ${network} back`, [["route", "add", ...words]], [["route", "delete", ...words]]);
}

/** Its network becomes a route of its own. */
async function keepWays(host: Host, want: Address): Promise<void> {
    const { link, address, peer, prefixRoute, metric } = want;
    // IPv6 has a route to the peer alone, whatever prefixRoute says.
    const ofPeer = peer !== undefined && isV6(address) ? [`${peer}/128`] : [];
    for (const destination of [...(prefixRoute ? [routedBy({ address, peer })] : []), ...ofPeer]) {
        const own = { destination, link, metric: metric ?? usualMetric(address), last: !isV6(address) };
        await keepDirection(host, `address ${idOf(want)}`, want, own);
    }
}

/** Words that name it on its link: local address, and the other end where it has one. */
function targetOf({ link, address, peer }: Address): Line {
    const [local = "", length = ""] = address.split("/");
    return [...(peer === undefined ? [address] : [local, "peer", `${peer}/${length}`]), "dev", link];
}

/** @param from what it is now: IPv6 keeps a metric that is not told otherwise (inet6_addr_modify in net/ipv6/addrconf.c) */
function wordsOf(want: Address, from?: Address): Line {
    const { address, broadcast, label, scope, prefixRoute, dad, validLifetime, preferredLifetime } = want;
    const metric = want.metric ?? (from?.metric === undefined ? undefined : usualMetric(address));
    const told = (word: string, value: string | number | undefined) =>
        value === undefined ? [] : [word, String(value)];
    return [
        ...targetOf(want),
        ...told("broadcast", broadcast),
        ...told("label", label),
        ...told("scope", scope),
        ...told("metric", metric),
        ...(prefixRoute ? [] : ["noprefixroute"]),
        ...(dad ? [] : ["nodad"]),
        ...told("valid_lft", validLifetime),
        // `ip` takes forever where it is not told, which is more than a lifetime that ends.
        ...told("preferred_lft", preferredLifetime ?? validLifetime),
    ];
}

/**
 * The first address of a network on a link takes the others of it away when it goes (inet_del_ifa in net/ipv4/devinet.c).
 * Which of them is the first at the moment of the delete is not ours to know, and others are deleted at the same time,
 * so the setting is not put back.
 */
async function keepingOthers(host: Host, { link, address }: Address): Promise<Step[]> {
    if (isV6(address)) return [];
    const others = (await readAddresses(host)).filter(
        (other) => other.link === link && other.address !== address && networkOf(other.address) === networkOf(address),
    );
    if (others.length === 0) return [];
    const files = ["all", link].map((name) => `/proc/sys/net/ipv4/conf/${name}/promote_secondaries`);
    if ((await host.files.read(files)).includes("1")) return [];
    const path = files[1] ?? "";
    return [{ what: `keeps the other addresses of ${link}`, action: { via: "write", files: [{ path, value: "1" }] } }];
}
