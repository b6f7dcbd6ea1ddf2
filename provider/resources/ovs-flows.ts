/**
 * Flows, groups and meters of one bridge that belong together. The flows carry one cookie; groups and meters have no
 * place for one, so the bridge's row notes their numbers beside the owner mark.
 */
import { createHash } from "node:crypto";
import { Cookie, OvsFlows } from "../../schemas/ovs-flows";
import { IfName } from "../../schemas/units";
import type { Host } from "../host";
import { HostError, shownName } from "../host/errors";
import { FLOWS_KEY, noteOf, noteText, type Note } from "../host/flow-notes";
import { flowText, groupText, meterText, parseGroup, parseMeters, placeOfFlow, strictly } from "../host/flow-text";
import { ofRow, putKeys, set, type Operation, type Uuid } from "../host/ovsdb/operations";
import type { Seen } from "../host/ovsdb/replica";
import { cookieFrom, hangsTogether, isOurs, USER_TABLE } from "../host/pipeline";
import { ovsdb, type Plan, type Step } from "../plan";
import type { Found, HostResource } from "../resource";
import { permissionOf } from "./operator-guard";
import { refuseForeign, refuseInUse } from "./flow-conflicts";
import { described, idsOf, look, spelled, type Own, type Tables } from "./flow-tables";
import { shared, WAY_PRIORITY } from "./table-zero";
import { bridgeFlows, hasController, isSecure, requireNoController } from "./takes-flows";

interface FlowsHere extends Found<OvsFlows> {
    row: Seen;
    note?: Note;
    tables: Tables;
}

type Claiming = Pick<OvsFlows, "bridge" | "cookie"> & Partial<OvsFlows>;

export const ovsFlows: HostResource<OvsFlows, FlowsHere> = {
    type: "kvmnet:ovs:Flows",
    title: "OpenFlow flows",
    description:
        "OpenFlow flows, groups and meters of one Open vSwitch bridge, written as for `ovs-ofctl` and changed in one bundle. " +
        "They are told by their cookie; flows of others stay as they are, and one that would take the place of a flow of " +
        `somebody else is refused. Tables below ${USER_TABLE} are kvmnet's (limits and security of ports) and hand on to table ${USER_TABLE}, where these ` +
        `flows begin. While table ${USER_TABLE} is empty it says NORMAL, unless the bridge's failMode is secure; with the first ` +
        "flow in it, it does what its flows say and drops the rest. A bridge with a Controller takes none. A port's name stands for " +
        "its OpenFlow number at the time of the change, and a port that is made anew gets another: write the name as an output of the port " +
        "(`in_port=${port.name}`), and the flows are made anew with it. Flows are not kept " +
        "over a restart of ovs-vswitchd: a FlowKeeper puts them back at once; else a refresh shows that they are gone, and the next update does.",
    schema: OvsFlows,
    cost: {
        bridge: "replace",
        cookie: "replace",
        flows: "update",
        groups: "update",
        meters: "update",
        takesOperatorPath: "update",
    },
    presets: { takesOperatorPath: false },
    standsOn: ["flows", "groups"],
    derived: ["cookie"],
    complete: (want, seed) =>
        typeof want.bridge === "string"
            ? { ...want, cookie: want.cookie ?? derivedCookie(`${seed} ${want.bridge}`) }
            : want,
    idOf: ({ bridge, cookie }) => `${bridge}/${cookie}`,
    idForm: "BRIDGE/COOKIE",
    // Under another cookie they have the places that they had.
    placesOf: ({ bridge }) => [bridge],
    checkId: (id) =>
        partsOf(id) ? undefined : "write the bridge's name and the cookie of the flows, such as br0/0x2a",
    // State leaves out what is empty.
    claims: ({ bridge, cookie, groups = [], meters = [] }: Claiming) => [
        `flows ${cookie ? `with the cookie ${cookie}` : "without a cookie of their own"} on ${bridge}`,
        ...idsOf(groups.map(parseGroup)).map((id) => `group ${id} of ${bridge}`),
        ...idsOf(meters.flatMap(parseMeters)).map((id) => `meter ${id} of ${bridge}`),
    ],

    async cautions(host, { bridge }) {
        if (!(await host.switch()).byName("Bridge", bridge)) return [];
        const { flows } = await look(host, bridge);
        const first = flows.filter((flow) => flow.table === 0 && flow.priority > 1 && !isOurs(flow));
        return first.length === 0
            ? []
            : [
                  `Table 0 of ${bridge} holds ${first.length} flows that are not kvmnet's; what they match does not reach ` +
                      `table ${USER_TABLE}, where these flows begin, but for what a port with portSecurity or a metered ingress sends: ` +
                      `that is led on at priority ${WAY_PRIORITY}, before all of less.`,
              ];
    },

    async find(host, id, { known }) {
        const { bridge = "", cookie = "" } = partsOf(id) ?? {};
        const view = await host.switch();
        const row = view.byName("Bridge", bridge);
        if (!row) return undefined;
        const note = noteOf(row, cookie);
        const tables = await look(host, bridge);
        const own = ownOf(tables, cookie, note);
        if (!note && own.flows.length === 0) return undefined;
        const loose =
            note !== undefined && own.flows.length > 0 && !hangsTogether(bridgeFlows(view, bridge, tables.flows));
        return {
            row,
            note,
            tables,
            state: {
                bridge,
                cookie,
                ...(await described(host, bridge, known, own, tables.ports)),
                ...permissionOf(known),
            },
            mark: note?.mark,
            objectId: `${row._uuid[1]}/${cookie}`,
            ...(loose ? { fault: `table 0 does not hand on to table ${USER_TABLE} as these flows need it` } : {}),
            ...(!note && own.flows.some(({ table }) => table < USER_TABLE)
                ? { conflict: `some flows of this cookie stand in tables below ${USER_TABLE}, which are kvmnet's` }
                : {}),
        };
    },

    async create(host, want, mark) {
        const row = (await host.switch()).byName("Bridge", want.bridge);
        if (!row)
            throw new HostError(
                "missing",
                subjectOf(want),
                `there is no OVS bridge ${want.bridge} on ${host.where}`,
                "Declare it as kvmnet:ovs:Bridge and pass its name on, or correct the name.",
            );
        return brought(host, { row, tables: await look(host, want.bridge) }, want, mark);
    },

    update: (host, found, want, mark) => brought(host, found, want, mark),

    async delete(host, { row, note, tables, state }) {
        const secure = isSecure(await host.switch(), state.bridge);
        const { cookie = "" } = state;
        const own = ownOf(tables, cookie, note);
        const forget: Operation[] = [withoutKey(row._uuid, FLOWS_KEY + cookie)];
        // Where a controller came meanwhile the switch has dropped them.
        if (hasController(await host.switch(), state.bridge)) return [ovsdb(`forgets ${subjectOf(state)}`, forget)];
        refuseInUse(subjectOf(state), cookie, own, tables);
        return [
            bundled(
                state.bridge,
                `removes ${subjectOf(state)}`,
                [
                    `flow delete cookie=${cookie}/-1`,
                    ...own.groups.map(({ id }) => `group delete group_id=${id}`),
                    ...own.meters.map(({ id }) => `meter delete ${id}`),
                ],
                adding(own, cookie),
                secure,
                state,
            ),
            ovsdb(`forgets ${subjectOf(state)}`, forget),
        ];
    },
};

/** The mark and every number go into the bridge's row first: what a killed run leaves is known as ours. */
async function brought(
    host: Host,
    { row, note, tables }: Pick<FlowsHere, "row" | "note" | "tables">,
    want: OvsFlows,
    mark: string,
): Promise<Plan> {
    const view = await host.switch();
    const subject = subjectOf(want);
    const { bridge, cookie = "" } = want;
    requireNoController(view, bridge, subject, "these are flows");
    const own = ownOf(tables, cookie, note);
    const wanted = await spelled(host, subject, want, tables.ports);
    refuseForeign(subject, cookie, row, wanted, tables, own);
    const gone = { groups: without(own.groups, wanted.groups), meters: without(own.meters, wanted.meters) };
    refuseInUse(subject, cookie, gone, tables);

    const [now, before] = [adding(wanted, cookie), adding(own, cookie)];
    const lines = [...now.filter((line) => !before.includes(line)), ...removing(own, wanted, cookie)];
    const former = [...before.filter((line) => !now.includes(line)), ...removing(wanted, own, cookie)];
    const key = FLOWS_KEY + cookie;
    const put = (entry: Note) => putKeys("Bridge", row._uuid, "external_ids", { [key]: noteText(entry) });
    const [groups, meters] = [idsOf(wanted.groups), idsOf(wanted.meters)];
    const undo = note ? put(note) : withoutKey(row._uuid, key);
    const widest = { mark, groups: union(note?.groups, groups), meters: union(note?.meters, meters) };
    const last = { mark, groups, meters };
    return [
        ovsdb(`notes ${subject} as ours`, [put(widest)], [undo]),
        bundled(bridge, `sets ${subject}`, inOrder(lines), inOrder(former), isSecure(view, bridge), want),
        ...(noteText(last) === noteText(widest) ? [] : [ovsdb(`notes what is left of ${subject}`, [put(last)])]),
    ];
}

function ownOf({ flows, groups, meters }: Tables, cookie: string, note: Note | undefined): Own {
    return {
        flows: flows.filter((flow) => flow.cookie === cookie),
        groups: groups.filter(({ id }) => note?.groups.includes(id)),
        meters: meters.filter(({ id }) => note?.meters.includes(id)),
    };
}

const adding = ({ flows, groups, meters }: Own, cookie: string): string[] => [
    ...meters.map((meter) => `meter put ${meterText(meter)}`),
    ...groups.map((group) => `group add_or_mod ${groupText(group)}`),
    ...flows.map((flow) => `flow add cookie=${cookie},${flowText(flow)}`),
];

/** What goes when one set becomes another; a flow that another takes the place of goes by that. */
function removing(from: Own, to: Own, cookie: string): string[] {
    const places = new Set(to.flows.map(placeOfFlow));
    return [
        ...from.flows
            .filter((flow) => !places.has(placeOfFlow(flow)))
            .map((flow) => `flow delete_strict ${strictly({ ...flow, cookie })}`),
        ...without(from.groups, to.groups).map(({ id }) => `group delete group_id=${id}`),
        ...without(from.meters, to.meters).map(({ id }) => `meter delete ${id}`),
    ];
}

/** Groups stand before the flows that use them, and go after them. */
const inOrder = (lines: string[]): string[] => {
    const order = ["meter put", "group add_or_mod", "flow delete_strict", "flow add", "group delete", "meter delete"];
    const rank = (line: string) => order.findIndex((start) => line.startsWith(start));
    return [...lines].sort((a, b) => rank(a) - rank(b));
};

const bundled = (
    bridge: string,
    what: string,
    lines: string[],
    former: string[],
    secure: boolean,
    { takesOperatorPath = false }: Partial<OvsFlows>,
): Step => ({
    what,
    keepsWays: !takesOperatorPath,
    action: { via: "openflow", bridge, bundle: [...lines, shared(secure)] },
    undo: [{ via: "openflow", bridge, bundle: [...former, shared(secure)] }],
});

const withoutKey = (row: Uuid, key: string): Operation => ({
    op: "mutate",
    table: "Bridge",
    where: ofRow(row),
    mutations: [["external_ids", "delete", set(key)]],
});

const union = (some: number[] = [], more: number[]) => [...new Set([...some, ...more])].sort((a, b) => a - b);
const without = <Thing extends { id: number }>(all: Thing[], kept: Thing[]) =>
    all.filter(({ id }) => !idsOf(kept).includes(id));

function partsOf(id: string): { bridge: string; cookie: string } | undefined {
    const [bridge = "", cookie = "", ...more] = id.split("/");
    if (more.length > 0 || !IfName.safeParse(bridge).success) return undefined;
    const read = Cookie.safeParse(cookie);
    return read.success ? { bridge, cookie: read.data } : undefined;
}

const subjectOf = ({ bridge, cookie }: OvsFlows): string => `OpenFlow flows ${shownName(bridge)}/${cookie}`;

const derivedCookie = (seed: string): string => cookieFrom(createHash("sha256").update(seed).digest("hex"));
