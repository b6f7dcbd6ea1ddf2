import assert from "node:assert/strict";
import { openGuest } from "../../lab";
import { FakeEngine } from "../provider/fake-engine";
import { Plugin } from "../provider/plugin";
import { eventually } from "../support/eventually";
import { startLabGuest } from "../support/lab-guest";
import { labName } from "../support/labs";
import { ProviderLab } from "./provider-lab";

const SHUTDOWN = "kvmnet:host:GuestShutdown";

describe("the shutdown of a guest", function () {
    this.timeout(300_000);
    const lab = new ProviderLab(labName("shutdown"));
    const engine = new FakeEngine();
    let plugin: Plugin;
    before(async () => {
        await lab.up();
        plugin = await Plugin.start(lab.host, await engine.start());
    });
    after(async () => {
        await plugin?.stop();
        engine.stop();
        await lab.down();
    });

    const { virsh } = lab;
    const stateOf = (name: string) => virsh("domstate", name);
    /** Defines a guest and starts it; its UUID. */
    const define = async (name: string, kernel = true) => {
        await startLabGuest(lab, name, kernel);
        return virsh("domuuid", name);
    };

    describe("of a guest that reacts", () => {
        let uuid: string;
        before(async () => {
            uuid = await define("g1");
            const guest = await openGuest(lab.name, "g1", 250_000);
            // The button works from the moment on that the guest listens for it.
            await eventually(async () => assert.equal((await guest.run(["pidof", "acpid"])).exitCode, 0));
            guest.close();
        });

        it("does nothing when it is made, read or changed", async () => {
            const made = await plugin.create(SHUTDOWN, "g1", { domain: uuid });
            assert.deepEqual(
                { id: made.id, domain: made.state.domain, timeout: made.state.timeout },
                { id: uuid, domain: uuid, timeout: 60 },
            );
            const { inputs } = await plugin.check(SHUTDOWN, { domain: uuid });
            const read = await plugin.read(SHUTDOWN, "g1", uuid, inputs, made.state);
            assert.deepEqual(read.inputs, inputs);
            assert.equal((await plugin.update(SHUTDOWN, "g1", made, { domain: uuid, timeout: 50 })).timeout, 50);
            assert.equal(await stateOf("g1"), "running");
        });

        it("is imported by the domain, without a difference afterwards", async () => {
            const read = await plugin.read(SHUTDOWN, "g1", "g1");
            assert.equal((await plugin.diff(SHUTDOWN, read.state, read.inputs)).changes, 1);
            await assert.rejects(plugin.read(SHUTDOWN, "g1", "no such"), /UUID or the name/);
            assert.equal((await plugin.read(SHUTDOWN, "g1", "nobody")).id, "");
        });

        it("is replaced with the domain", async () => {
            const { inputs } = await plugin.check(SHUTDOWN, { domain: "g2" });
            assert.deepEqual((await plugin.diff(SHUTDOWN, { domain: "g1", timeout: 60 }, inputs)).replacesList, [
                "domain",
            ]);
        });

        it("waits until the guest is off, when it is deleted", async () => {
            const made = await plugin.create(SHUTDOWN, "g1", { domain: uuid });
            await plugin.delete(SHUTDOWN, "g1", made);
            assert.equal(await stateOf("g1"), "shut off");
        });

        it("leaves a guest alone that is off, or gone", async () => {
            const made = await plugin.create(SHUTDOWN, "g1", { domain: "g1" });
            await plugin.delete(SHUTDOWN, "g1", made);
            await virsh("undefine", "g1");
            await plugin.delete(SHUTDOWN, "g1", made);
        });
    });

    describe("of a guest that still boots", () => {
        it("is heard once it has booted", async () => {
            await define("g3");
            const made = await plugin.create(SHUTDOWN, "g3", { domain: "g3", timeout: 150 });
            await plugin.delete(SHUTDOWN, "g3", made);
            assert.equal(await stateOf("g3"), "shut off");
        });
    });

    describe("of a guest that does not react", () => {
        it("ends after its timeout, with a warning", async () => {
            await define("deaf", false);
            engine.logged.length = 0;
            const made = await plugin.create(SHUTDOWN, "deaf", { domain: "deaf", timeout: 2 });
            const before = performance.now();
            await plugin.delete(SHUTDOWN, "deaf", made);
            const took = performance.now() - before;
            assert.ok(took > 2_000 && took < 10_000, `${took} ms`);
            assert.match(engine.logged.map(({ message }) => message).join(), /guest deaf did not shut down within 2 s/);
            assert.equal(await stateOf("deaf"), "running");
            await virsh("destroy", "deaf");
        });
    });

    it("is judged by check", async () => {
        const { failures } = await plugin.check(SHUTDOWN, { domain: "--all", timeout: 0 });
        assert.deepEqual(Object.keys(failures).sort(), ["domain", "timeout"]);
    });
});
