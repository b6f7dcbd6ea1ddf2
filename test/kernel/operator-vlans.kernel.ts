/** A bridge that filters VLANs and carries the connection of who works on a host from elsewhere: the kernel of a lab may filter none. */
import assert from "node:assert/strict";
import type { ServiceError } from "@grpc/grpc-js";
import type { Bag } from "../../provider/wire";
import { FakeEngine } from "../provider/fake-engine";
import { Plugin, type Made } from "../provider/plugin";
import { run, startOvs } from "../support/kernel-guest";
import { listening, Operator } from "../support/operator";

const [BRIDGE, PORT] = ["kvmnet:host:Bridge", "kvmnet:host:BridgePort"];
const ip = (line: string) => run("ip", ...line.split(" "));

describe("the connection of who works on a host, over a bridge with VLANs", function () {
    this.timeout(600_000);
    const engine = new FakeEngine();
    const own = { name: "ovb", vlanFiltering: true, pvid: 7, tagged: ["8-9"] };
    const uplink = { name: "ova0", bridge: "ovb", pvid: 7, tagged: ["8-9"], takesOperatorPath: true };
    let plugin: Plugin;
    let stopListening: () => Promise<void>;
    let operator: Operator;
    let bridge: Made;
    let port: Made;

    before(async () => {
        // Labs and hosts have a switch, which who looks for ways asks.
        await startOvs();
        await ip("netns add ovops");
        await ip("link add name ova0 type veth peer name ova1 netns ovops");
        await ip("-n ovops link set dev ova1 up");
        await ip("-n ovops address add 203.0.113.7/24 dev ova1");
        stopListening = await listening(undefined, 22);
        plugin = await Plugin.start("local", await engine.start());
        bridge = await plugin.create(BRIDGE, "ovb", own);
        port = await plugin.create(PORT, "ova0", uplink);
        port.state = await plugin.update(PORT, "ova0", port, { ...uplink, takesOperatorPath: false });
        await ip("address add 203.0.113.1/24 dev ovb");
        operator = await Operator.connect(undefined, "ovops", "203.0.113.1", 22);
    });
    after(async () => {
        await operator?.leave();
        await plugin?.stop();
        engine.stop();
        await stopListening?.();
        for (const link of ["ova0", "ovb"]) await ip(`link delete dev ${link}`);
        await ip("netns delete ovops");
    });

    const setBridge = (more: Bag) => plugin.update(BRIDGE, "ovb", bridge, { ...own, ...more });
    const setPort = (more: Bag) => plugin.update(PORT, "ova0", port, { ...uplink, takesOperatorPath: false, ...more });
    const refused = async (work: () => Promise<unknown>, says: RegExp) => {
        const before = await run("bridge", "vlan", "show");
        await assert.rejects(work(), ({ details }: ServiceError) => {
            assert.match(details, says);
            return true;
        });
        assert.equal(await run("bridge", "vlan", "show"), before);
        assert.ok(await operator.answers());
    };

    it("keeps the VLANs of the bridge's own port, and its filter", async () => {
        const says =
            /^Linux bridge ovb: the SSH connection from 203\.0\.113\.7 to 203\.0\.113\.1 runs over the link ovb, which is to carry other VLANs, so nothing was changed/;
        await refused(() => setBridge({ pvid: 9, tagged: ["7", "8"] }), says);
        await refused(() => setBridge({ tagged: ["8"] }), says);
        await refused(() => setBridge({ defaultPvid: 2 }), says);
        await refused(() => plugin.update(BRIDGE, "ovb", bridge, { name: "ovb" }), says);
        bridge.state = await setBridge({ tagged: ["8-10"] });
        assert.ok(await operator.answers());
    });

    it("keeps the VLANs of a port that it runs over", async () => {
        const says =
            /^bridge port ova0: the SSH connection .* over the link ova0 \(part of its way over ovb\), which is to carry other VLANs/;
        await refused(() => setPort({ pvid: 8, tagged: ["7", "9"] }), says);
        await refused(() => setPort({ tagged: ["8"] }), says);
        port.state = await setPort({ tagged: ["8-10"] });
        assert.ok(await operator.answers());
    });

    it("may end where they say that they take its path", async () => {
        port.state = await setPort({ tagged: ["8"], takesOperatorPath: true });
        bridge.state = await setBridge({ tagged: ["8"], takesOperatorPath: true });
        assert.doesNotMatch(await run("bridge", "vlan", "show"), /\b(?:9|10)\b$/m);
        assert.ok(await operator.answers());
    });
});
