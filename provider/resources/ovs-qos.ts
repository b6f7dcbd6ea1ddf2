/** How what leaves a port is shaped: rows QoS and Queue, which nobody removes but who made them. */
import { OvsQos, type QosQueue } from "../../schemas/ovs-qos";
import { HostError, shownName } from "../host/errors";
import { keyOf, textOf, uuidsOf } from "../host/ovsdb/columns";
import { map, named, ofRow, set, type Operation } from "../host/ovsdb/operations";
import type { Replica, Seen } from "../host/ovsdb/replica";
import { OWNER_KEY, sameStack } from "../owner";
import { ovsdb } from "../plan";
import { sameValue } from "../wire";
import type { Found, HostResource } from "../resource";
import { idleQueuesOf, others } from "./ovs-idle-queues";
import { changedRow } from "./ovs-port-change";
import { QOS_NAME_KEY } from "./ovs-port-rows";
import { qosRow, qosState, queueRow, queuesOf, queueState } from "./ovs-qos-rows";
import { rowOf } from "./ovs-rows";
import { shapes } from "./ovs-shaping";

interface QosHere extends Found<OvsQos> {
    view: Replica;
    row: Seen;
    queues: ReadonlyMap<string, Seen>;
}

export const ovsQos: HostResource<OvsQos, QosHere> = {
    type: "kvmnet:ovs:Qos",
    title: "OVS QoS",
    description:
        "How what leaves ports is shaped, with the queues that share it. Ports refer to it by its name; each that does is shaped by itself. " +
        "A QoS that libvirt or others have set on a port is left alone. " +
        "It is removed only when no port of another stack refers to it.",
    schema: OvsQos,
    cost: { name: "replace", type: "update", maxRate: "update", burst: "update", queues: "update" },
    idForm: "NAME",
    idNote: "or the UUID of a row that has none",

    async find(host, name, { mark }) {
        const view = await host.switch();
        const named = view.all("QoS").filter((row) => keyOf(row.external_ids, QOS_NAME_KEY) === name);
        const row =
            named.find(({ external_ids: ids }) => keyOf(ids, OWNER_KEY) === mark) ?? named[0] ?? view.row("QoS", name);
        if (!row) return undefined;
        const queues = queuesOf(view, row);
        return {
            view,
            row,
            queues,
            state: qosState(name, row, queues),
            mark: keyOf(row.external_ids, OWNER_KEY),
            objectId: row._uuid[1],
            conflict: TYPES.has(textOf(row.type) ?? "")
                ? undefined
                : `it is of type ${shownName(textOf(row.type) ?? "none")}, which has no properties here`,
        };
    },

    create: (_host, want, mark) => {
        const numbers = Object.keys(want.queues ?? {});
        const queues = numbers.map((number) => [Number(number), named(`q${number}`)]);
        const row = { ...rowOf(qosRow(want, mark)), ...(queues.length > 0 ? { queues: ["map", queues] } : {}) };
        return [
            ovsdb(
                `makes the QoS ${want.name}`,
                [
                    // The table has no index of its own on this key.
                    {
                        op: "wait",
                        timeout: 0,
                        table: "QoS",
                        where: withKeys({ [QOS_NAME_KEY]: want.name }),
                        columns: ["type"],
                        until: "==",
                        rows: [],
                    },
                    ...numbers.map((number) => newQueue(want, number, mark)),
                    { op: "insert", table: "QoS", "uuid-name": "qos", row },
                ],
                [
                    { op: "delete", table: "QoS", where: withKeys({ [OWNER_KEY]: mark }) },
                    { op: "delete", table: "Queue", where: withKeys({ [OWNER_KEY]: mark }) },
                ],
            ),
        ];
    },

    update(_host, { view, row, queues }, want, mark) {
        if (want.type !== row.type) refuseIdle(view, row, want);
        const changes = [changedRow("QoS", row, qosRow(want, mark))];
        const operations: Operation[] = [];
        const links: unknown[] = [];
        const apart: string[] = [];
        const gone = [...queues].filter(([number]) => !Object.hasOwn(want.queues ?? {}, number));
        const kept = new Map<Seen, QosQueue>();
        for (const [number, queue] of Object.entries(want.queues ?? {})) {
            const there = queues.get(number);
            // A row that others have, too, stays as it is, and serves as long as it says what is wanted.
            const theirs = there && isOthers(view, row, there, mark) ? queueState(there) : undefined;
            // Others may have given two numbers one row, which then can differ no longer.
            const shared = theirs ?? (there && kept.get(there));
            if (shared && sameValue(shared, queue)) continue;
            if (there && !shared) kept.set(there, queue);
            if (there && shared) apart.push(number);
            if (there && !shared) changes.push(changedRow("Queue", there, queueRow(queue, mark)));
            else {
                operations.push(newQueue(want, number, mark));
                links.push([Number(number), named(`q${number}`)]);
            }
        }
        const left = [...gone.map(([number]) => number), ...apart];
        if (links.length + left.length > 0)
            operations.push({
                op: "mutate",
                table: "QoS",
                where: ofRow(row._uuid),
                mutations: [
                    ...(left.length > 0 ? [["queues", "delete", set(...left.map(Number))]] : []),
                    ...(links.length > 0 ? [["queues", "insert", ["map", links]]] : []),
                ],
            });
        return [
            ovsdb(
                `sets the QoS ${want.name}`,
                [
                    ...changes.flatMap((change) => change.operations),
                    ...operations,
                    ...gone.flatMap(([, queue]) => (kept.has(queue) ? [] : dropQueue(view, row, queue, mark))),
                ],
                changes.flatMap((change) => change.undo),
            ),
        ];
    },

    delete(_host, { view, row, queues, state }, mark) {
        const users = view.all("Port").filter((port) => uuidsOf(port.qos)[0] === row._uuid[1]);
        const foreign = users.filter((port) => !sameStack(keyOf(port.external_ids, OWNER_KEY), mark));
        if (foreign.length > 0)
            throw new HostError(
                "refused",
                `OVS QoS ${state.name}`,
                `ports that this stack did not make are shaped by it (${foreign
                    .slice(0, 20)
                    .map((port) => shownName(String(port.name)))
                    .join(", ")}), so it is not removed`,
                "Take it from these ports first, with `ovs-vsctl clear Port NAME qos`.",
            );
        return [
            ovsdb(`removes the QoS ${state.name}`, [
                ...users.map((port) => ({
                    op: "update",
                    table: "Port",
                    where: ofRow(port._uuid),
                    row: { qos: set() },
                })),
                { op: "delete", table: "QoS", where: ofRow(row._uuid) },
                ...[...queues.values()].flatMap((queue) => dropQueue(view, row, queue, mark)),
            ]),
        ];
    },

    claims: ({ name }) => [`QoS ${name}`],

    newOf(was, want) {
        const come = others(Object.keys(want.queues ?? {})).some((number) => !Object.hasOwn(was.queues ?? {}, number));
        return come || (lacksRate(want) && !lacksRate(was)) ? want : undefined;
    },

    cautions: async (host, want) => [...rateCautions(want), ...(await idleQueuesOf(host, want))],
};

const lacksRate = ({ maxRate }: OvsQos): boolean => maxRate === undefined;

/** Open vSwitch has the kernel share the link's speed then (htb_parse_qdisc_details__ in lib/netdev-linux.c). */
const rateCautions = (want: OvsQos): string[] =>
    lacksRate(want)
        ? [
              `The QoS ${want.name} has no maxRate, so Open vSwitch takes the speed that the port's link tells. A tap has none, and tells 10 Mbit/s before Linux 6.2 (as on Debian 12) and 10 Gbit/s since: its guest gets no more than that. ` +
                  "Set maxRate to what all that leaves the port may have.",
          ]
        : [];

/** @throws HostError refused where ports would be shaped no longer, of which the switch says no word */
function refuseIdle(view: Replica, row: Seen, { name, type }: OvsQos): void {
    const idle = view
        .all("Port")
        .filter((port) => uuidsOf(port.qos)[0] === row._uuid[1])
        .filter((port) => !view.referred("Interface", port.interfaces).every((link) => shapes(type, textOf(link.type))))
        .map((port) => shownName(String(port.name)));
    if (idle.length === 0) return;
    throw new HostError(
        "refused",
        `OVS QoS ${name}`,
        `ports refer to it (${idle.slice(0, 20).join(", ")}) at which type ${type} shapes nothing: an egress-policer acts at DPDK's ports alone, and nothing else does there`,
        "Leave its type, or give these ports another QoS first, in a run of its own.",
    );
}

const TYPES = new Set<string>(["linux-htb", "linux-hfsc", "egress-policer"]);

/** Rows whose external_ids hold these keys. */
const withKeys = (keys: Record<string, string>) => [["external_ids", "includes", map(keys)]];

const newQueue = ({ queues }: OvsQos, number: string, mark: string): Operation => ({
    op: "insert",
    table: "Queue",
    "uuid-name": `q${number}`,
    row: rowOf(queueRow(queues?.[number] ?? {}, mark)),
});

/** Queues are rows of their own that stay behind; one that is others', too, is left. */
const dropQueue = (view: Replica, row: Seen, queue: Seen, mark: string): Operation[] =>
    isOthers(view, row, queue, mark) ? [] : [{ op: "delete", table: "Queue", where: ofRow(queue._uuid) }];

/** Whether another QoS has this queue, too, or it is another stack's. */
function isOthers(view: Replica, row: Seen, queue: Seen, mark: string): boolean {
    const carried = keyOf(queue.external_ids, OWNER_KEY);
    if (carried !== undefined && !sameStack(carried, mark)) return true;
    return view.all("QoS").some((other) => other !== row && [...queuesOf(view, other).values()].includes(queue));
}
