import assert from "node:assert/strict";
import type { Bag } from "../../provider/wire";
import { FakeEngine } from "../provider/fake-engine";
import { Plugin, type Made } from "../provider/plugin";
import { eventually } from "../support/eventually";
import { run, startOvs, tryRun } from "../support/kernel-guest";
import { LIBVIRT_POLICING } from "../support/libvirt-policing";
import { moveIn, rateHeard, reaches } from "../support/namespace-guests";

const [BRIDGE, PORT, SET, QOS, VETH] = [
    "kvmnet:ovs:Bridge",
    "kvmnet:ovs:Port",
    "kvmnet:ovs:PortSet",
    "kvmnet:ovs:Qos",
    "kvmnet:host:Veth",
];

describe("Open vSwitch on the kernel's datapath", function () {
    this.timeout(600_000);
    const engine = new FakeEngine();
    let plugin: Plugin;
    let bridge: Made;
    before(async () => {
        await startOvs();
        await run("modprobe", "tun");
        plugin = await Plugin.start("local", await engine.start());
        bridge = await plugin.create(BRIDGE, "ks", { name: "ks0" });
    });
    after(async () => {
        if (bridge) await plugin.delete(BRIDGE, "ks", bridge);
        await plugin?.stop();
        engine.stop();
    });

    const port = (name: string, more: Bag = {}) => plugin.create(PORT, name, { name, bridge: "ks0", ...more });
    const changes = async (type: string, made: Made, inputs: Bag) =>
        (await plugin.diff(type, made.state, (await plugin.check(type, inputs)).inputs)).diffsList;
    const get = (table: string, name: string, column: string) => run("ovs-vsctl", "get", table, name, column);
    const linkOf = async (name: string) => (await tryRun("ip", "link", "show", "dev", name)).exitCode === 0;

    it("is what a bridge has where nothing is said", async () => {
        assert.equal(bridge.state.datapathType, "system");
        assert.match(await run("ovs-appctl", "dpctl/show"), /system@ovs-system:[^]*ks0 \(internal\)/);
    });

    describe("an ingress limit", () => {
        const police = async (link = "kl0") =>
            (await run("tc", "filter", "show", "dev", link, "ingress"))
                .match(/police.*? rate (\w+) burst (\w+)/s)
                ?.slice(1);
        const inputs: Bag = { name: "kl0", bridge: "ks0", ingress: { rate: "10Mbit", burst: "64KiB" } };
        let wire: Made;
        before(async () => (wire = await plugin.create(VETH, "kl", { name: "kl0", peer: "kl1" })));
        after(() => plugin.delete(VETH, "kl", wire));

        it("is policing by the kernel, and no meter; it changes live, and goes with the port", async () => {
            const made = await plugin.create(PORT, "kl", inputs);
            assert.equal(await get("Interface", "kl0", "ingress_policing_rate"), "10000");
            await eventually(async () => assert.equal((await police())?.[0], "10Mbit"));
            assert.doesNotMatch(await run("ovs-ofctl", "-OOpenFlow13", "dump-meters", "ks0"), /rate=/);
            assert.deepEqual(await changes(PORT, made, inputs), []);
            await run("ovs-vsctl", "remove", "Port", "kl0", "external_ids", "kvmnet-owner");
            const there = await plugin.read(PORT, "kl", "kl0");
            assert.deepEqual(there.inputs.ingress, { rate: "10Mbit", burst: "65625B" }, "in whole kbit");
            assert.deepEqual(await changes(PORT, there, there.inputs), []);
            made.state = await plugin.update(PORT, "kl", made, { ...inputs, ingress: { rate: "20Mbit" } });
            await eventually(async () => assert.equal((await police())?.[0], "20Mbit"));
            const { ingress: _, ...free } = inputs;
            made.state = await plugin.update(PORT, "kl", made, free);
            await eventually(async () => assert.equal(await police(), undefined));
            made.state = await plugin.update(PORT, "kl", made, inputs);
            await eventually(async () => assert.equal((await police())?.[0], "10Mbit"));
            await plugin.delete(PORT, "kl", made);
            await eventually(async () => assert.equal(await police(), undefined));
        });

        it("of a port of a set is the same", async () => {
            const made = await plugin.create(SET, "kls", {
                bridge: "ks0",
                ports: { kl1: { tag: 7, ingress: { rate: "5Mbit" } }, kt0: { tap: {}, tag: 8 } },
            });
            await eventually(async () => assert.equal((await police("kl1"))?.[0], "5Mbit"));
            await plugin.delete(SET, "kls", made);
            assert.equal(await linkOf("kt0"), false);
            await eventually(async () => assert.equal(await police("kl1"), undefined));
        });
    });

    describe("a QoS", () => {
        /** `htb 1:1`; tc knows no JSON for classes. */
        const classes = async () =>
            [...(await run("tc", "class", "show", "dev", "kq0")).matchAll(/^class (\w+ \w+:\w+)/gm)].map(
                ([, name]) => name ?? "",
            );
        let wire: Made;
        before(async () => (wire = await plugin.create(VETH, "kq", { name: "kq0", peer: "kq1" })));
        after(() => plugin.delete(VETH, "kq", wire));

        for (const [type, more] of [
            ["linux-htb", { burst: "64KiB", priority: 1 }],
            ["linux-hfsc", {}],
        ] as [string, Bag][])
            it(`of ${type} is classes of the kernel, one a queue, and gone with the port`, async () => {
                const kind = type.replace("linux-", "");
                const inputs = {
                    ...{ name: `kq-${kind}`, type, maxRate: "1Gbit" },
                    queues: { "0": { minRate: "10Mbit" }, "5": { minRate: "20Mbit", maxRate: "100Mbit", ...more } },
                };
                const made = await plugin.create(QOS, "kq", inputs);
                const shaped = await port("kq0", { qos: inputs.name });
                await eventually(async () => {
                    const found = await classes();
                    for (const handle of ["1:1", "1:6"]) assert.ok(found.includes(`${kind} ${handle}`), found.join());
                });
                assert.match(await run("tc", "class", "show", "dev", "kq0"), /100Mbit/);
                assert.deepEqual(await changes(QOS, made, inputs), []);
                const queues = { ...inputs.queues, "5": { minRate: "30Mbit", maxRate: "200Mbit", ...more } };
                made.state = await plugin.update(QOS, "kq", made, { ...inputs, queues });
                await eventually(async () => assert.match(await run("tc", "class", "show", "dev", "kq0"), /200Mbit/));
                await plugin.delete(PORT, "kq0", shaped);
                assert.ok(await linkOf("kq0"));
                await eventually(async () => assert.deepEqual(await classes(), []));
                await plugin.delete(QOS, "kq", made);
            });
    });

    describe("a tunnel", () => {
        for (const [type, device] of [
            ["vxlan", "vxlan_sys_4789"],
            ["geneve", "genev_sys_6081"],
            ["gre", "gre_sys"],
        ] as const)
            it(`of type ${type} has its device of the kernel while it is there`, async () => {
                const inputs = { name: "kg0", bridge: "ks0", type, options: { remoteIp: "192.0.2.1", key: 7 } };
                const made = await plugin.create(PORT, "kg", inputs);
                assert.ok(Number(made.state.ofport) > 0);
                assert.ok(await linkOf(device));
                assert.deepEqual(await changes(PORT, made, inputs), []);
                made.state = await plugin.update(PORT, "kg", made, { ...inputs, options: { remoteIp: "192.0.2.2" } });
                await plugin.delete(PORT, "kg", made);
                await eventually(async () => assert.equal(await linkOf(device), false));
            });
    });

    describe("guests on it", () => {
        const made: [type: string, name: string, Made][] = [];
        /** Guests as network namespaces, each with an address and the VLANs of its port. */
        const guests: [guest: string, address: string, vlans: Bag][] = [
            ["sa", "192.0.2.1/24", { tag: 10, protected: true }],
            ["sb", "192.0.2.2/24", { tag: 10 }],
            ["sc", "192.0.2.3/24", { tag: 20 }],
            ["st", "192.0.2.4/24", { vlanMode: "trunk", trunks: ["10"] }],
            ["sp", "192.0.2.6/24", { tag: 10, protected: true }],
        ];
        before(async () => {
            for (const [guest, address, vlans] of guests) {
                made.push([VETH, guest, await plugin.create(VETH, guest, { name: guest, peer: `${guest}-in` })]);
                made.push([PORT, guest, await port(guest, vlans)]);
                await moveIn(guest, address, guest === "st" ? 10 : undefined);
            }
        });
        after(async () => {
            for (const [type, name, one] of made.reverse()) await plugin.delete(type, name, one);
            for (const [guest] of guests) await run("ip", "netns", "delete", guest);
        });

        it("of one VLAN reach each other, tagged or not, and none of another VLAN", async () => {
            assert.ok(await reaches("sa", "192.0.2.2"));
            assert.ok(await reaches("sa", "192.0.2.4"), "the trunk, with a tag");
            assert.ok(!(await reaches("sa", "192.0.2.3")));
        });

        it("on protected ports do not reach each other, and others do", async () => {
            assert.ok(!(await reaches("sa", "192.0.2.6")));
            assert.ok(await reaches("sb", "192.0.2.6"));
        });

        describe("of which one says as much as it can", () => {
            let free: number;
            const holds = (limited: number) => {
                console.log(`      ${limited.toFixed(2)} Mbit/s, without a limit ${free.toFixed(0)} Mbit/s`);
                assert.ok(limited > 9 && limited < 11, `${limited} Mbit/s with a limit`);
                assert.ok(free > 4 * limited, `${free} Mbit/s without a limit`);
            };
            before(async () => {
                await reaches("sb", "192.0.2.1");
                free = await rateHeard("sb", "sa");
            });

            it("are heard with 10 Mbit/s, within 10 %, where its port has that ingress limit", async () => {
                const sender = made.find(([type, name]) => type === PORT && name === "sb")?.[2] as Made;
                const inputs = { name: "sb", bridge: "ks0", tag: 10 };
                const ingress = { rate: "10Mbit", burst: "64KiB" };
                sender.state = await plugin.update(PORT, "sb", sender, { ...inputs, ingress });
                holds(await rateHeard("sb", "sa"));
                sender.state = await plugin.update(PORT, "sb", sender, inputs);
            });

            it("are heard with 10 Mbit/s, within 10 %, by what libvirt writes for an outbound average of 1250", async () => {
                const policed = (values: readonly number[]) =>
                    Object.keys(LIBVIRT_POLICING).map((column, at) => `${column}=${values[at] ?? 0}`);
                await run("ovs-vsctl", "set", "Interface", "sb", ...policed(Object.values(LIBVIRT_POLICING)));
                holds(await rateHeard("sb", "sa"));
                await run("ovs-vsctl", "set", "Interface", "sb", ...policed([]));
            });
        });
    });
});
