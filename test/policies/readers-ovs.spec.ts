import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { PlacedResource } from "../../policies/lint/finding";
import { read } from "../../policies/lint/read";
import { lint } from "../../policies/lint/run";
import { Unreadable } from "../../policies/lint/source";
import { profileOf } from "../../policies/profiles";
import { rules, stackRules } from "../../policies/table";
import { Database } from "../support/database";

const SETTINGS = { rules, stackRules, config: profileOf("default"), profile: "default", version: "1.2.3" };

describe("Open vSwitch's own files", function () {
    this.timeout(300_000);
    const database = new Database();
    let files: { text: string; json: string; journal: Buffer; compacted: Buffer };

    before(async () => {
        await database.start();
        const set = (...args: string[]) => database.configure(...args);
        set("init");
        set("add-br", "br0", "--", "set", "bridge", "br0", 'external_ids:note="a b  c, {x} [y]"', "fail_mode=secure");
        set("add-port", "br0", "tap-web0", "tag=10");
        set("add-port", "br0", "eth0", "trunks=10,20");
        set("add-port", "br0", "tap-db0", "--", "set", "interface", "tap-db0", "mtu_request=9000");
        set("set", "interface", "tap-db0", "ingress_policing_rate=10000", "ingress_policing_burst=1000");
        set(
            "add-port",
            "br0",
            "tap-fast",
            "tag=12",
            "--",
            "set",
            "interface",
            "tap-fast",
            "ingress_policing_rate=1000000",
        );
        set("add-port", "br0", "tap-ovn", "--", "set", "interface", "tap-ovn", "external_ids:iface-id=a");
        // In the journal these are differences, and deletions.
        set("set", "port", "eth0", "trunks=10,30");
        set(
            "add-port",
            "br0",
            "tap-gone",
            "--",
            "del-port",
            "br0",
            "tap-web0",
            "--",
            "add-port",
            "br0",
            "tap-web0",
            "tag=11",
        );
        set("del-port", "br0", "tap-gone");
        set("add-bond", "br0", "bond0", "eth1", "eth2", "bond_mode=balance-slb", "trunks=10");
        set(
            "add-br",
            "br1",
            "--",
            "add-port",
            "br1",
            "p0",
            "--",
            "set",
            "interface",
            "p0",
            "type=patch",
            "options:peer=p1",
        );
        set("add-port", "br1", "x0", "--", "set", "interface", "x0", "type=erspan", "options:remote_ip=192.0.2.1");
        set("add-port", "br1", "x1", "--", "set", "interface", "x1", "type=afxdp");
        set(
            "set",
            "Open_vSwitch",
            ".",
            "ovs_version=3.1.0",
            "other_config:vlan-limit=2",
            "other_config:pmd-cpu-mask=0x6",
        );
        set("set", "bridge", "br1", "mcast_snooping_enable=true");
        set("set", "bridge", "br0", "other_config:mac-table-size=256");
        set("set-manager", "ptcp:6640", "--", "set-controller", "br0", "tcp:10.0.0.9:6653");
        set("--bootstrap", "set-ssl", "/k", "/c", "/ca");
        set(
            "--id=@p",
            "get",
            "port",
            "tap-db0",
            "--",
            "--id=@m",
            "create",
            "mirror",
            "name=all",
            "select_all=true",
            "output_port=@p",
            "--",
            "set",
            "bridge",
            "br0",
            "mirrors=@m",
        );
        set(
            "set",
            "port",
            "tap-web0",
            "qos=@q",
            "--",
            "--id=@q",
            "create",
            "qos",
            "type=linux-htb",
            "queues:0=@u",
            "--",
            "--id=@u",
            "create",
            "queue",
            "other_config:max-rate=1000000",
        );
        const [text, json, journal] = [database.dump(), database.dump("--format=json"), readFileSync(database.file)];
        database.compact();
        files = { text, json, journal, compacted: readFileSync(database.file) };
    });
    after(() => database.end());

    const byName = (resources: PlacedResource[]) =>
        resources
            .map(({ type, name, props }) => ({ type, name, props: JSON.parse(JSON.stringify(props)) as unknown }))
            .map((one) => JSON.stringify(one))
            .sort();

    it("tell the same, whether dumped as text or JSON or read as the journal, compacted or not", async () => {
        const all = await Promise.all(
            [Buffer.from(files.text), Buffer.from(files.json), files.journal, files.compacted].map((bytes) =>
                read("ovs", bytes),
            ),
        );
        assert.deepEqual(
            all.map(({ kind }) => kind),
            ["ovs-dump", "ovs-dump", "ovs-db", "ovs-db"],
        );
        const [first = [], ...others] = all.map(({ resources }) => byName(resources));
        for (const other of others) assert.deepEqual(other, first);
    });

    it("have bridges, ports with their VLANs, bonds, limits, MTUs and the ways in", async () => {
        const { resources } = await read("ovs", Buffer.from(files.text));
        const props = (type: string, name: string) =>
            JSON.parse(
                JSON.stringify(
                    resources.find((one) => one.type === `kvmnet:${type}` && one.name === name)?.props ?? null,
                ),
            ) as unknown;
        assert.deepEqual(props("ovs:Bridge", "br0"), {
            name: "br0",
            failMode: "secure",
            stp: false,
            rstp: false,
            mcastSnooping: false,
            uplinks: ["bond0", "eth0"],
            macTableSize: "256",
        });
        assert.deepEqual(props("ovs:Port", "tap-web0"), {
            name: "tap-web0",
            bridge: "br0",
            type: "system",
            tag: 11,
            trunks: [],
            cvlans: [],
        });
        assert.deepEqual((props("ovs:Port", "eth0") as { trunks: string[] }).trunks, ["10", "30"]);
        assert.deepEqual((props("ovs:Port", "tap-db0") as { ingress: object }).ingress, {
            rate: "10000kbit",
            burst: "125000B",
        });
        assert.deepEqual((props("ovs:Port", "bond0") as { interfaces: string[] }).interfaces, ["eth1", "eth2"]);
        assert.deepEqual((props("ovs:Port", "tap-fast") as { ingress: object }).ingress, {
            rate: "1000000kbit",
            burst: "1000000B",
        });
        assert.equal((props("ovs:Bridge", "br1") as { mcastSnooping: boolean }).mcastSnooping, true);
        assert.deepEqual(props("ovs:Settings", "Open vSwitch"), { vlanLimit: "2", pmdCpuMask: "0x6" });
        assert.equal((props("ovs:Port", "p0") as { type: string }).type, "patch");
        assert.deepEqual(props("host:Link", "tap-db0"), { name: "tap-db0", mtu: 9000 });
        assert.equal(props("ovs:Port", "br0"), null, "a bridge's own port is the bridge");
        assert.equal(props("ovs:Port", "tap-gone"), null);
    });

    it("are judged, each finding with the line of its row", async () => {
        const { report } = await lint([{ path: "dump.txt", content: Buffer.from(files.text) }], SETTINGS);
        const lines = files.text.split("\n");
        const at = (rule: string) => {
            const finding = report.findings.find(
                (one) => one.rule === rule && one.kind === "violation" && one.subject !== "Port p0, port p0",
            );
            return lines[(finding?.position.line ?? 0) - 1] ?? `no finding of ${rule}`;
        };
        assert.match(at("sec-ovsdb-tcp"), /"ptcp:6640"/);
        assert.match(at("sec-controller-tcp"), /"tcp:10\.0\.0\.9:6653"/);
        assert.match(at("sec-ovsdb-ssl-bootstrap"), /"\/ca"/);
        assert.match(at("sec-promisc"), / all /);
        assert.match(at("htb-max-rate"), /linux-htb/);
        assert.match(at("policing-burst"), / tap-(db0|fast) /);
        assert.match(at("trunk-unbounded"), / tap-db0 /);
        assert.match(at("sec-version-floor"), /"3\.1\.0"/);
    });

    it("have no guest behind a tunnel or a NIC, and do not decide over a guest whose VLANs flows hold it to", async () => {
        const { report } = await lint([{ path: "dump.txt", content: Buffer.from(files.text) }], SETTINGS);
        const trunks = Object.fromEntries(
            report.findings
                .filter(({ rule }) => rule === "trunk-unbounded")
                .map(({ subject, kind, level }): [string, string] => [
                    subject.split(" ").at(-1) ?? "",
                    kind === "undecided" ? kind : level,
                ]),
        );
        assert.deepEqual(
            { x0: trunks.x0, x1: trunks.x1, ovn: trunks["tap-ovn"], db: trunks["tap-db0"] },
            { x0: "advisory", x1: "advisory", ovn: "undecided", db: "mandatory" },
        );
    });

    it("with a damaged or cut off journal are refused, with the line", async () => {
        const whole = files.journal;
        for (const cut of [whole.length - 1, whole.length - 40, Math.floor(whole.length / 2), 20_000, 45, 12]) {
            const error: unknown = await read("conf.db", whole.subarray(0, cut)).catch((thrown: unknown) => thrown);
            assert.ok(error instanceof Unreadable, `cut at ${cut}`);
            assert.match(error.message, /^conf\.db:\d+ begins .*Copy the database anew/);
        }
        const damaged = Buffer.from(whole);
        damaged.write("X", whole.indexOf("tap-web0"));
        await assert.rejects(read("conf.db", damaged), /whose digest does not fit/);
    });

    it("of another database are refused", async () => {
        await assert.rejects(
            read("d.json", Buffer.from('{"caption":"Logical_Switch table","data":[],"headings":["_uuid"]}\n')),
            /holds no table Bridge/,
        );
        await assert.rejects(
            read("d.txt", Buffer.from("Bridge table\n_uuid name\n----- ----\nabc\n")),
            /d\.txt:4 is no row of its table: it has 1 cells, and the table 2 columns/,
        );
    });
});
