import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Plugin } from "../provider/plugin";
import { labName } from "../support/labs";
import { FaultLab } from "./support/fault-lab";
import { assertSound } from "./support/invariants";
import { OVS_BRIDGE, OVS_PORT, TAP } from "./support/kind-names";
import { Stack, type Program } from "./support/stack";
import { foreign, look } from "./support/world";

const OVS_MIRROR = "kvmnet:ovs:Mirror";

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
        port: { type: OVS_PORT, inputs: { name: "t0", bridge: "br", tag: 10 }, needs: ["switch", "tap"] },
        trunk: {
            type: OVS_PORT,
            inputs: { name: "i0", bridge: "br", type: "internal", vlanMode: "trunk", trunks: ["10-12"] },
            needs: ["switch"],
        },
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
        for (const { columns } of Object.values(schema.tables))
            columns.of_the_future = { type: { key: "string", min: 0, max: "unlimited" } };
        return schema;
    }

    it("takes all that needs none of its missing columns, and does not mind columns that nobody knows", async () => {
        assert.deepEqual([...(await stack.up(plugin, program))], []);
        await assertSound(lab, stack, program, theirs, "made");
        await stack.refresh(plugin);
        assert.deepEqual([...(await stack.up(plugin, program))], []);
        assert.deepEqual([...(await stack.up(plugin, {}))], []);
    });

    it("is named with the column that it lacks, by the table and what to do", async () => {
        const bridge = await plugin.create(OVS_BRIDGE, "switch", { name: "br", datapathType: "netdev" });
        await assert.rejects(
            plugin.create(OVS_PORT, "new", { name: "n0", bridge: "br", type: "internal", protected: true }),
            /OVS port n0: Open vSwitch .* has no column protected in its table Port.*newer Open vSwitch/,
        );
        await assert.rejects(
            plugin.create(OVS_MIRROR, "new", {
                name: "m0",
                bridge: "br",
                selectAll: true,
                outputVlan: 7,
                snaplen: 64,
            }),
            /OVS mirror .*has no column snaplen in its table Mirror/,
        );
        await plugin.delete(OVS_BRIDGE, "switch", bridge);
    });
});
