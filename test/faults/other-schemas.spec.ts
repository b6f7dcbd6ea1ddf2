import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { Bag } from "../../provider/wire";
import { Plugin } from "../provider/plugin";
import { labName } from "../support/labs";
import { FaultLab } from "./support/fault-lab";
import { assertSound } from "./support/invariants";
import { OVS_BRIDGE, OVS_PORT, PORT_SET, TAP } from "./support/kind-names";
import { Stack, type Program } from "./support/stack";
import { foreign, look } from "./support/world";

interface Schema {
    version: string;
    tables: Record<string, { columns: Record<string, unknown> }>;
}

/** Columns that came with Open vSwitch 2.6 to 3.1, by table, as an older one does not have them. */
const NEWER: Record<string, string[]> = {
    Open_vSwitch: ["datapaths", "dpdk_initialized", "dpdk_version"],
    Bridge: ["datapath_version"],
    Port: ["protected"],
    Interface: ["ingress_policing_kpkts_rate", "ingress_policing_kpkts_burst"],
    Mirror: ["snaplen"],
    Controller: ["type", "controller_queue_size"],
};
/** What needs a column that is missing there, and what is said of it. */
const LACKING: [type: string, inputs: Bag, words: RegExp][] = [
    [
        OVS_PORT,
        { name: "n0", type: "internal", protected: true },
        /OVS port n0: Open vSwitch .* has no column protected in its table Port.*newer Open vSwitch/,
    ],
    [
        PORT_SET,
        { ports: { n1: { type: "internal", protected: true } } },
        /OVS port set br: Open vSwitch .* has no column protected in its table Port/,
    ],
    [
        "kvmnet:ovs:Mirror",
        { name: "m1", selectAll: true, outputVlan: 7, snaplen: 64 },
        /OVS mirror .*has no column snaplen in its table Mirror/,
    ],
    [
        "kvmnet:ovs:Controller",
        { target: "tcp:127.0.0.1:6654", type: "service", queueSize: 9 },
        /OVS controller .*has no column (type, controller_queue_size|controller_queue_size, type) in its table Controller/,
    ],
    [
        "kvmnet:ovs:Ipfix",
        { targets: ["127.0.0.1:4739"], statsInterval: 60 },
        /IPFIX export .*has no column stats_interval in its table IPFIX/,
    ],
];
const TABLES = ["Datapath", "CT_Zone", "CT_Timeout_Policy"];

describe("a switch database of another version", function () {
    this.timeout(300_000);
    const lab = new FaultLab(labName("schema"));
    let plugin: Plugin;
    let stack: Stack;
    let theirs: Map<string, string>;
    const program: Program = {
        switch: { type: OVS_BRIDGE, inputs: { name: "br", datapathType: "netdev" } },
        tap: { type: TAP, inputs: { name: "t0" } },
        "other tap": { type: TAP, inputs: { name: "t1" } },
        port: { type: OVS_PORT, inputs: { name: "t0", bridge: "br", tag: 10 }, needs: ["switch", "tap"] },
        trunk: {
            type: OVS_PORT,
            inputs: { name: "i0", bridge: "br", type: "internal", vlanMode: "trunk", trunks: ["10-12"] },
            needs: ["switch"],
        },
        set: {
            type: PORT_SET,
            inputs: {
                bridge: "br",
                ports: { s0: { tag: 11, tap: { mtu: 1400 } }, s1: { tag: 12, tap: { mtu: 1500 } } },
            },
            needs: ["switch"],
        },
        gold: {
            type: "kvmnet:ovs:Qos",
            inputs: { name: "gold", type: "linux-htb", maxRate: "100Mbit", queues: { "1": { maxRate: "50Mbit" } } },
        },
        shaped: {
            type: OVS_PORT,
            inputs: { name: "t1", bridge: "br", tag: 13, qos: "gold" },
            needs: ["switch", "gold", "other tap"],
        },
        mirror: {
            type: "kvmnet:ovs:Mirror",
            inputs: { bridge: "br", name: "m0", selectAll: true, outputVlan: 7 },
            needs: ["switch"],
        },
        flows: {
            type: "kvmnet:ovs:Flows",
            inputs: { bridge: "br", flows: ["table=10,priority=0,actions=NORMAL"] },
            needs: ["switch"],
        },
        sflow: {
            type: "kvmnet:ovs:Sflow",
            inputs: { bridge: "br", targets: ["127.0.0.1:6343"], sampling: 64 },
            needs: ["switch"],
        },
        ipfix: {
            type: "kvmnet:ovs:Ipfix",
            inputs: { bridge: "br", targets: ["127.0.0.1:4739"], sampling: 64, obsDomainId: 3 },
            needs: ["switch"],
        },
        netflow: {
            type: "kvmnet:ovs:Netflow",
            inputs: { bridge: "br", targets: ["127.0.0.1:2055"], activeTimeout: 60 },
            needs: ["switch"],
        },
        led: { type: OVS_BRIDGE, inputs: { name: "br-led", datapathType: "netdev" } },
        controller: {
            type: "kvmnet:ovs:Controller",
            inputs: { bridge: "br-led", target: "tcp:127.0.0.1:6653", connectionMode: "out-of-band" },
            needs: ["led"],
        },
        settings: { type: "kvmnet:ovs:Settings", inputs: { vlanLimit: 1, maxIdle: 20000 } },
    };

    before(async () => {
        await lab.up();
        await lab.kill("ovs-vswitchd");
        await lab.kill("ovsdb-server");
        await lab.run("sh", "-euc", 'printf %s "$1" >/run/other.ovsschema', "sh", JSON.stringify(other()));
        await lab.run("ovsdb-tool", "create", "/run/other.db", "/run/other.ovsschema");
        await lab.start("ovsdb-server", "/run/other.db");
        await lab.vsctl("--no-wait", "init");
        await lab.start("ovs-vswitchd");
        theirs = foreign(await look(lab));
        plugin = await Plugin.start(lab.host);
        stack = new Stack(plugin);
    });
    after(async () => {
        await plugin?.stop();
        await lab.down();
    });

    /** Without what is newer, and with what no version has yet. */
    function other(): Schema {
        const schema = JSON.parse(readFileSync("/usr/share/openvswitch/vswitch.ovsschema", "utf8")) as Schema;
        for (const table of TABLES) delete schema.tables[table];
        for (const [table, columns] of Object.entries(NEWER))
            for (const column of columns) {
                assert.ok(column in (schema.tables[table]?.columns ?? {}), `${table} has ${column}`);
                delete schema.tables[table]?.columns[column];
            }
        const mirror = schema.tables.Mirror?.columns ?? {};
        mirror.filter ??= { type: { key: "string", min: 0, max: 1 } };
        for (const { columns } of Object.values(schema.tables))
            columns.of_the_future = { type: { key: "string", min: 0, max: "unlimited" } };
        return schema;
    }

    it("takes all that needs none of its missing columns, and does not mind columns that nobody knows", async () => {
        assert.deepEqual([...(await stack.up(plugin, program))], []);
        await assertSound(lab, stack, program, theirs, "made");
        await stack.refresh(plugin);
        assert.deepEqual(await stack.differing(program), []);
        assert.deepEqual([...(await stack.up(plugin, {}))], []);
        await assertSound(lab, stack, {}, theirs, "removed");
    });

    it("has a mirror with a filter, which is left alone: undone or made anew it would copy all", async () => {
        const bridge = await plugin.create(OVS_BRIDGE, "switch", { name: "br", datapathType: "netdev" });
        const row = ["--id=@m", "create", "Mirror", "name=hand", "select_all=true", "output_vlan=7"];
        await lab.vsctl("--", ...row, "--", "set", "Bridge", "br", "mirrors=@m");
        // Programs of an older version know no such column.
        const set = { op: "update", table: "Mirror", where: [["name", "==", "hand"]], row: { filter: "icmp" } };
        const database = "unix:/run/openvswitch/behind.sock";
        await lab.run("ovsdb-client", "transact", database, JSON.stringify(["Open_vSwitch", set]));
        await assert.rejects(
            plugin.read("kvmnet:ovs:Mirror", "hand", "br/hand"),
            /it copies only what its filter "icmp" lets through, which has no property here/,
        );
        await lab.vsctl("clear", "Bridge", "br", "mirrors");
        await plugin.delete(OVS_BRIDGE, "switch", bridge);
    });

    it("is named with the column that it lacks, by the table and what to do", async () => {
        const bridge = await plugin.create(OVS_BRIDGE, "switch", { name: "br", datapathType: "netdev" });
        for (const [type, inputs, words] of LACKING)
            await assert.rejects(plugin.create(type, "new", { bridge: "br", ...inputs }), words);
        await plugin.delete(OVS_BRIDGE, "switch", bridge);
    });
});
