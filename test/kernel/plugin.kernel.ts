import assert from "node:assert/strict";
import { FakeEngine } from "../provider/fake-engine";
import { Plugin } from "../provider/plugin";
import { run, runJson, startOvs } from "../support/kernel-guest";

describe("the provider on the machine itself", () => {
    const engine = new FakeEngine();
    let plugin: Plugin;
    before(async () => {
        await startOvs();
        plugin = await Plugin.start("local", await engine.start());
    });
    after(async () => {
        await plugin?.stop();
        engine.stop();
    });

    it("makes an OVS bridge on the kernel's datapath, and removes it", async () => {
        const made = await plugin.create("kvmnet:ovs:Bridge", "sys", { name: "pl-ovs", datapathType: "system" });
        assert.equal(made.state.datapathType, "system");
        assert.ok(Number(await run("ovs-vsctl", "get", "Interface", "pl-ovs", "ofport")) > 0);
        assert.match(await run("ovs-appctl", "dpctl/show"), /system@ovs-system:[^]*pl-ovs \(internal\)/);
        await plugin.delete("kvmnet:ovs:Bridge", "sys", made);
        assert.equal(await run("ovs-vsctl", "list-br"), "");
    });

    it("makes a bridge of the kernel, and removes it", async () => {
        const links = () =>
            runJson<{ ifname: string; linkinfo?: { info_kind: string } }[]>("ip", "-json", "-details", "link");
        const made = await plugin.create("kvmnet:host:Bridge", "lan", { name: "pl-lan" });
        const link = (await links()).find(({ ifname }) => ifname === "pl-lan");
        assert.equal(link?.linkinfo?.info_kind, "bridge");
        await plugin.delete("kvmnet:host:Bridge", "lan", made);
        assert.ok(!(await links()).some(({ ifname }) => ifname === "pl-lan"));
    });
});
