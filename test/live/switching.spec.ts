/** Switches, taps and what guests behind them hear of each other: one program, two hosts, seen at the guests' end of the taps. */
import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import { EngineProject } from "../support/engine-project";
import { labName } from "../support/labs";
import { asOneself, fromOf, guest, plain, udp, vlanOf, type Stream, type Talk } from "../support/wire";
import { ProviderLab } from "./provider-lab";

const PROGRAM = (near: string, far: string) => `
import * as pulumi from "@pulumi/pulumi";
import { ovs, OvsSwitch, Provider, VlanTap } from "kvmnet";

const near = new Provider("near", { host: "${near}" });
const far = new Provider("far", { host: "${far}" });
const config = new pulumi.Config();
const trunked = config.requireObject<string[]>("trunked");
const rate = config.require("rate");

const side = new OvsSwitch("side", { datapathType: "netdev", vlans: { web: 100 } }, { provider: near });
const core = new OvsSwitch(
    "core",
    {
        datapathType: "netdev",
        portSecurity: true,
        vlans: { web: 100, db: 200, slow: 300, big: 400 },
        mirrors: { all: { vlans: ["db"], outputPort: "copies" } },
        patches: { up: { to: side, vlans: ["web"] } },
        qos: { gold: { type: "linux-htb", maxRate: "1Gbit" } },
    },
    { provider: near },
);
const tap = (name: string, args: Partial<ConstructorParameters<typeof VlanTap>[1]>) =>
    new VlanTap(name, { switch: core, ...args }, { provider: near });

tap("web1", { vlan: "web", qos: "gold" });
tap("web2", { vlan: "web" });
tap("db1", { vlan: "db" });
tap("trunk", { trunk: { vlans: trunked } });
tap("native", { trunk: { vlans: ["web"], native: "db" } });
tap("slow", { vlan: "slow", rateLimit: { toGuest: rate, fromGuest: rate, burst: "64KiB" } });
tap("free", { vlan: "slow" });
tap("big1", { vlan: "big", mtu: 9000 });
tap("big2", { vlan: "big", mtu: 9000 });
tap("safe", { vlan: "web", portSecurity: { mac: "52:54:00:00:00:01", addresses: ["10.0.0.1", "fd00::1"] } });
new VlanTap("side1", { switch: side, vlan: "web" }, { provider: near });

const other = new OvsSwitch("far", { name: "core", datapathType: "netdev", vlans: { web: 100 } }, { provider: far });
new VlanTap("far-web1", { name: "web1", switch: other, vlan: "web" }, { provider: far });
`;

const MACS = {
    safe: "52:54:00:00:00:01",
    web1: "52:54:00:00:00:11",
    web2: "52:54:00:00:00:12",
    db1: "52:54:00:00:00:21",
    trunk: "52:54:00:00:00:31",
    native: "52:54:00:00:00:41",
    slow: "52:54:00:00:00:51",
    free: "52:54:00:00:00:52",
    side1: "52:54:00:00:00:61",
    big1: "52:54:00:00:00:71",
} as const;
type Name = keyof typeof MACS;

/** The clock by which guests note when they hear a frame [s]. */
const now = () => Number(process.hrtime.bigint()) / 1e9;

describe("switches, taps and the guests behind them", function () {
    this.timeout(300_000);
    const [near, far] = [new ProviderLab(labName("near")), new ProviderLab(labName("far"))];
    const project = new EngineProject({ name: "switching" });
    const configured = (trunked: string[], rate: string) =>
        project.write(
            `Pulumi.${project.stack}.yaml`,
            JSON.stringify({ config: { "switching:trunked": JSON.stringify(trunked), "switching:rate": rate } }),
        );
    const up = () => project.pulumi("up", "--yes", "--skip-preview");
    before(async () => {
        await Promise.all([near.up(), far.up()]);
        project.write("index.ts", PROGRAM(near.host, far.host));
        await project.init({});
        configured(["web", "db"], "10Mbit");
        await up();
    });
    after(async () => {
        project.remove();
        await Promise.all([near.down(), far.down()]);
    });

    const at = (tap: string, seconds: number | string, ...streams: Stream[]) =>
        guest(near.run.bind(near), tap, seconds, ...streams);
    /** Tags with which frames of a guest were heard; undefined is without. */
    const tagsOf = ({ heard }: Talk, from: Name) => [
        ...new Set(heard.filter((frame) => fromOf(frame) === MACS[from]).map(vlanOf)),
    ];
    /** Of what guests said; a host's kernel says things of its own on each of its links. */
    const lengthsOf = ({ heard }: Talk) => {
        const said = heard.filter((frame) => fromOf(frame).startsWith("52:54:00:00:00:"));
        return [...new Set(said.map(({ length }) => length))].sort((a, b) => a - b);
    };

    it("one program builds on two hosts, with the same names on each", async () => {
        assert.equal(await near.vsctl("list-br"), "core\nside");
        assert.equal(await far.vsctl("list-br"), "core");
        assert.equal(await far.vsctl("list-ports", "core"), "web1");
        assert.deepEqual((await near.vsctl("list-ports", "side")).split("\n"), ["side1", "up-peer"]);
    });

    describe("who hears whom", () => {
        const heardBy = {} as Record<Name, Talk>;
        before(async () => {
            const says = (from: Name, ...vlans: (number | undefined)[]) =>
                vlans.map((vlan): Stream => ["every", 50, plain({ from: MACS[from], vlan })]);
            const guests: [Name, ReturnType<typeof says>][] = [
                ["web1", says("web1", undefined)],
                ["web2", []],
                ["db1", says("db1", undefined)],
                ["trunk", says("trunk", undefined, 100, 300)],
                ["native", says("native", undefined)],
                ["slow", []],
                ["side1", says("side1", undefined)],
            ];
            await Promise.all(
                guests.map(async ([name, streams]) => {
                    heardBy[name] = await at(name, 5, ...streams);
                }),
            );
        });

        it("an access port hears its own VLAN without a tag, and none else", () => {
            assert.deepEqual(tagsOf(heardBy.web2, "web1"), [undefined]);
            assert.deepEqual(tagsOf(heardBy.web2, "db1"), []);
            assert.deepEqual(tagsOf(heardBy.web2, "native"), []);
            assert.deepEqual(tagsOf(heardBy.db1, "web1"), []);
        });
        it("a trunk hears each of its VLANs with its tag", () => {
            assert.deepEqual(tagsOf(heardBy.trunk, "web1"), [100]);
            assert.deepEqual(tagsOf(heardBy.trunk, "db1"), [200]);
        });
        it("what a trunk says is heard in the VLAN of its tag alone; without a tag, or in a VLAN that is not listed, by nobody", () => {
            assert.deepEqual(tagsOf(heardBy.web2, "trunk"), [undefined]);
            assert.deepEqual(tagsOf(heardBy.native, "trunk"), [100]);
            assert.deepEqual(tagsOf(heardBy.db1, "trunk"), []);
            assert.deepEqual(tagsOf(heardBy.slow, "trunk"), []);
        });
        it("a native VLAN is heard and said without a tag, the others with theirs", () => {
            assert.deepEqual(tagsOf(heardBy.native, "db1"), [undefined]);
            assert.deepEqual(tagsOf(heardBy.native, "web1"), [100]);
            assert.deepEqual(tagsOf(heardBy.db1, "native"), [undefined]);
            assert.deepEqual(tagsOf(heardBy.trunk, "native"), [200]);
        });
        it("a patch carries its VLANs to the other switch and back", () => {
            assert.deepEqual(tagsOf(heardBy.side1, "web1"), [undefined]);
            assert.deepEqual(tagsOf(heardBy.web2, "side1"), [undefined]);
            assert.deepEqual(tagsOf(heardBy.side1, "db1"), []);
        });
        it("a mirror gets its copies", async () =>
            assert.match(await near.vsctl("get", "Mirror", "all", "statistics"), /tx_packets=[1-9]/));
    });

    describe("a rate limit", () => {
        const flood = (from: Name): Stream => [
            "flood",
            60,
            udp({ from: MACS[from], length: 1514 }, "10.0.3.1", "10.0.3.2"),
        ];
        /** Mbit/s that were heard from the third second on: the burst is gone by then. */
        const rateOf = ({ bytes }: Talk) => {
            const steady = bytes.slice(2, -1);
            return (steady.reduce((sum, some) => sum + some, 0) * 8) / steady.length / 1e6;
        };

        it("of 10 Mbit/s holds within 10 % in both directions over 20 s; without it the same pair is several times faster", async () => {
            const [toGuest] = await Promise.all([at("slow", 24), at("free", 23, flood("free"))]);
            const [fromGuest] = await Promise.all([at("free", 24), at("slow", 23, flood("slow"))]);
            const [unlimited] = await Promise.all([at("web2", 8), at("web1", 7, flood("web1"))]);
            const [to, from, free] = [toGuest, fromGuest, unlimited].map(rateOf) as [number, number, number];
            console.log(
                `      to the guest ${to.toFixed(2)}, from it ${from.toFixed(2)}, without a limit ${free.toFixed(1)} Mbit/s`,
            );
            assert.ok(to > 9 && to < 11, `${to} Mbit/s to the guest`);
            assert.ok(from > 9 && from < 11, `${from} Mbit/s from the guest`);
            assert.ok(free > 3 * Math.max(to, from), `${free} Mbit/s without a limit`);
        });

        it("by policing limits nothing on this datapath, and the switch counts drops that are none", async () => {
            await near.vsctl("set", "Interface", "web1", "ingress_policing_rate=10000", "ingress_policing_burst=1000");
            const [policed] = await Promise.all([at("web2", 8), at("web1", 7, flood("web1"))]);
            await near.vsctl("set", "Interface", "web1", "ingress_policing_rate=0", "ingress_policing_burst=0");
            assert.ok(rateOf(policed) > 30, `${rateOf(policed)} Mbit/s`);
        });
    });

    describe("jumbo frames", () => {
        const jumbo = (from: Name): Stream => [
            "every",
            50,
            udp({ from: MACS[from], length: 9014 }, "10.0.4.1", "10.0.4.2"),
        ];
        it("pass whole between taps of MTU 9000", async () => {
            const [talk] = await Promise.all([at("big2", 4), at("big1", 3, jumbo("big1"))]);
            assert.deepEqual(lengthsOf(talk), [9014]);
        });
        it("do not reach a guest whose tap has 1500", async () => {
            const [talk] = await Promise.all([at("web2", 4), at("web1", 3, jumbo("web1"))]);
            assert.deepEqual(lengthsOf(talk), []);
        });
    });

    describe("a program that is changed", () => {
        it("loses no frame of one every 10 ms while the VLANs of a trunk and a rate change", async () => {
            const stop = "/var/lib/wire-stop";
            const web1 = at("web1", stop, ["every", 10, plain({ from: MACS.web1, to: MACS.trunk })]);
            const trunk = at("trunk", stop, ["every", 10, plain({ from: MACS.trunk, to: MACS.web1, vlan: 100 })]);
            await setTimeout(3_000);
            configured(["web", "slow"], "20Mbit");
            await up();
            assert.equal(await near.vsctl("get", "Port", "trunk", "trunks"), "[100, 300]");
            await setTimeout(1_000);
            await near.run("touch", stop);
            for (const [talk, from] of [
                [await web1, "trunk"],
                [await trunk, "web1"],
            ] as const) {
                const numbers = talk.heard.filter((frame) => fromOf(frame) === MACS[from]).map(({ number }) => number);
                const [first = 0, last = 0] = [numbers[0], numbers.at(-1)];
                assert.ok(last - first > 300, `${numbers.length} frames of ${from}`);
                assert.equal(new Set(numbers).size, last - first + 1, `frames of ${from} were lost`);
            }
        });
    });

    describe("port security", () => {
        const lengths = (frames: Buffer[]) => frames.map(({ length }) => length).sort((a, b) => a - b);
        const streams = (frames: Buffer[]) => frames.map((frame): Stream => ["every", 40, frame]);

        it("lets a guest send as itself and drops what it sends as another: MAC, IPv4, ARP and neighbour discovery", async () => {
            const [honest, spoofed] = asOneself(MACS.safe);
            const [talk] = await Promise.all([at("web2", 5), at("safe", 4, ...streams([...honest, ...spoofed]))]);
            assert.deepEqual(lengthsOf(talk), lengths(honest));
        });
        it("is what drops them: from a port without it all are heard", async () => {
            const [honest, spoofed] = asOneself(MACS.web1);
            const [talk] = await Promise.all([at("web2", 5), at("web1", 4, ...streams([...honest, ...spoofed]))]);
            assert.deepEqual(lengthsOf(talk), lengths([...honest, ...spoofed]));
        });

        it("holds over a kill of the switch under a spoofing guest: nothing passes until its flows are back, by themselves", async () => {
            const [[honest], [spoofed]] = asOneself(MACS.safe) as [[Buffer], [Buffer]];
            const flows = async () =>
                (await near.run("ovs-ofctl", "--no-stats", "dump-flows", "core")).split("\n").sort();
            const meters = async () =>
                (await near.run("ovs-ofctl", "-OOpenFlow15", "dump-meters", "core")).split("\n").slice(1);
            const before = { flows: await flows(), meters: await meters() };
            const listening = at("web2", 14);
            const sending = at("safe", 13, ["every", 5, honest], ["every", 5, spoofed]);
            await setTimeout(4_000);
            const pid = await near.run("cat", "/run/openvswitch/ovs-vswitchd.pid");
            await near.run("kill", "-KILL", pid);
            await near.run("tail", `--pid=${pid}`, "-f", "/dev/null");
            const dead = now();
            await near.up();
            const [talk] = await Promise.all([listening, sending]);
            assert.deepEqual(lengthsOf(talk), [honest.length]);
            const times = talk.heard.filter((frame) => fromOf(frame) === MACS.safe).map(({ at }) => at);
            const last = times.findLastIndex((time) => time < dead);
            const gap = (times[last + 1] ?? Infinity) - (times[last] ?? Infinity);
            const after = times.length - 1 - last;
            console.log(
                `      ${(gap * 1000).toFixed(0)} ms without a frame; ${after} honest frames after that, no spoofed one`,
            );
            assert.ok(last > 50, `${last} frames before the switch was dead`);
            assert.ok(after > 50, `${after} frames after the restart`);
            assert.deepEqual({ flows: await flows(), meters: await meters() }, before);
        });
    });

    describe("a program that is run again and destroyed", () => {
        it("changes nothing the second time", () => project.pulumi("preview", "--expect-no-changes"));

        it("is gone from both hosts after destroy", async () => {
            await project.pulumi("destroy", "--yes", "--skip-preview");
            for (const lab of [near, far]) {
                assert.equal(await lab.vsctl("list-br"), "");
                assert.ok(!(await lab.linkNames()).includes("web1"));
            }
        });
    });
});
