/** A route. Links and tables may be anybody's; only the route is ours. */
import { isV6, networkText } from "../../schemas/ip-text";
import { Route } from "../../schemas/route";
import { tableNumber, tableText } from "../../schemas/routing-table";
import type { Host } from "../host";
import type { Exchange, LookupChange, RouteSeen, WaySeen } from "../host/lookup";
import { managerCautions } from "../host/managers";
import { OUR_PROTOCOL } from "../host/route-protocol";
import { readRoutes, usualMetric } from "../host/routes";
import { ip, type Line, type Step } from "../plan";
import type { Found, HostResource } from "../resource";
import { forget } from "./former-values";
import { isTold } from "./link-settings";
import { keepLookup, lookupCautions } from "./lookup-guard";
import { keepDirection, keepRoute, permissionOf } from "./operator-guard";
import { markOf, noteMark } from "./routing-marks";
import { requireLink } from "./virtual-link";

interface Here extends Found<Route> {
    protocol: number;
    /** Whether another's stands before it in its place (`ip route prepend`): the kernel would replace that one. */
    isBehind: boolean;
}

/** What tells one route from another; the metric is always said. */
type Place = Pick<Route, "destination" | "table"> & { metric: number };

export const route: HostResource<Route, Here> = {
    type: "kvmnet:host:Route",
    title: "route",
    description:
        `A route, with one way or several by weight. It carries the protocol number ${OUR_PROTOCOL}, kvmnet's own, by which ` +
        "`ip route show protocol 145` lists them; a route of another protocol is left alone. It is gone with its last " +
        "link, and with the address that its gateway is reached by.",
    schema: Route,
    cost: {
        destination: "replace",
        table: "replace",
        metric: "replace",
        type: "update",
        gateway: "update",
        link: "update",
        onlink: "update",
        nextHops: "update",
        source: "update",
        scope: "update",
        mtu: "update",
        advmss: "update",
        initcwnd: "update",
        initrwnd: "update",
        takesOperatorPath: "update",
    },
    standsOn: ["gateway", "link", "nextHops", "source"],
    presets: { takesOperatorPath: false },
    presetsBy(said) {
        if (said.destination === undefined) return {};
        const v6 = isV6(said.destination);
        return { metric: usualMetric(v6), ...(v6 ? {} : { scope: usualScope(said) }) };
    },
    choice: "another metric",
    idForm: '"DESTINATION table TABLE"',
    idNote: 'as `"10.0.0.0/8 table main"`, with `metric METRIC` behind where it is not the kernel\'s own (IPv4 0, IPv6 1024)',
    idOf: (state) => idOf(placeOf(state)),
    checkId(id) {
        const asked = parsedId(id);
        if (asked && idOf(asked) === id) return undefined;
        return `A route is named by its destination, table and metric${asked ? `, here ${idOf(asked)}` : ", such as 10.0.0.0/8 table main metric 100"}`;
    },

    async find(host, id, own) {
        const asked = parsedId(id);
        const there = asked ? await routesAt(host, asked) : [];
        const seen = there.find(({ protocol }) => protocol === OUR_PROTOCOL) ?? there[0];
        if (!asked || !seen) return undefined;
        return {
            state: { ...stateOf(seen, own.known), ...permissionOf(own.known) },
            mark: await markOf(host, keyOf(asked), seen.protocol, own),
            conflict:
                seen.more.length === 0 ? undefined : `has what this resource cannot tell (${seen.more.join(", ")})`,
            protocol: seen.protocol,
            isBehind: seen !== there[0],
        };
    },

    async create(host, want, mark) {
        await requireLinks(host, want);
        const keeps = await keepWays(host, want, { comes: seenOf(want) });
        const added = ip(
            `adds the route to ${want.destination}`,
            [["route", "add", ...wordsOf(want, OUR_PROTOCOL)]],
            [["route", "delete", ...targetOf(want, OUR_PROTOCOL)]],
        );
        return [await noteMark(host, keyOf(placeOf(want)), mark), { ...added, ...keeps }];
    },

    async update(host, { state, protocol, isBehind }, want, mark) {
        await requireLinks(host, want);
        const keeps = await keepWays(host, want, { goes: seenOf(state, protocol), comes: seenOf(want) });
        const note = await noteMark(host, keyOf(placeOf(want)), mark);
        const what = `changes the route to ${want.destination}`;
        // Packets take the first of them, so nobody misses ours for the moment that it is away.
        if (isBehind) {
            const added = ip(
                what,
                [["route", "append", ...wordsOf(want, OUR_PROTOCOL)]],
                [["route", "delete", ...targetOf(want, OUR_PROTOCOL)]],
            );
            return [note, removal(what, state, protocol), { ...added, ...keeps }];
        }
        const changed = ip(
            what,
            [["route", "replace", ...wordsOf(want, OUR_PROTOCOL)]],
            [["route", "replace", ...wordsOf(state, protocol)]],
        );
        return [note, { ...changed, ...keeps }];
    },

    async delete(host, { state, protocol }) {
        const { destination, table, metric } = placeOf(state);
        await keepRoute(host, subjectOf(state), state, { destination, metric, table });
        const goes = seenOf(state, protocol);
        const keeps = await keepLookup(host, subjectOf(state), state, lookupOf(state, { goes }));
        return [
            { ...removal(`removes the route to ${state.destination}`, state, protocol), ...keeps },
            forget(keyOf(placeOf(state))),
        ];
    },

    claims: (want) => [`route ${idOf(placeOf(want))}`],
    newOf: (was, want) => (linksOf(want).every((link) => linksOf(was).includes(link)) ? undefined : want),
    async cautions(host, want) {
        const said = await Promise.all([
            managerCautions(host, linksOf(want), "this route"),
            lookupCautions(host, subjectOf(want), want, lookupOf(want, { comes: seenOf(want) })),
        ]);
        return said.flat();
    },
};

const placeOf = ({ destination, table, metric }: Route): Place => ({
    destination,
    table,
    metric: metric ?? usualMetric(isV6(destination)),
});

function idOf({ destination, table, metric }: Place): string {
    return `${destination} table ${table}${metric === usualMetric(isV6(destination)) ? "" : ` metric ${metric}`}`;
}

const keyOf = (place: Place) => `route ${idOf(place)}`;

/** What an id names, in our spelling; undefined where it names nothing. */
function parsedId(id: string): Place | undefined {
    const [, network = "", name = "", metric] = /^(\S+) table (\S+?)(?: metric (\d{1,10}))?$/.exec(id) ?? [];
    const [destination, table] = [networkText(network), tableText(name)];
    if (destination === undefined || table === undefined) return undefined;
    return { destination, table, metric: metric === undefined ? usualMetric(isV6(destination)) : Number(metric) };
}

/** All that stand in one place (`ip route append`), in the kernel's order. */
async function routesAt(host: Host, { destination, table, metric }: Place): Promise<RouteSeen[]> {
    return (await readRoutes(host, isV6(destination))).filter(
        (one) =>
            one.destination === destination &&
            one.table === table &&
            one.metric === metric &&
            !one.more.includes("tos"),
    );
}

function stateOf(seen: RouteSeen, known: Route | undefined): Route {
    const { destination, table, metric, type, ways, source, scope, mtu, advmss, initcwnd, initrwnd } = seen;
    const [way] = ways;
    const one = ways.length > 1 ? undefined : way;
    const some = { source, mtu, advmss, initcwnd, initrwnd };
    const state: Route = {
        destination,
        table,
        type: type as Route["type"],
        onlink: one?.onlink ?? false,
        ...(one ? { ...gatewayOf(one), ...linkOf(one, known?.gateway !== undefined && known.link === undefined) } : {}),
        ...(ways.length > 1 ? { nextHops: hopsOf(ways, known?.nextHops ?? []) } : {}),
        ...Object.fromEntries(Object.entries(some).filter(([, value]) => value !== undefined)),
    };
    return {
        ...state,
        ...(isTold(metric, usualMetric(isV6(destination)), known?.metric) ? { metric } : {}),
        ...(isTold(scope, usualScope(state), known?.scope) ? { scope: scope as Route["scope"] } : {}),
    };
}

/** What `ip` gives a route where nothing is told. */
const usualScope = ({ type, gateway, nextHops }: Partial<Route>): Route["scope"] =>
    type === "unicast" && gateway === undefined && nextHops === undefined ? "link" : "global";

const gatewayOf = ({ gateway }: WaySeen) => (gateway === undefined ? {} : { gateway });

/** @param found whether the kernel found the link by the gateway, and nobody told it */
const linkOf = ({ gateway, link }: WaySeen, found: boolean) =>
    link === undefined || (found && gateway !== undefined) ? {} : { link };

type NextHops = NonNullable<Route["nextHops"]>;

function hopsOf(ways: WaySeen[], known: NextHops): NextHops {
    const hops = ways.map((way) => {
        const told = known.find(({ gateway, link }) => gateway === way.gateway && (link ?? way.link) === way.link);
        return {
            ...gatewayOf(way),
            ...linkOf(way, told !== undefined && told.link === undefined),
            weight: way.weight,
            onlink: way.onlink,
        };
    });
    // The schema's own order, in which two sets of next hops are compared.
    return Route.shape.nextHops.safeParse(hops).data ?? hops;
}

const linksOf = ({ link, nextHops = [] }: Route) =>
    [link, ...nextHops.map((hop) => hop.link)].filter((name) => name !== undefined);

async function keepWays(host: Host, want: Route, change: Exchange<RouteSeen>) {
    const { destination, table, metric } = placeOf(want);
    const { link, gateway } = want;
    await keepDirection(host, subjectOf(want), want, { destination, metric, table, link, gateway });
    return keepLookup(host, subjectOf(want), want, lookupOf(want, change));
}

const lookupOf = ({ destination }: Route, route: Exchange<RouteSeen>): LookupChange => ({
    family: isV6(destination) ? "ipv6" : "ipv4",
    route,
});

/** A route as it would be read, but for a link that the kernel finds. */
function seenOf(want: Route, protocol: number = OUR_PROTOCOL): RouteSeen {
    const { type, gateway, link, onlink, nextHops = [{ gateway, link, onlink, weight: 1 }] } = want;
    const ways = type === "unicast" ? nextHops.map((hop) => ({ ...hop, isDead: false })) : [];
    return { ...placeOf(want), type, protocol, ways, more: [] };
}

const subjectOf = (want: Route) => `route ${idOf(placeOf(want))}`;

async function requireLinks(host: Host, want: Route): Promise<void> {
    for (const name of linksOf(want)) await requireLink(host, subjectOf(want), name);
}

const removal = (what: string, state: Route, protocol: number): Step =>
    ip(what, [["route", "delete", ...targetOf(state, protocol)]], [["route", "append", ...wordsOf(state, protocol)]]);

/** Words that name it, and nothing else in its place. */
function targetOf(state: Route, protocol: number): Line {
    const { destination, table, metric } = placeOf(state);
    return [
        ...[state.type, destination, "table", String(tableNumber(table))],
        ...(metric === 0 ? [] : ["metric", String(metric)]),
        ...["protocol", String(protocol)],
    ];
}

function wordsOf(want: Route, protocol: number): Line {
    const { nextHops = [], source, scope, mtu, advmss, initcwnd, initrwnd } = want;
    const told = (word: string, value: string | number | undefined) =>
        value === undefined ? [] : [word, String(value)];
    const way = ({ gateway, link, onlink }: Pick<Route, "gateway" | "link"> & { onlink: boolean }) => [
        ...(gateway === undefined ? [] : ["via", isV6(gateway) ? "inet6" : "inet", gateway]),
        ...told("dev", link),
        ...(onlink ? ["onlink"] : []),
    ];
    return [
        ...targetOf(want, protocol),
        ...told("src", source),
        ...told("scope", scope),
        ...told("mtu", mtu),
        ...told("advmss", advmss),
        ...told("initcwnd", initcwnd),
        ...told("initrwnd", initrwnd),
        ...(nextHops.length > 0
            ? nextHops.flatMap((hop) => ["nexthop", ...way(hop), "weight", String(hop.weight)])
            : way(want)),
    ];
}
