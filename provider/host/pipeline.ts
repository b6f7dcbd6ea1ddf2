/**
 * How the flow tables of a bridge are shared out: 0 (what a port may send, by a meter) and 5 (as whom it may send), to
 * which 0 leads a secured port above the flows that others put there, are ours and hand on to 10, where a user's flows begin. While nobody has put a flow into 10 it says NORMAL, so that a bridge
 * with a limit on one port switches as before; not on a bridge that is secure, which passes only what a flow lets pass.
 */
import { parseFlow, placeOfFlow, strictly, type Flow } from "./flow-text";

/** The table in which a port's packets are held against what it may send as. */
export const GUARD_TABLE = 5;
/** The table in which a user's flows begin. */
export const USER_TABLE = 10;
/** In external_ids of a port's row: its ingress limit is a meter of ours, and a flow of table 0 leads there. */
export const INGRESS_KEY = "kvmnet-ingress";
/** In external_ids of a port's row: `MAC ADDRESS ADDRESS` that it may send as, `MAC any` for every address. */
export const SECURITY_KEY = "kvmnet-security";
/** In external_ids of a port's row: the OpenFlow number that it asks for, where nobody has declared one. */
export const NUMBER_KEY = "kvmnet-number";
/** A port's meter is this plus its OpenFlow number; a user's meters are below. */
export const FIRST_PORT_METER = 65536;
/** First 16 bits of every cookie that we choose. */
const COOKIE_PREFIX = 0x6b6en << 48n;
export const COOKIE_MASK = "0xffff000000000000";
/** Cookie of the flows that belong to nobody alone: table 0's last and table 10's first. */
export const SHARED_COOKIE = `0x${COOKIE_PREFIX.toString(16)}`;

/** @param digest hexadecimal; its first 48 bits are taken */
export const cookieFrom = (digest: string): string =>
    `0x${(COOKIE_PREFIX | BigInt(`0x${digest.slice(0, 12)}`)).toString(16)}`;

/** The cookie of what the resource with this owner mark has in our tables. */
export const cookieOf = (mark: string): string => cookieFrom(/^kvmnet:([0-9a-f]{16}):/.exec(mark)?.[1] ?? "0");

/** The OpenFlow number that a flow matches; NaN for none. */
export const portOf = ({ match }: Flow): number => Number(/(?:^|,)in_port=(\d+)/.exec(match)?.[1] ?? NaN);

export const isOurs = ({ cookie }: Flow) => BigInt(cookie) >> 48n === COOKIE_PREFIX >> 48n;
const isShared = ({ cookie }: Flow) => cookie === SHARED_COOKIE;

/** Whether a flow leads to a user's, or is the one that switches while there are none. */
export const isHandingOn = (flow: Flow): boolean => isShared(flow) || (flow.table < USER_TABLE && isOurs(flow));

/** Above the NORMAL of priority 0 that a standalone bridge puts into table 0 at each of its own changes (bridge.c). */
const HAND_ON: Flow = {
    cookie: SHARED_COOKIE,
    table: 0,
    priority: 1,
    match: "",
    options: [],
    actions: `goto_table:${GUARD_TABLE}`,
};
const PASS_ON: Flow = { ...HAND_ON, table: GUARD_TABLE, priority: 0, actions: `goto_table:${USER_TABLE}` };
const NORMAL: Flow = { ...HAND_ON, table: USER_TABLE, priority: 0, actions: "NORMAL" };

/** How a bridge is at the time of a change. */
export interface BridgeFlows {
    /** All of them, whoever made them. */
    flows: Flow[];
    /** Cookies of declared flows. */
    cookies: string[];
    /** Whether the bridge passes nothing without a flow. */
    secure: boolean;
}

/**
 * What a bundle must have before and after its own lines so that the tables hang together when it is done.
 *
 * @param lines the bundle: `flow add FLOW`, `flow delete cookie=C/MASK`, perhaps with a table and fields that those which
 *   go all have, `flow delete_strict cookie=C/MASK,table=...`
 */
export function sharedFlows(
    { flows, cookies, secure }: BridgeFlows,
    lines: string[],
): { before: string[]; after: string[] } {
    const is = flows.filter(isShared);
    const will = outcome(
        flows.filter((flow) => !isShared(flow)),
        lines,
    );
    const inUse = will.some((flow) => cookies.includes(flow.cookie) || (flow.table < USER_TABLE && isOurs(flow)));
    const users = will.some(({ table }) => table === USER_TABLE);
    const wanted = [...(inUse ? [HAND_ON, PASS_ON] : []), ...(inUse && !users && !secure ? [NORMAL] : [])];
    const same = (one: Flow) => (other: Flow) => text(one) === text(other);
    return {
        before: is.filter((flow) => !wanted.some(same(flow))).map((flow) => `flow delete_strict ${strictly(flow)}`),
        after: wanted.filter((flow) => !is.some(same(flow))).map((flow) => `flow add ${text(flow)}`),
    };
}

/** Flows of one resource at one OpenFlow number. */
export interface AtPort {
    cookie: string;
    port: number;
    table: number;
}

/** A port that is there. */
export interface PortThere {
    /** Cookie of what the resource has in our tables whose mark it carries. */
    cookie: string;
    /** Its OpenFlow number; NaN for none. */
    port: number;
    /** Tables in which flows hold it, as its row says, whatever mark it carries. */
    heldIn: readonly number[];
}

/**
 * What stands in our tables for ports that are no longer there: somebody unplugged them by hand. A port without a number
 * may get its former one again, so nothing of its resource counts as left; nor does what holds a port whose mark is another
 * one now, or gone.
 */
export function leftOver(flows: readonly Flow[], ports: readonly PortThere[]): AtPort[] {
    const ofResource = new Set(ports.map(({ cookie, port }) => `${cookie} ${port}`));
    const held = new Set(ports.flatMap(({ port, heldIn }) => heldIn.map((table) => `${table} ${port}`)));
    const left = new Map<string, AtPort>();
    for (const flow of flows) {
        const { cookie, table } = flow;
        const port = portOf(flow);
        if (table >= USER_TABLE || !isOurs(flow) || Number.isNaN(port) || held.has(`${table} ${port}`)) continue;
        if (!ofResource.has(`${cookie} ${port}`) && !ofResource.has(`${cookie} NaN`))
            left.set(`${cookie} ${table} ${port}`, { cookie, port, table });
    }
    return [...left.values()];
}

/** A flow of somebody else that has the place of one that a bundle would add. */
export function inPlaceOf(added: string[], { flows, cookies }: BridgeFlows): Flow | undefined {
    const places = new Set(added.map((line) => placeOfFlow(parseFlow(line.replace(/^flow add /, "")))));
    return flows.find((flow) => places.has(placeOfFlow(flow)) && !isKept(flow, cookies));
}

/**
 * A flow of a user's tables that has the place of one that a bundle would add, and another cookie: in the switch, or of
 * another change in the same bundle. What was planned at the same moment does not know of each other.
 */
export function takenIn(flows: readonly Flow[], lines: string[]): Flow | undefined {
    const isUsers = ({ table, cookie }: Flow) => table >= USER_TABLE && cookie !== SHARED_COOKIE;
    const places = new Map(flows.filter(isUsers).map((flow) => [placeOfFlow(flow), flow]));
    for (const line of lines.filter((line) => line.startsWith(ADD))) {
        const flow = parseFlow(line.slice(ADD.length));
        const other = places.get(placeOfFlow(flow));
        if (other && other.cookie !== flow.cookie) return other;
        if (isUsers(flow)) places.set(placeOfFlow(flow), flow);
    }
    return undefined;
}

/** Whether the shared flows are as the others need them. */
export function hangsTogether(bridge: BridgeFlows): boolean {
    const { before, after } = sharedFlows(bridge, []);
    return before.length + after.length === 0;
}

/** Whether a flow is one that we put there, or declared by a resource of ours. */
export const isKept = (flow: Flow, cookies: readonly string[]): boolean =>
    isOurs(flow) || cookies.includes(flow.cookie);

const ADD = "flow add ";

const text = ({ cookie, table, priority, actions }: Flow) =>
    `cookie=${cookie},table=${table},priority=${priority},actions=${actions}`;

/** The flows that a bundle leaves, as far as tables and cookies go. */
function outcome(flows: Flow[], lines: string[]): Flow[] {
    return lines.reduce((there, line) => {
        const [, verb = "", rest = ""] = /^flow (\w+) (.*)$/.exec(line) ?? [];
        if (verb === "add") return [...there, parseFlow(rest)];
        const gone = deletion(rest);
        if (verb === "delete") return there.filter((flow) => !gone.owns(flow) || !gone.covers(flow));
        if (verb === "delete_strict")
            return there.filter(
                (flow) =>
                    !gone.owns(flow) ||
                    flow.table !== gone.flow.table ||
                    flow.priority !== gone.flow.priority ||
                    flow.match !== gone.flow.match,
            );
        return there;
    }, flows);
}

function deletion(text: string): Record<"owns" | "covers", (flow: Flow) => boolean> & { flow: Flow } {
    const [, cookie = "0", mask = "-1"] = /^cookie=(\w+)\/(-1|\w+)/.exec(text) ?? [];
    const bits = BigInt.asUintN(64, BigInt(mask));
    const flow = parseFlow(`${text.replace(/^cookie=[^,]*,?/, "")} actions=`);
    const fields = flow.match.split(",").filter(Boolean);
    const named = /\btable=/.test(text);
    return {
        flow,
        covers: ({ table, match }) =>
            (!named || table === flow.table) && fields.every((field) => match.split(",").includes(field)),
        owns: (flow) => (BigInt(flow.cookie) & bits) === (BigInt(cookie) & bits),
    };
}
