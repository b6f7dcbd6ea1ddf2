/** The copy of the switch database: the same as the database itself, after any change. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { changedBy, kindOf } from "../../provider/host/ovsdb/column-kinds";
import { OvsdbConnection } from "../../provider/host/ovsdb/connection";
import { map, named, set, type Operation, type Row } from "../../provider/host/ovsdb/operations";
import { Replica } from "../../provider/host/ovsdb/replica";
import { DatabaseSchema, followed, monitorRequest } from "../../provider/host/ovsdb/tables";
import { Database } from "../support/database";

const DATABASE = "Open_vSwitch";
const NAMES = ["p0", "p1", "p2"];

const name = fc.constantFrom(...NAMES);
const vlan = fc.integer({ min: 0, max: 4095 });
const optional = <Value>(value: fc.Arbitrary<Value>) => fc.oneof(value, fc.constant(set()));
const severalOf = <Value>(value: fc.Arbitrary<Value>) =>
    fc.uniqueArray(value, { maxLength: 4 }).map((values) => set(...values));
const text = fc.constantFrom("a", "b", "ä", "__proto__", "x y");
const texts = fc.dictionary(text, text, { maxKeys: 4, noNullPrototype: true }).map(map);

const where = (called: string) => [["name", "==", called]];
const portColumns = fc.record(
    { tag: optional(vlan), trunks: severalOf(vlan), external_ids: texts, lacp: optional(fc.constant("active")) },
    { requiredKeys: [] },
);
const linkColumns = fc.record(
    {
        type: fc.constantFrom("", "internal"),
        mtu_request: optional(fc.integer({ min: 68, max: 9000 })),
        ingress_policing_rate: fc.nat(9),
        options: texts,
    },
    { requiredKeys: [] },
);
const bridgeColumns = fc.record(
    {
        protocols: severalOf(fc.constantFrom("OpenFlow10", "OpenFlow13", "OpenFlow15")),
        flood_vlans: severalOf(vlan),
        fail_mode: optional(fc.constant("secure")),
        stp_enable: fc.boolean(),
    },
    { requiredKeys: [] },
);

/** What people do to a switch; what it refuses changes nothing. */
const change: fc.Arbitrary<(view: Replica) => Operation[]> = fc.oneof(
    fc.tuple(name, portColumns, linkColumns).map(([called, port, link]) => () => [
        { op: "insert", table: "Interface", "uuid-name": "i", row: { name: called, ...link } },
        { op: "insert", table: "Port", "uuid-name": "p", row: { name: called, interfaces: named("i"), ...port } },
        { op: "mutate", table: "Bridge", where: [], mutations: [["ports", "insert", set(named("p"))]] },
    ]),
    name.map((called) => (view: Replica) => {
        const port = view.byName("Port", called);
        const mutations = [["ports", "delete", set(...(port ? [port._uuid] : []))]];
        return [{ op: "mutate", table: "Bridge", where: [], mutations }];
    }),
    fc
        .tuple(name, portColumns)
        .map(([called, row]) => () => [{ op: "update", table: "Port", where: where(called), row }]),
    fc
        .tuple(name, linkColumns)
        .map(([called, row]) => () => [{ op: "update", table: "Interface", where: where(called), row }]),
    bridgeColumns.map((row) => () => [{ op: "update", table: "Bridge", where: [], row }]),
    fc
        .tuple(name, fc.constantFrom("insert", "delete"), severalOf(vlan))
        .map(([called, how, vlans]) => () => [
            { op: "mutate", table: "Port", where: where(called), mutations: [["trunks", how, vlans]] },
        ]),
    fc
        .tuple(name, fc.constantFrom("insert", "delete"), texts)
        .map(([called, how, keys]) => () => [
            { op: "mutate", table: "Port", where: where(called), mutations: [["external_ids", how, keys]] },
        ]),
    fc.uniqueArray(fc.nat(5), { maxLength: 3 }).map((queues) => () => [
        ...queues.map((queue) => ({ op: "insert", table: "Queue", "uuid-name": `q${queue}`, row: { dscp: queue } })),
        {
            op: "insert",
            table: "QoS",
            row: { type: "linux-htb", queues: ["map", queues.map((queue) => [queue, named(`q${queue}`)])] },
        },
    ]),
    fc
        .uniqueArray(fc.nat(5), { maxLength: 3 })
        .map((queues) => () => [
            { op: "mutate", table: "QoS", where: [], mutations: [["queues", "delete", set(...queues)]] },
        ]),
    fc.constantFrom("QoS", "Queue").map((table) => () => [{ op: "delete", table, where: [] }]),
);

describe("the copy of the switch database", function () {
    this.timeout(120_000);
    const database = new Database();
    let connection: OvsdbConnection;
    before(async () => {
        await database.start();
        database.configure("init");
        database.configure("add-br", "br0");
    });
    after(() => database.end());
    afterEach(() => connection.close());

    it("is the database, after any changes, to the last column", async () => {
        let replica = new Replica();
        const updated = (params: unknown) => replica.take((params as unknown[])[1]);
        connection = await OvsdbConnection.connect(database.socket, "a test", { updated, ended: () => undefined });
        const kinds = followed(DatabaseSchema.parse(await connection.request("get_schema", [DATABASE])));
        const whole = await connection.request("monitor_cond", [DATABASE, null, monitorRequest(kinds)]);
        replica = new Replica(kinds);
        replica.take(whole);
        const tables = Object.keys(kinds);
        const selects = tables.map((table) => ({
            op: "select",
            table,
            where: [],
            columns: [...Object.keys(kinds[table] ?? {}), "_uuid"],
        }));
        const byUuid = (rows: readonly Row[]) =>
            new Map(rows.map((row) => [String(row._uuid), row] as const).sort(([a], [b]) => (a < b ? -1 : 1)));
        let accepted = 0;
        await fc.assert(
            fc.asyncProperty(fc.array(change, { maxLength: 12 }), async (changes) => {
                for (const operationsOf of changes) {
                    const asked = operationsOf(replica);
                    const done = (await connection.request("transact", [DATABASE, ...asked])) as { error?: string }[];
                    if (!done.some((result) => result?.error)) accepted++;
                    const told = (await connection.request("transact", [DATABASE, ...selects])) as { rows: Row[] }[];
                    for (const [index, table] of tables.entries())
                        assert.deepEqual(byUuid(replica.all(table)), byUuid(told[index]?.rows ?? []), table);
                }
            }),
            { numRuns: 100 },
        );
        assert.ok(accepted > 50, `${accepted}`);
        const begun = new Replica(kinds);
        const second = await OvsdbConnection.connect(database.socket, "a second look");
        begun.take(await second.request("monitor_cond", [DATABASE, null, monitorRequest(kinds)]));
        second.close();
        for (const table of tables) assert.deepEqual(byUuid(begun.all(table)), byUuid(replica.all(table)), table);
    });
});

describe("a row of the copy", () => {
    const kinds = {
        Port: { name: kindOf({ type: "string" }), trunks: kindOf({ type: { key: "integer", min: 0, max: 4096 } }) },
    };
    const told = (...updates: unknown[]) => {
        const view = new Replica(kinds);
        for (const update of updates) view.take({ Port: { u: update } });
        return view;
    };

    it("has the default of its type where nothing is told", () => {
        assert.deepEqual(told({ insert: {} }).row("Port", "u"), {
            name: "",
            trunks: ["set", []],
            _uuid: ["uuid", "u"],
        });
    });

    it("is another when it changes: whoever holds the former one sees no change", () => {
        const view = told({ initial: { name: "p0", trunks: ["set", [1, 3]] } });
        const former = view.row("Port", "u");
        view.take({ Port: { u: { modify: { name: "p1", trunks: ["set", [2, 3]] } } } });
        assert.deepEqual([former?.name, former?.trunks], ["p0", ["set", [1, 3]]]);
        assert.deepEqual(view.byName("Port", "p1")?.trunks, ["set", [1, 2]]);
        assert.equal(view.byName("Port", "p0"), undefined);
    });

    it("is gone when it is deleted, and only then", () => {
        assert.equal(told({ insert: { name: "p0" } }, { delete: null }).byName("Port", "p0"), undefined);
        assert.throws(() => told({ insert: { name: "p0" } }, {}), /neither what it is nor that it is gone/);
    });

    it("cannot change before it was told", () => {
        assert.throws(() => told({ modify: { name: "p0" } }), /never told/);
    });

    it("keeps what is no set and no map as it is told", () => {
        assert.deepEqual(changedBy("one", 10, ["set", []]), ["set", []]);
        assert.deepEqual(changedBy("set", ["uuid", "b"], ["uuid", "a"]), [
            "set",
            [
                ["uuid", "a"],
                ["uuid", "b"],
            ],
        ]);
        assert.equal(changedBy("set", ["set", [1, 2]], 2), 1);
    });

    it("loses a key of a map that is told with the value that it has", () => {
        const former = [
            "map",
            [
                ["a", "1"],
                ["b", "2"],
            ],
        ];
        assert.deepEqual(
            changedBy("map", former, [
                "map",
                [
                    ["a", "1"],
                    ["c", "3"],
                ],
            ]),
            [
                "map",
                [
                    ["b", "2"],
                    ["c", "3"],
                ],
            ],
        );
        assert.deepEqual(changedBy("map", former, ["map", [["a", "4"]]]), [
            "map",
            [
                ["a", "4"],
                ["b", "2"],
            ],
        ]);
    });
});
