/** What stands in our tables of a bridge: a port's way to its guards and past its limit, a meter, as whom it may send, and what hands on to a user's flows. */
import type { PortSecurity } from "../../schemas/ovs-port-parts";
import type { Host } from "../host";
import { quoted, shownName } from "../host/errors";
import { flowText, parseFlows, parseMeters, strictly, type Flow } from "../host/flow-text";
import type { Replica } from "../host/ovsdb/replica";
import {
    COOKIE_MASK,
    cookieOf,
    FIRST_PORT_METER,
    GUARD_TABLE,
    hangsTogether,
    portOf,
    isOurs,
    SHARED_COOKIE,
} from "../host/pipeline";
import type { Action, Plan, Step } from "../plan";
import { namesOf } from "./port-names";
import { guardsOf, LEAST_GUARD } from "./port-security";
import { bridgeFlows, hasController, isSecure } from "./takes-flows";

/** Above what a person would put there by hand: `ovs-ofctl add-flow br0 actions=NORMAL` has 32768. */
export const WAY_PRIORITY = 40000;

/** What a meter holds: whole numbers, at least 1. */
export interface IngressLimit {
    /** [kbit/s] */
    rateKbit: number;
    /** [kbit] */
    burstKbit: number;
}

/** What holds for what comes in at a port. */
export interface Guard {
    limit?: IngressLimit;
    security?: PortSecurity;
}

export interface GuardedPort extends Guard {
    name: string;
    /** Owner mark of the resource that wants it. */
    mark: string;
    /** What held before this change, which an undo gives back. */
    former?: Guard;
}

/**
 * What holds at ports that are plugged, in place of what held before; after the step that plugs them. What no longer
 * holds has gone before it (`unguardPorts`).
 *
 * @param told whether somebody's connection may end by it
 */
export function guardPorts(
    bridge: string,
    ports: GuardedPort[],
    secure: boolean,
    { takesOperatorPath = false }: { takesOperatorPath?: boolean },
): Step {
    const back = ports.flatMap(({ name, mark, former = {}, ...now }) =>
        changed({ name, mark, ...keptOf(former, now) }, now),
    );
    return {
        what: `guards what comes in at ${namesOf(ports)}`,
        keepsWays: !takesOperatorPath,
        action: openflow(bridge, [...ports.flatMap((port) => changed(port)), shared(secure)]),
        undo: [openflow(bridge, [...back, shared(secure)])],
    };
}

/** A port of which flows hold what is to go. */
export interface UnguardedPort {
    name: string;
    ofport: number;
    /** What an undo gives back. */
    was: Omit<GuardedPort, "name" | "former">;
    /** What is to hold of it after this change: its kinds stay. */
    stays: Guard;
}

/**
 * Takes away what does not stay; before the step that unplugs the ports, or in which their rows forget it: whoever is
 * killed in between leaves rows by which the next run looks for it.
 */
export function unguardPorts(bridge: string, ports: UnguardedPort[], secure: boolean): Step {
    const gone = ports.flatMap(({ ofport, was, stays }) => lessHeld(String(ofport), was.mark, stays));
    const former = ports.flatMap(({ name, was }) => changed({ name, ...was }));
    return {
        what: `lets go of what comes in at ${namesOf(ports)}`,
        action: openflow(bridge, [...gone, shared(secure)]),
        undo: [openflow(bridge, [...former, shared(secure)])],
    };
}

/** What is in force of a bridge's ports, by OpenFlow number. */
export interface InForce {
    limits: ReadonlyMap<number, IngressLimit>;
    /** Flows that say as whom a port may send. */
    security: ReadonlyMap<number, readonly Flow[]>;
    /** OpenFlow numbers at which a resource's flows stand, by its cookie. */
    numbers: ReadonlyMap<string, ReadonlySet<number>>;
    /** Flows of others among those that say as whom ports may send. */
    strange: readonly Flow[];
    /** Flows of others that a frame meets before those that lead it to the guards of its port. */
    ahead: readonly Flow[];
}

export const NOTHING_IN_FORCE: InForce = {
    limits: new Map(),
    security: new Map(),
    numbers: new Map(),
    strange: [],
    ahead: [],
};

/**
 * What is in force; nothing where the tables do not hang together, so that what a person removed by hand is seen and
 * repaired.
 */
export async function readGuards(host: Host, bridge: string): Promise<InForce> {
    const [view, flows, meters] = await Promise.all([
        host.switch(),
        host.read(host.openflow.reading("dump-flows", bridge), parseFlows),
        host.read(host.openflow.reading("dump-meters", bridge), parseMeters),
    ]);
    const numbers = numbersOf(flows);
    const strange = flows.filter((flow) => flow.table === GUARD_TABLE && !isOurs(flow));
    const ahead = flows.filter(isAhead);
    if (!hangsTogether(bridgeFlows(view, bridge, flows))) return { ...NOTHING_IN_FORCE, numbers, strange, ahead };
    const ways = new Map(flows.filter(isWay).map((flow) => [portOf(flow), flow]));
    const limits = [...ways].flatMap(([port, { actions }]): [number, IngressLimit][] => {
        const meter = actions === wayOn(meterAt(port)) ? meters.find(({ id }) => id === meterAt(port)) : undefined;
        const band = meter?.bands[0];
        if (!band || !meter.flags.includes("kbps")) return [];
        return [[port, { rateKbit: band.rate, burstKbit: band.burst }]];
    });
    const security = new Map<number, Flow[]>();
    for (const flow of flows) {
        const port = portOf(flow);
        if (flow.table !== GUARD_TABLE || !isOurs(flow) || !ways.has(port)) continue;
        security.set(port, [...(security.get(port) ?? []), flow]);
    }
    return { limits: new Map(limits), security, numbers, strange, ahead };
}

/** Whether a flow of others passes what no way of a port has taken yet. What the host itself sends into its bridge is no guest's. */
export const isAhead = (flow: Flow): boolean =>
    flow.table === 0 &&
    flow.priority >= WAY_PRIORITY &&
    flow.actions !== "drop" &&
    !/\bin_port=LOCAL\b/.test(flow.match) &&
    !isOurs(flow);

function numbersOf(flows: Flow[]): Map<string, Set<number>> {
    const numbers = new Map<string, Set<number>>();
    for (const flow of flows) {
        const port = portOf(flow);
        if (Number.isNaN(port) || (flow.table !== 0 && flow.table !== GUARD_TABLE)) continue;
        numbers.set(flow.cookie, (numbers.get(flow.cookie) ?? new Set()).add(port));
    }
    return numbers;
}

/**
 * Numbers at which flows of a resource stand that none of its ports has: the switch gave them others.
 *
 * @param ofports those that its guarded ports have
 */
export const strayOf = ({ numbers }: InForce, mark: string, ofports: readonly number[]): number[] =>
    [...(numbers.get(cookieOf(mark)) ?? [])].filter((number) => !ofports.includes(number));

/** What is told of them. */
export const strayFault = (numbers: readonly number[]): string =>
    `flows of its ingress limit or portSecurity are at the OpenFlow number ${numbers.join(", ")}, which Open vSwitch no longer gives it`;

/**
 * What is wrong where a flow of others decides as whom a secured port may send; undefined where none does. It is theirs to
 * remove.
 */
export function strangeFault({ strange }: InForce, bridge: string, ofport: number): string | undefined {
    const met = strange.find((flow) => flow.priority >= LEAST_GUARD && mayComeFrom(flow, ofport));
    return (
        met &&
        `a flow of somebody else decides as whom it may send, beside its portSecurity (${quoted(flowText(met))}); ` +
            `remove it: ovs-ofctl --strict del-flows ${shownName(bridge)} "${strictly(met)}"`
    );
}

/** Whether a flow takes what comes in at a port, or may do so. */
const mayComeFrom = (flow: Flow, ofport: number): boolean =>
    portOf(flow) === ofport || !/(?:^|,)in_port=/.test(flow.match);

/** Takes away what stands at numbers that a resource's ports no longer have; whoever has them now keeps what is theirs. */
export function unstray(bridge: string, numbers: readonly number[], mark: string, secure: boolean): Plan {
    if (numbers.length === 0) return [];
    const gone = numbers.flatMap((number) => [...own(number, mark), `meter free ${FIRST_PORT_METER + number}`]);
    return [
        {
            what: `removes what stands at the former OpenFlow number ${numbers.join(", ")} of ${bridge}`,
            action: openflow(bridge, [...gone, shared(secure)]),
        },
    ];
}

/** Takes away what ports have left that somebody unplugged by hand, as every bundle of ours does (openflow.ts). */
export const swept = (view: Replica, bridge: string): Plan =>
    view.byName("Bridge", bridge) === undefined || hasController(view, bridge)
        ? []
        : [
              {
                  what: `removes what ports that are gone have left in ${bridge}`,
                  action: openflow(bridge, [shared(isSecure(view, bridge))]),
              },
          ];

const openflow = (bridge: string, bundle: string[]): Action => ({ via: "openflow", bridge, bundle });

/** The last line of every bundle of ours. */
export const shared = (secure: boolean): string => (secure ? "shared secure" : "shared");

const meterOf = (name: string) => `{ofport:${name}+${FIRST_PORT_METER}}`;
const meterAt = (ofport: number) => FIRST_PORT_METER + ofport;

/** From what held to what is to hold. A limit that stays one is put over the former. */
const changed = ({ name, mark, ...now }: GuardedPort, former: Guard = {}): string[] => [
    ...(former.limit && !now.limit ? [`meter delete ${meterOf(name)}`] : []),
    ...(former.security || now.security ? [unsecure(`{ofport:${name}}`)] : []),
    ...(now.limit ? [limited(name, now.limit)] : []),
    ...(now.limit || now.security
        ? [way(`{ofport:${name}}`, mark, now.limit && meterOf(name))]
        : [noWay(`{ofport:${name}}`)]),
    ...(now.security ? secured(name, now.security, mark) : []),
];

/** To what stays, of which nothing is put anew but the way: a flow goes with the meter that it names. */
const lessHeld = (ofport: string, mark: string, stays: Guard): string[] => [
    ...(stays.limit ? [] : [stays.security ? way(ofport, mark) : noWay(ofport)]),
    ...(stays.limit ? [] : [`meter delete ${meterAt(Number(ofport))}`]),
    ...(stays.security ? [] : [unsecure(ofport)]),
];

/** What held before, of the kinds that hold now. */
const keptOf = (former: Guard, now: Guard): Guard => ({
    ...(now.limit && former.limit ? { limit: former.limit } : {}),
    ...(now.security && former.security ? { security: former.security } : {}),
});

const limited = (name: string, { rateKbit, burstKbit }: IngressLimit): string =>
    `meter put meter=${meterOf(name)},kbps,burst,bands=type=drop,rate=${rateKbit},burst_size=${burstKbit}`;

/** What leads from table 0 to a port's guards, whatever flows others have there. @param meter of its limit, where it has one */
const way = (ofport: string, mark: string, meter?: string): string =>
    `flow add cookie=${cookieOf(mark)},table=0,priority=${WAY_PRIORITY},in_port=${ofport},actions=${wayOn(meter)}`;

const wayOn = (meter?: string | number): string =>
    `${meter === undefined ? "" : `meter:${meter},`}goto_table:${GUARD_TABLE}`;

const secured = (name: string, security: PortSecurity, mark: string): string[] =>
    guardsOf(`{ofport:${name}}`, security).map(
        (flow) => `flow add cookie=${cookieOf(mark)},${flowText({ cookie: "0x0", options: [], ...flow })}`,
    );

/** Takes away what a resource has at a number, and nobody else. */
const own = (ofport: number, mark: string): string[] =>
    [0, GUARD_TABLE].map((table) => `flow delete cookie=${cookieOf(mark)}/-1,table=${table},in_port=${ofport}`);

/** Whoever of us made it: a port has one way. */
const noWay = (ofport: string): string =>
    `flow delete_strict ${strictly(
        { cookie: SHARED_COOKIE, table: 0, priority: WAY_PRIORITY, match: `in_port=${ofport}` },
        COOKIE_MASK,
    )}`;

/** Whoever of us made them: a port is secured in one way. */
const unsecure = (ofport: string): string =>
    `flow delete cookie=${SHARED_COOKIE}/${COOKIE_MASK},table=${GUARD_TABLE},in_port=${ofport}`;

/** Whether a flow leads a port to its guards, past its limit or without one. */
function isWay({ table, priority, match, actions }: Flow): boolean {
    const port = Number(/^in_port=(\d+)$/.exec(match)?.[1] ?? NaN);
    return table === 0 && priority === WAY_PRIORITY && (actions === wayOn() || actions === wayOn(meterAt(port)));
}
