import assert from "node:assert/strict";
import { run, runJson, startOvs, tryRun } from "../support/kernel-guest";

interface Link {
    ifname: string;
    linkinfo?: { info_kind: string; info_data?: Record<string, unknown> };
}

describe("a kernel guest", () => {
    before(startOvs);

    for (const [kind, ...words] of [
        ["bond", "mode", "802.3ad"],
        ["dummy"],
        ["bridge", "vlan_filtering", "1"],
        ["ifb"],
        ["vxlan", "id", "7", "dstport", "4789", "local", "192.0.2.1"],
    ])
        it(`makes a link of the kind ${kind}`, async () => {
            const name = `kg-${kind}`;
            await run("ip", "link", "add", "name", name, "type", kind!, ...words);
            const [link] = await runJson<Link[]>("ip", "-json", "-details", "link", "show", name);
            assert.equal(link?.linkinfo?.info_kind, kind);
        });

    it("makes a VLAN of a link", async () => {
        await run("ip", "link", "add", "link", "kg-dummy", "name", "kg-vlan", "type", "vlan", "id", "12");
        const [link] = await runJson<Link[]>("ip", "-json", "-details", "link", "show", "kg-vlan");
        assert.deepEqual([link?.linkinfo?.info_kind, link?.linkinfo?.info_data?.id], ["vlan", 12]);
    });

    it("filters VLANs in a bridge", async () => {
        await run("ip", "link", "set", "kg-dummy", "master", "kg-bridge");
        await run("bridge", "vlan", "add", "dev", "kg-dummy", "vid", "20-22");
        const [port] = await runJson<{ vlans: { vlan: number; vlanEnd?: number }[] }[]>(
            "bridge",
            "-json",
            "vlan",
            "show",
            "dev",
            "kg-dummy",
        );
        assert.deepEqual(
            port?.vlans.map(({ vlan }) => vlan),
            [1, 20, 21, 22],
        );
    });

    it("delays packets", async () => {
        await run("tc", "qdisc", "add", "dev", "kg-dummy", "root", "netem", "delay", "10ms");
        assert.match(await run("tc", "qdisc", "show", "dev", "kg-dummy"), /netem .*delay 10ms/);
    });

    it("has vhost for its own guests", async () => {
        await run("modprobe", "vhost_net");
        await run("test", "-c", "/dev/vhost-net");
    });

    it("switches in the kernel: a bridge of Open vSwitch's system datapath has its port there", async () => {
        await run("ovs-vsctl", "--timeout=20", "add-br", "kg-ovs");
        const ofport = await run("ovs-vsctl", "get", "Interface", "kg-ovs", "ofport");
        assert.ok(Number(ofport) > 0, ofport);
        assert.match(await run("ovs-appctl", "dpctl/show"), /system@ovs-system:[^]*kg-ovs \(internal\)/);
    });

    after(async () => {
        await tryRun("ovs-vsctl", "--timeout=20", "--if-exists", "del-br", "kg-ovs");
        for (const name of ["vlan", "vxlan", "ifb", "bridge", "dummy", "bond"])
            await tryRun("ip", "link", "delete", `kg-${name}`);
    });
});
