/**
 * No engine is in the guest, where it would take minutes: what `Uplink`, `OvsSwitch` and `VlanTap` declare is taken from the
 * components themselves, run under Pulumi's mocks, and made by the real plugin, each resource with just these arguments.
 */
import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import { status, type ServiceError } from "@grpc/grpc-js";
import * as pulumi from "@pulumi/pulumi";
import { MtuDomain, OvsSwitch, Uplink, VlanTap } from "../../components";
import type { Bag } from "../../provider/wire";
import { FakeEngine } from "../provider/fake-engine";
import { Plugin, type Made } from "../provider/plugin";
import { registeredBy, type Registered } from "../support/engine-mocks";
import { eventually } from "../support/eventually";
import { run, runJson, startOvs } from "../support/kernel-guest";
import { hardwareNics } from "../support/kernel-nics";
import { meeting, udp, type Stream } from "../support/wire";

interface Link {
    mtu: number;
    master?: string;
    flags: string[];
    linkinfo?: { info_kind: string; info_data: { mode: string } };
}

/** What a program declares, made by the plugin in the order in which it is registered, and taken away in the other. */
class Declared {
    private constructor(
        private readonly plugin: Plugin,
        readonly registered: Registered[],
        readonly made: { one: Registered; object: Made }[] = [],
    ) {}

    static async by(plugin: Plugin, program: () => unknown): Promise<Declared> {
        const { registered } = await registeredBy(program);
        return new Declared(plugin, registered);
    }

    async up(): Promise<this> {
        for (const one of this.registered.filter(({ custom }) => custom)) {
            const object = await this.plugin.create(one.type, one.name, one.inputs as Bag);
            this.made.push({ one, object });
        }
        return this;
    }

    /** Properties that a second run would change. */
    async differences(): Promise<string[]> {
        const found: string[] = [];
        for (const { one, object } of this.made) {
            const { inputs } = await this.plugin.check(one.type, one.inputs as Bag);
            found.push(...(await this.plugin.diff(one.type, object.state, inputs)).diffsList);
        }
        return found;
    }

    async down(): Promise<void> {
        for (let last = this.made.pop(); last; last = this.made.pop())
            await this.plugin.delete(last.one.type, last.one.name, last.object);
    }
}

describe("the way out of a host over NICs of real hardware's kind, by the resources that its components declare", function () {
    this.timeout(600_000);
    const engine = new FakeEngine();
    let address: string;
    let plugin: Plugin;
    let [one, other] = ["", ""];
    let declared: Declared | undefined;
    before(async () => {
        await startOvs();
        await run("modprobe", "tun");
        [one, other] = (await hardwareNics()).map(({ name }) => name) as [string, string];
        for (const nic of [one, other]) await run("ip", "link", "set", "dev", nic, "up");
        address = await engine.start();
    });
    afterEach(async () => {
        await declared?.down();
        declared = undefined;
    });
    after(() => engine.stop());
    // A plugin serves one run of the engine: what was plugged into a bond in it can be plugged into nothing else.
    const startPlugin = async () => (plugin = await Plugin.start("local", address));
    const stopPlugin = () => plugin?.stop();

    const up = async (program: () => unknown) => (declared = await Declared.by(plugin, program)).up();
    const see = async (name: string) =>
        (await runJson<Link[]>("ip", "-json", "-details", "link", "show", "dev", name))[0] as Link;
    const rings = async (nic: string) => {
        const now = (await run("ethtool", "-g", nic)).split("Current hardware settings:").at(-1) ?? "";
        return ["RX", "TX"].map((word) => Number(new RegExp(`^${word}:\\s+(\\d+)`, "m").exec(now)?.[1]));
    };
    const tuned = async (nic: string) => [(await see(nic)).mtu, ...(await rings(nic))];
    const factsOf = async (nic: string) => ({ [nic]: await plugin.invoke("kvmnet:host:getNic", { name: nic }) });

    describe("a NIC that is down", () => {
        before(startPlugin);
        after(stopPlugin);

        it("is plugged in with a warning, for Open vSwitch does not set it up", async () => {
            const [BRIDGE, PORT] = ["kvmnet:ovs:Bridge", "kvmnet:ovs:Port"];
            await run("ip", "link", "set", "dev", one, "down");
            const bridge = await plugin.create(BRIDGE, "down", { name: "ud0" });
            for (const [nic, warns] of [
                [one, true],
                [other, false],
            ] as const) {
                const port = await plugin.create(PORT, nic, { name: nic, bridge: "ud0" });
                const isWarned = engine.logged.some(({ message }) => message.includes(`${nic} is down`));
                assert.equal(isWarned, warns);
                await plugin.delete(PORT, nic, port);
            }
            await plugin.delete(BRIDGE, "down", bridge);
            await run("ip", "link", "set", "dev", one, "up");
        });
    });

    describe("Uplink", () => {
        before(startPlugin);
        after(stopPlugin);

        it("sets MTU and rings up to what the hardware takes, and gives back what was there", async () => {
            const [former, facts] = [await tuned(one), await factsOf(one)];
            await up(() => new Uplink("wan", { links: [one], mtu: 4000, rxRing: 4096, txRing: 512, facts }));
            assert.deepEqual(await tuned(one), [4000, 4096, 512]);
            assert.deepEqual(await declared?.differences(), []);
            await declared?.down();
            assert.deepEqual(await tuned(one), former);
            assert.deepEqual(former, [1500, 256, 256]);
        });

        it("with a ring above what the hardware takes is refused with the most that it takes, told or not, and nothing is changed", async () => {
            const [former, facts] = [await tuned(one), await factsOf(one)];
            const uplink = { links: [one], mtu: 4000, rxRing: 8192 };
            await assert.rejects(
                up(() => new Uplink("wan", { ...uplink, facts })),
                (error) =>
                    pulumi.RunError.isInstance(error) &&
                    error.message.includes(`rxRing: ${one} takes at most 4096 descriptors`),
            );
            await assert.rejects(
                up(() => new Uplink("wan", uplink)),
                ({ code, details }: ServiceError) =>
                    code === status.FAILED_PRECONDITION &&
                    details.includes("rxRing: its hardware takes at most 4096 descriptors (got 8192)"),
            );
            assert.deepEqual(await tuned(one), former);
        });

        it("sets channels up to what a link has, and gives back what was there", async () => {
            const uplink = { links: ["uc0"], mtu: 4000 };
            const channels = async () => {
                const now = (await run("ethtool", "-l", "uc0")).split("Current hardware settings:").at(-1) ?? "";
                return ["RX", "TX"].map((word) => Number(new RegExp(`^${word}:\\s+(\\d+)`, "m").exec(now)?.[1]));
            };
            await run("ip", ..."link add name uc0 up numrxqueues 4 numtxqueues 4 type veth peer name uc1".split(" "));
            try {
                const former = await channels();
                let facts: Awaited<ReturnType<typeof factsOf>> | undefined;
                // Facts may be up to a second old, and know nothing of the link yet.
                await eventually(async () => (facts = await factsOf("uc0")));
                await up(() => new Uplink("wan", { ...uplink, channels: { rx: 2, tx: 3 }, facts }));
                assert.deepEqual([(await see("uc0")).mtu, ...(await channels())], [4000, 2, 3]);
                assert.deepEqual(await declared?.differences(), []);
                await declared?.down();
                assert.deepEqual([(await see("uc0")).mtu, ...(await channels())], [1500, ...former]);
                assert.notDeepEqual(former, [2, 3]);
                const tooMany = { ...uplink, channels: { rx: 5, tx: 1 } };
                await assert.rejects(
                    up(() => new Uplink("wan", { ...tooMany, facts })),
                    (error) => pulumi.RunError.isInstance(error) && /uc0 has at most 4 channels/.test(error.message),
                );
                await assert.rejects(
                    up(() => new Uplink("wan", tooMany)),
                    ({ code, details }: ServiceError) =>
                        code === status.FAILED_PRECONDITION && /channels\.rx: .*\(got 5\)/.test(details),
                );
                assert.deepEqual([(await see("uc0")).mtu, ...(await channels())], [1500, ...former]);
            } finally {
                await run("ip", "link", "delete", "dev", "uc0");
            }
        });

        it("of a bond has both links in it with its MTU and their rings, and lets them go as they were", async () => {
            const former = await Promise.all([tuned(one), tuned(other)]);
            await up(
                () =>
                    new Uplink("uw0", {
                        links: [one, other],
                        bond: { mode: "active-backup", primary: one },
                        mtu: 4000,
                        rxRing: 1024,
                    }),
            );
            const bond = await see("uw0");
            assert.deepEqual([bond.mtu, bond.linkinfo?.info_data.mode], [4000, "active-backup"]);
            for (const nic of [one, other]) {
                assert.deepEqual(await tuned(nic), [4000, 1024, 256]);
                assert.equal((await see(nic)).master, "uw0");
            }
            assert.deepEqual(await declared?.differences(), []);
            await declared?.down();
            assert.deepEqual(await Promise.all([tuned(one), tuned(other)]), former);
            for (const nic of [one, other]) {
                const { master, flags } = await see(nic);
                assert.deepEqual([master, flags.includes("UP")], [undefined, true]);
            }
        });
    });

    describe("MtuDomain", () => {
        before(startPlugin);
        after(stopPlugin);

        /** Two hosts' ways over one wire: each a NIC, its switch and the tap of a guest. */
        const ways = (mtus: { uplink: number; tap: number }) => () => {
            const way = (name: string, link: string) => {
                const uplink = new Uplink(`${name}-wan`, { links: [link], mtu: mtus.uplink });
                const plug = new OvsSwitch(name, {
                    vlans: { web: 100 },
                    datapathType: "system",
                    uplinks: { [link]: { vlans: ["web"] } },
                });
                const tap = new VlanTap(`${name}t`, { switch: plug, vlan: "web", mtu: mtus.tap });
                return { [`${name}-uplink`]: uplink, [`${name}-tap`]: tap };
            };
            return { ...way("um0", one), ...way("um1", other) };
        };
        /** What passes, once every hop is known. */
        const passing = ({ mtu }: MtuDomain) => (mtu as unknown as { promise(): Promise<number> }).promise();
        const [near, far] = ["52:54:00:00:00:a1", "52:54:00:00:00:a2"];
        /** Lengths of the frames, with a packet of so many bytes each, that the far guest hears from the near one. */
        const heard = async (...packets: number[]) => {
            const frames = packets.map((length) =>
                udp({ from: near, to: far, length: 14 + length }, "10.0.0.1", "10.0.0.2"),
            );
            // Its cable is plugged in again, in a manner of speaking, with another MTU.
            for (const nic of [one, other])
                await eventually(async () => assert.equal(await run("cat", `/sys/class/net/${nic}/carrier`), "1"));
            const um0t = frames.map((frame): Stream => ["every", 50, frame]);
            const { um1t } = await meeting(run, { um1t: [], um0t }, () => setTimeout(6_000));
            const own = um1t.heard.filter(
                ({ bytes }) => bytes.subarray(6, 12).toString("hex") === near.replaceAll(":", ""),
            );
            return [...new Set(own.map(({ length }) => length - 14))].sort((a, b) => a - b);
        };

        it("that is taken carries a packet of its MTU from guest to guest, and none that is longer", async () => {
            let taken: Promise<number> | undefined;
            await up(() => {
                const hops = ways({ uplink: 4000, tap: 4000 })();
                taken = passing(new MtuDomain("jumbo", { mtu: 4000, hops }));
            });
            assert.equal(await taken, 4000);
            assert.deepEqual(await heard(1500, 4000, 4100), [1500, 4000]);
        });

        it("with a shorter link is refused with that link named, and the link does lose such packets", async () => {
            let refused: Promise<void> | undefined;
            await up(() => {
                const hops = ways({ uplink: 1500, tap: 4000 })();
                refused = assert.rejects(
                    passing(new MtuDomain("jumbo", { mtu: 4000, hops })),
                    /the shortest link is um0-uplink with 1500 byte, 2500 less than the domain's 4000, and um1-uplink \(1500\) is too short, too/,
                );
            });
            await refused;
            assert.deepEqual(await heard(1500, 4000), [1500]);
        });

        it("judges links by what the host says of them", async () => {
            const mtuOf = async (nic: string) => Number((await factsOf(nic))[nic]?.mtu);
            await up(() => new Uplink("wan", { links: [one], mtu: 4000 }));
            const hops = { [one]: await mtuOf(one), [other]: await mtuOf(other) };
            await registeredBy(() => {
                new MtuDomain("usual", { mtu: 1500, hops });
                assert.throws(
                    () => new MtuDomain("jumbo", { mtu: 4000, hops }),
                    new RegExp(`the shortest link is ${other} with 1500 byte`),
                );
            });
        });
    });
});
