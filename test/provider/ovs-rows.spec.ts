import assert from "node:assert/strict";
import fc from "fast-check";
import { set, type Operation, type Row } from "../../provider/host/ovsdb/operations";
import { Replica, type Seen } from "../../provider/host/ovsdb/replica";
import { bondRow, bondState } from "../../provider/resources/ovs-bond-rows";
import { bridgeRow, bridgeState, localRow } from "../../provider/resources/ovs-bridge-rows";
import { changedRow } from "../../provider/resources/ovs-port-change";
import { interfaceRow, interfacesOf, portRow, portState } from "../../provider/resources/ovs-port-rows";
import { qosRow, qosState, queueRow, queuesOf } from "../../provider/resources/ovs-qos-rows";
import { rowOf, type Managed } from "../../provider/resources/ovs-rows";
import { NOTHING_IN_FORCE } from "../../provider/resources/table-zero";
import { OvsBridge } from "../../schemas/ovs-bridge";
import { OvsPort } from "../../schemas/ovs-port";
import { OvsQos } from "../../schemas/ovs-qos";

const MARK = "kvmnet:0123456789abcdef:shop/dev/Port/web";
const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
const name = fc.stringMatching(/^[a-z][a-z0-9.-]{0,9}$/);
const mac = fc
    .tuple(...Array.from({ length: 5 }, () => fc.nat(255)))
    .map((bytes) => ["52", ...bytes.map(hex)].join(":"));
const hex = (byte: number) => byte.toString(16).padStart(2, "0");
const vlan = fc.integer({ min: 1, max: 4094 });
const vlans = fc.array(
    fc.tuple(vlan, fc.nat(20)).map(([from, more]) => `${from}-${Math.min(4094, from + more)}`),
    { minLength: 1, maxLength: 4 },
);
const rate = fc.integer({ min: 1, max: 10_000_000 }).map((kilo) => kilo * 1_000);
const size = fc.integer({ min: 1, max: 1_000_000 });
const openMap = fc.dictionary(fc.stringMatching(/^x-[a-z]{1,8}$/), fc.string({ unit: "binary", maxLength: 12 }), {
    maxKeys: 3,
});
const address = fc.constantFrom("192.0.2.1", "2001:db8::1", "flow");
const tunnel = fc.record({
    remoteIp: address,
    key: maybe(fc.oneof(fc.nat(0xffffff).map(String), fc.constant("flow"))),
    tos: maybe(fc.constantFrom("0", "4", "252", "inherit")),
    ttl: maybe(fc.constantFrom("1", "255", "inherit")),
    csum: maybe(fc.boolean()),
    dfDefault: maybe(fc.boolean()),
});
const kind = fc.oneof(
    fc.record({ type: fc.constantFrom("system", "internal", "tap") }),
    fc.record({ type: fc.constant("patch"), options: fc.record({ peer: name }) }),
    fc.record({ type: fc.constantFrom("vxlan", "geneve", "gre"), options: tunnel }),
    fc.record({
        type: fc.constant("dpdkvhostuserclient"),
        options: fc.record({ vhostServerPath: fc.constant("/run/vhu 0"), txRetriesMax: maybe(fc.nat(32)) }),
    }),
);
const carries = fc.oneof(
    fc.record({ tag: maybe(vlan) }),
    fc.record({ vlanMode: fc.constant("access"), tag: vlan }),
    fc.record({ vlanMode: fc.constant("trunk"), trunks: vlans }),
    fc.record({ vlanMode: fc.constantFrom("native-tagged", "native-untagged"), tag: vlan, trunks: maybe(vlans) }),
    fc.record({ vlanMode: fc.constant("dot1q-tunnel"), tag: vlan, cvlans: maybe(vlans) }),
);
const bond = fc.record({
    interfaces: fc.uniqueArray(name, { minLength: 2, maxLength: 4 }),
    bondMode: maybe(fc.constantFrom("active-backup", "balance-slb", "balance-tcp")),
    lacp: maybe(fc.constantFrom("active", "passive")),
    lacpTime: maybe(fc.constantFrom("fast", "slow")),
    lacpFallbackAb: maybe(fc.boolean()),
    bondUpdelay: maybe(fc.nat(2147483647)),
    bondDowndelay: maybe(fc.nat(2147483647)),
});
const lone = fc
    .tuple(
        kind,
        fc.record({
            mac: maybe(mac),
            ofportRequest: maybe(fc.integer({ min: 1, max: 65279 })),
            mtuRequest: maybe(fc.integer({ min: 576, max: 9000 })),
            ingress: maybe(fc.record({ rate, burst: maybe(size) })),
        }),
    )
    .map(([one, more]) => ({ ...more, ...one }));

/** What its schema takes of what is drawn: as a program may declare it, and in the spelling that state has. */
const accepted = <Value>(
    drawn: fc.Arbitrary<unknown>,
    schema: { safeParse(input: unknown): { success: boolean; data?: Value } },
) =>
    drawn
        .map((input) => schema.safeParse(withoutAbsent(input)))
        .filter(({ success }) => success)
        .map(({ data }) => withoutAbsent(data) as Value);
const withoutAbsent = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

const port = accepted(
    fc
        .tuple(
            fc.record({
                name,
                bridge: fc.constant("br0"),
                protected: maybe(fc.boolean()),
                otherConfig: maybe(openMap),
            }),
            carries,
            fc.oneof(lone, bond),
        )
        .map(([base, one, other]) => ({ ...base, ...one, ...other })),
    OvsPort,
);
const bridge = accepted(
    fc.record({
        name,
        datapathType: fc.constantFrom("system", "netdev"),
        failMode: maybe(fc.constantFrom("standalone", "secure")),
        mac: maybe(mac),
        datapathId: maybe(fc.stringMatching(/^[0-9a-f]{16}$/)),
        protocols: maybe(fc.subarray(["OpenFlow10", "OpenFlow13", "OpenFlow15"], { minLength: 1 })),
        stp: maybe(fc.boolean()),
        stpPriority: maybe(fc.nat(65535)),
        stpHelloTime: maybe(fc.integer({ min: 1, max: 10 })),
        rstp: maybe(fc.boolean()),
        rstpPriority: maybe(fc.nat(15).map((step) => step * 4096)),
        mcastSnooping: maybe(fc.boolean()),
        macTableSize: maybe(fc.integer({ min: 10, max: 1_000_000 })),
        mtuRequest: maybe(fc.integer({ min: 576, max: 9000 })),
        uplinks: maybe(fc.uniqueArray(name, { minLength: 1, maxLength: 3 })),
        otherConfig: maybe(openMap),
        externalIds: maybe(openMap),
    }),
    OvsBridge,
);
const qos = accepted(
    fc.oneof(
        fc.record({
            name,
            type: fc.constant("linux-htb"),
            maxRate: maybe(rate),
            queues: maybe(
                fc.dictionary(
                    fc.nat(61439).map(String),
                    fc.record({
                        minRate: maybe(rate),
                        maxRate: maybe(rate),
                        burst: maybe(size),
                        priority: maybe(fc.nat(4294967295)),
                        dscp: maybe(fc.nat(63)),
                    }),
                    { minKeys: 1, maxKeys: 3 },
                ),
            ),
        }),
        fc.record({ name, type: fc.constant("egress-policer"), maxRate: rate, burst: size }),
    ),
    OvsQos,
);

const uuid = (index: number) => `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`;
const referring = (...indexes: number[]) => ["set", indexes.map((index) => ["uuid", uuid(index)])];

/** A database that holds these rows alone, as `monitor_cond` tells it. */
function holding(tables: Record<string, Row[]>): Replica {
    const view = new Replica();
    let index = 0;
    for (const [table, rows] of Object.entries(tables))
        view.take({ [table]: Object.fromEntries(rows.map((row) => [uuid(index++), { insert: row }])) });
    return view;
}

const only = (view: Replica, table: string) => view.all(table)[0] as Seen;

describe("rows of the switch database", () => {
    const portRows = (want: OvsPort): [Managed, Managed] => {
        const { columns, keys } = portRow(want, { mark: MARK, qos: "keep", metered: false, there: undefined });
        const more = bondRow(want, undefined);
        return [
            { columns: { ...columns, ...more.columns }, keys: { ...keys, ...more.keys } },
            interfaceRow(want, want.type, false),
        ];
    };
    const portView = (want: OvsPort) => {
        const [own, link] = portRows(want);
        const links = (want.interfaces ?? [want.name]).map((one) => ({ name: one, ...rowOf(link) }));
        return holding({
            Interface: links,
            Port: [{ name: want.name, interfaces: referring(...links.keys()), ...rowOf(own) }],
            Bridge: [{ name: want.bridge, ports: referring(links.length) }],
        });
    };
    const readPort = (view: Replica, known: OvsPort | undefined) => {
        const there = only(view, "Port");
        const rows = { port: there, links: interfacesOf(view, there) };
        return {
            ...portState(view, rows, NOTHING_IN_FORCE, known),
            ...bondState(rows, known),
        };
    };

    it("of a port say again what was declared, whatever it is", () =>
        fc.assert(
            fc.property(port, (want) => {
                const read = { name: want.name, bridge: want.bridge, ...readPort(portView(want), want) };
                assert.deepEqual(read, want);
            }),
        ));

    it("of a port read without knowing are a declaration that means the same", () =>
        fc.assert(
            fc.property(port, (want) => {
                const imported = OvsPort.parse({
                    name: want.name,
                    bridge: want.bridge,
                    ...readPort(portView(want), undefined),
                });
                const again = { name: want.name, bridge: want.bridge, ...readPort(portView(imported), want) };
                assert.deepEqual(again, want);
            }),
        ));

    it("of a port whose options others have spelled otherwise say the same in our spelling", () => {
        const options = { key: "0x10", tos: "0x40", dst_port: "0x12b5", remote_ip: "2001:DB8:0::1", ttl: "inherit" };
        const view = holding({
            Interface: [{ name: "t0", type: "vxlan", options: ["map", Object.entries(options)] }],
            Port: [{ name: "t0", interfaces: referring(0) }],
        });
        assert.deepEqual(readPort(view, undefined).options, {
            key: "16",
            tos: "64",
            dstPort: 4789,
            remoteIp: "2001:db8::1",
            ttl: "inherit",
        });
    });

    it("of a port say VLAN 0, and also what no declaration can say", () => {
        for (const [ids, trunks] of [
            [
                [0, 10, 11],
                ["0", "10-11"],
            ],
            [
                [10, 4095],
                ["10", "4095"],
            ],
        ] as const) {
            const view = holding({
                Interface: [{ name: "p0" }],
                Port: [{ interfaces: referring(0), trunks: set(...ids) }],
            });
            const known = OvsPort.parse({ name: "p0", bridge: "br0", trunks: ["10"] });
            assert.deepEqual(readPort(view, known).trunks, trunks);
        }
    });

    it("of a bridge say again what was declared, with a MAC that was pinned and without", () =>
        fc.assert(
            fc.property(bridge, maybe(mac), (want, pin) => {
                const view = holding({
                    Bridge: [
                        { name: want.name, datapath_type: want.datapathType, ...rowOf(bridgeRow(want, MARK, pin)) },
                    ],
                    Interface: [{ name: want.name, ...rowOf(localRow(want)) }],
                });
                assert.deepEqual(bridgeState(only(view, "Bridge"), only(view, "Interface"), want), want);
            }),
        ));

    it("of a QoS say again what was declared, in the units that Open vSwitch counts in", () =>
        fc.assert(
            fc.property(qos, (want) => {
                const queues = Object.entries(want.queues ?? {});
                const numbered = queues.map(([number], index) => [Number(number), ["uuid", uuid(index)]]);
                const view = holding({
                    Queue: queues.map(([, queue]) => rowOf(queueRow(queue, MARK))),
                    QoS: [{ ...rowOf(qosRow(want, MARK)), queues: ["map", numbered] }],
                });
                const row = only(view, "QoS");
                assert.deepEqual(withoutAbsent(qosState(want.name, row, queuesOf(view, row))), want);
            }),
        ));

    it("are brought from any to any other, and back again, by a change that leaves the keys of others", () =>
        fc.assert(
            fc.property(bridge, bridge, openMap, (from, to, theirs) => {
                const foreign = ["map", Object.entries(theirs).map(([key, value]) => [`their-${key}`, value])];
                const view = holding({ Bridge: [{ ...rowOf(bridgeRow(from, MARK, undefined)) }] });
                const there = carriedOut(only(view, "Bridge"), [
                    { op: "mutate", mutations: [["other_config", "insert", foreign]] },
                ]);
                const managed = bridgeRow(to, MARK, undefined, from);
                const { operations, undo } = changedRow("Bridge", there, managed);
                const changed = carriedOut(there, operations);
                assert.deepEqual(changedRow("Bridge", changed, managed).operations, []);
                assert.deepEqual(settled(carriedOut(changed, undo)), settled(there));
                for (const [key, value] of Object.entries(theirs))
                    assert.equal(entries(changed.other_config).get(`their-${key}`), value);
            }),
        ));
});

const entries = (column: unknown) => new Map((column as [string, [string, string][]] | undefined)?.[1] ?? []);

/** A row after updates and mutations of its maps, as the server carries them out (RFC 7047, 5.1 and 5.2). */
function carriedOut(row: Seen, operations: Operation[]): Seen {
    const result: Record<string, unknown> = { ...row };
    for (const { op, row: update, mutations } of operations) {
        if (op === "update") Object.assign(result, update);
        for (const [column, how, value] of (mutations ?? []) as [string, string, [string, unknown[]]][]) {
            const held = entries(result[column]);
            if (how === "delete") for (const key of value[1] as string[]) held.delete(key);
            // An insert leaves a key that is there as it is.
            else for (const [key, text] of value[1] as [string, string][]) if (!held.has(key)) held.set(key, text);
            result[column] = ["map", [...held]];
        }
    }
    return result as Seen;
}

/** Without what says nothing: an empty set or map, and what a column holds anyway. */
function settled(row: Seen): Record<string, unknown> {
    const said = Object.entries(row).map(([column, value]): [string, unknown] => [
        column,
        /_(config|ids)$/.test(column) ? [...entries(value)].sort() : value,
    ]);
    return Object.fromEntries(
        said.filter(([, value]) => !["false", '["set",[]]', "[]"].includes(JSON.stringify(value))),
    );
}
