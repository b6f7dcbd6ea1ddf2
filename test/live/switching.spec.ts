/** Switches, taps and what guests behind them hear of each other: one program, two hosts, seen at the guests' end of the taps. */
import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import { EngineProject } from "../support/engine-project";
import { eventually } from "../support/eventually";
import { labName } from "../support/labs";
import { asOneself, fromOf, meeting, plain, udp, vlanOf, type Stream, type Talk } from "../support/wire";
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

    const meet = <Name extends string>(guests: Record<Name, Stream[]>, work: number | (() => Promise<unknown>)) =>
        meeting(near.run.bind(near), guests, typeof work === "number" ? () => setTimeout(work * 1_000) : work);
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
        type Guest = "web1" | "web2" | "db1" | "trunk" | "native" | "slow" | "side1";
        let heardBy: Record<Guest, Talk>;
        before(async () => {
            const says = (from: Name, ...vlans: (number | undefined)[]) =>
                vlans.map((vlan): Stream => ["every", 50, plain({ from: MACS[from], vlan })]);
            const guests: Record<Guest, Stream[]> = {
                web1: says("web1", undefined),
                web2: [],
                db1: says("db1", undefined),
                trunk: says("trunk", undefined, 100, 300),
                native: says("native", undefined),
                slow: [],
                side1: says("side1", undefined),
            };
            heardBy = await meet(guests, 4);
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
        it("a mirror gets its copies", () =>
            // The switch writes every five seconds what it counted.
            eventually(async () =>
                assert.match(await near.vsctl("get", "Mirror", "all", "statistics"), /tx_packets=[1-9]/),
            ));
    });

    describe("a rate limit", () => {
        const flood = (from: Name): Stream => [
            "flood",
            60,
            udp({ from: MACS[from], length: 1514 }, "10.0.3.1", "10.0.3.2"),
        ];
        /** Mbit/s that were heard from the third second on, the last one left out: the burst is gone by then. */
        const rateOf = ({ bytes }: Talk) => {
            // A host's kernel says a little of its own on each of its links, before a flood and after it.
            const steady = bytes.filter((some) => some > 10_000).slice(2, -1);
            return (steady.reduce((sum, some) => sum + some, 0) * 8) / steady.length / 1e6;
        };

        it("of 10 Mbit/s holds within 10 % in both directions over 20 s; without it the same pair is several times faster", async () => {
            /** Measured again where something else on the machine kept the guests from sending or from listening. */
            const measured = async (from: Name, to: string, seconds: number, isRight: (rate: number) => boolean) => {
                let rate = 0;
                await eventually(async () => {
                    const talks = await meet({ [to]: [], [from]: [flood(from)] }, seconds);
                    rate = rateOf(talks[to]!);
                    assert.ok(isRight(rate), `${rate} Mbit/s from ${from} to ${to}`);
                }, 60_000);
                return rate;
            };
            const isTen = (rate: number) => rate > 9 && rate < 11;
            const to = await measured("free", "slow", 23, isTen);
            const from = await measured("slow", "free", 23, isTen);
            const free = await measured("web1", "web2", 7, (rate) => rate > 3 * Math.max(to, from));
            console.log(
                `      to the guest ${to.toFixed(2)}, from it ${from.toFixed(2)}, without a limit ${free.toFixed(1)} Mbit/s`,
            );
        });

        it("by policing limits nothing on this datapath, and the switch counts drops that are none", async () => {
            await near.vsctl("set", "Interface", "web1", "ingress_policing_rate=10000", "ingress_policing_burst=1000");
            await eventually(async () => {
                const { web2: policed } = await meet({ web2: [], web1: [flood("web1")] }, 7);
                assert.ok(rateOf(policed) > 30, `${rateOf(policed)} Mbit/s`);
            });
            await near.vsctl("set", "Interface", "web1", "ingress_policing_rate=0", "ingress_policing_burst=0");
        });
    });

    describe("jumbo frames", () => {
        const jumbo = (from: Name): Stream => [
            "every",
            50,
            udp({ from: MACS[from], length: 9014 }, "10.0.4.1", "10.0.4.2"),
        ];
        it("pass whole between taps of MTU 9000", async () => {
            const { big2 } = await meet({ big2: [], big1: [jumbo("big1")] }, 3);
            assert.deepEqual(lengthsOf(big2), [9014]);
        });
        it("do not reach a guest whose tap has 1500", async () => {
            const { web2 } = await meet({ web2: [], web1: [jumbo("web1")] }, 3);
            assert.deepEqual(lengthsOf(web2), []);
        });
    });

    describe("a program that is changed", () => {
        it("loses no frame of one every 10 ms while the VLANs of a trunk and a rate change", async () => {
            const guests: Record<"web1" | "trunk", Stream[]> = {
                web1: [["every", 10, plain({ from: MACS.web1, to: MACS.trunk })]],
                trunk: [["every", 10, plain({ from: MACS.trunk, to: MACS.web1, vlan: 100 })]],
            };
            const { web1, trunk } = await meet(guests, async () => {
                await setTimeout(3_000);
                configured(["web", "slow"], "20Mbit");
                await up();
                assert.equal(await near.vsctl("get", "Port", "trunk", "trunks"), "[100, 300]");
                await setTimeout(1_000);
            });
            for (const [talk, from] of [
                [web1, "trunk"],
                [trunk, "web1"],
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
            const { web2 } = await meet({ web2: [], safe: streams([...honest, ...spoofed]) }, 4);
            assert.deepEqual(lengthsOf(web2), lengths(honest));
        });
        it("is what drops them: from a port without it all are heard", async () => {
            const [honest, spoofed] = asOneself(MACS.web1);
            const { web2 } = await meet({ web2: [], web1: streams([...honest, ...spoofed]) }, 4);
            assert.deepEqual(lengthsOf(web2), lengths([...honest, ...spoofed]));
        });

        it("holds over a kill of the switch under a spoofing guest: nothing passes until its flows are back, by themselves", async () => {
            const [[honest], [spoofed]] = asOneself(MACS.safe) as [[Buffer], [Buffer]];
            const flows = async () =>
                (await near.run("ovs-ofctl", "--no-stats", "dump-flows", "core")).split("\n").sort();
            const meters = async () =>
                (await near.run("ovs-ofctl", "-OOpenFlow15", "dump-meters", "core")).split("\n").slice(1);
            const before = { flows: await flows(), meters: await meters() };
            const said: Stream[] = [
                ["every", 5, honest],
                ["every", 5, spoofed],
            ];
            let dead = 0;
            const { web2: talk } = await meet({ web2: [], safe: said }, async () => {
                await setTimeout(4_000);
                const pid = await near.run("cat", "/run/openvswitch/ovs-vswitchd.pid");
                await near.run("kill", "-KILL", pid);
                await near.run("tail", `--pid=${pid}`, "-f", "/dev/null");
                dead = now();
                await near.up();
                await eventually(async () => assert.deepEqual(await flows(), before.flows));
                await setTimeout(4_000);
            });
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
