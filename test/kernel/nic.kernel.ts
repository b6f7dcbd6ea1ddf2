import assert from "node:assert/strict";
import { status, type ServiceError } from "@grpc/grpc-js";
import type { Bag } from "../../provider/wire";
import { FakeEngine } from "../provider/fake-engine";
import { Plugin, type Made } from "../provider/plugin";
import { eventually } from "../support/eventually";
import { run, runJson } from "../support/kernel-guest";
import { hardwareNics, type HardwareNic } from "../support/kernel-nics";

const LINK = "kvmnet:host:Link";

describe("a NIC of real hardware's kind", function () {
    this.timeout(600_000);
    const engine = new FakeEngine();
    let plugin: Plugin;
    let nics: HardwareNic[];
    before(async () => {
        nics = await hardwareNics();
        await run("ip", "link", "set", "dev", name(), "up");
        plugin = await Plugin.start("local", await engine.start());
    });
    after(async () => {
        await plugin?.stop();
        engine.stop();
    });

    const name = () => nics[0]?.name ?? "";
    /** Numbers that ethtool prints under `Current hardware settings:`, or of a text with one table only. */
    const printed = async (option: string, word: string) => {
        const text = await run("ethtool", option, name());
        const now = text.split("Current hardware settings:").at(-1) ?? "";
        return Number(new RegExp(`^${word}:\\s+(\\d+)`, "m").exec(now)?.[1]);
    };
    const rings = async () => [await printed("-g", "RX"), await printed("-g", "TX")];
    const mtu = async () => (await runJson<{ mtu: number }[]>("ip", "-json", "link", "show", "dev", name()))[0]?.mtu;
    const refused = (work: Promise<unknown>, ...says: RegExp[]) =>
        assert.rejects(work, (error: ServiceError) => {
            assert.equal(error.code, status.FAILED_PRECONDITION, error.details);
            for (const one of says) assert.match(error.details, one);
            return true;
        });

    it("is told with driver, place, speed, rings, interrupts and PCI Express link", async () => {
        await eventually(async () =>
            assert.equal((await plugin.invoke("kvmnet:host:getNic", { name: name() })).carrier, true),
        );
        const told = await plugin.invoke("kvmnet:host:getNic", { name: name() });
        assert.deepEqual(
            [told.driver, told.busAddress, told.speed, told.duplex],
            ["e1000e", nics[0]?.address, 1000, "full"],
        );
        assert.deepEqual(told.rings, { rx: 256, tx: 256, rxMax: 4096, txMax: 4096 });
        assert.deepEqual(told.pcie, { generation: 1, lanes: 1, maxGeneration: 1, maxLanes: 1, capacity: 2 });
        assert.equal((told.coalesce as Bag).rxUsecs, await printed("-c", "rx-usecs"));
        assert.match(String(told.firmware), /\d/);
        assert.equal(told.kind, undefined);
    });

    it("and its like are all the links of hardware that are told", async () => {
        const { links } = await plugin.invoke("kvmnet:host:getLinks", { physical: true });
        for (const [index, link] of (links as Bag[]).entries()) {
            assert.deepEqual(
                [link.name, link.busAddress, link.driver],
                [nics[index]?.name, nics[index]?.address, "e1000e"],
            );
            assert.deepEqual(link.rings, { rx: 256, tx: 256, rxMax: 4096, txMax: 4096 });
        }
        assert.equal((links as Bag[]).length, nics.length);
    });

    it("is tuned live, and gets all of it back", async () => {
        const [usecs, former] = [await printed("-c", "rx-usecs"), await rings()];
        const inputs: Bag = {
            ...{ name: name(), rxRing: 1024, txRing: 512, mtu: 4000 },
            ...{ coalesce: { rxUsecs: 20 }, features: { "tcp-segmentation-offload": false } },
        };
        const made: Made = await plugin.create(LINK, "nic", inputs);
        assert.deepEqual([await rings(), await mtu()], [[1024, 512], 4000]);
        assert.equal(await printed("-c", "rx-usecs"), 20);
        assert.match(await run("ethtool", "-k", name()), /^tcp-segmentation-offload: off$/m);
        const { inputs: wanted } = await plugin.check(LINK, inputs);
        assert.deepEqual((await plugin.diff(LINK, made.state, wanted)).diffsList, []);
        made.state = await plugin.update(LINK, "nic", made, { ...inputs, rxRing: 2048 });
        assert.deepEqual(await rings(), [2048, 512]);
        await plugin.delete(LINK, "nic", made);
        assert.deepEqual([await rings(), await mtu(), await printed("-c", "rx-usecs")], [former, 1500, usecs]);
        assert.match(await run("ethtool", "-k", name()), /^tcp-segmentation-offload: on$/m);
    });

    it("that takes no such ring is not changed, and tells what it takes", async () => {
        await refused(
            plugin.create(LINK, "nic", { name: name(), mtu: 4000, rxRing: 8192, coalesce: { adaptiveRx: true } }),
            /rxRing: its hardware takes at most 4096 descriptors \(got 8192\)/,
            /coalesce\.adaptiveRx: its driver takes only /,
        );
        assert.equal(await mtu(), 1500);
    });

    it("that refuses one setting has the others as they were before", async () => {
        const former = await rings();
        await refused(plugin.create(LINK, "nic", { name: name(), rxRing: 512, mtu: 65000 }), /kernel said|maximum/);
        assert.deepEqual([await rings(), await mtu()], [former, 1500]);
    });
});
