import assert from "node:assert/strict";
import { vlanOfPort, vlanOnBridge } from "../../cli/verify/vlans";
import type { Link } from "../../provider/host/links";

describe("the VLAN that a port of Open vSwitch has a guest's frames in", () => {
    const of = (port: { vlanMode?: string; tag?: number; trunks?: number[] }) =>
        vlanOfPort({ name: "tap", bridge: "br", trunks: [], ...port });

    it("is its tag, where it is an access port", () => {
        assert.equal(of({ tag: 10 }), "10");
        assert.equal(of({ tag: 10, trunks: [20] }), "10");
        assert.equal(of({ tag: 10, vlanMode: "access" }), "10");
    });

    it("is not its tag alone, where a mode lets others pass", () => {
        assert.equal(of({ tag: 10, vlanMode: "native-untagged" }), "10 and every VLAN (native-untagged)");
        assert.equal(of({ tag: 10, vlanMode: "native-tagged", trunks: [20] }), "10 and 20 (native-tagged)");
        assert.equal(of({ tag: 10, vlanMode: "dot1q-tunnel" }), "10 and what is tagged in it (dot1q-tunnel)");
        assert.equal(of({ tag: 10, vlanMode: "trunk" }), "every VLAN");
        assert.equal(of({ trunks: [20, 30] }), "20, 30");
        assert.equal(of({}), "every VLAN");
    });
});

describe("the VLAN that a port of a Linux bridge has a guest's frames in", () => {
    const bridge = (filters: number) =>
        ({ data: { vlan_filtering: filters, vlan_default_pvid: 1 } }) as unknown as Link;
    const native = { pvid: true, untagged: true };

    it("is none where the bridge does not filter, or has the port like every other", () => {
        assert.equal(vlanOnBridge(bridge(0), new Map([[7, native]])), "-");
        assert.equal(vlanOnBridge(bridge(1), new Map([[1, native]])), "-");
        assert.equal(vlanOnBridge(undefined), "-");
    });

    it("is what the port was given, where the bridge filters", () => {
        const tagged = { pvid: false, untagged: false };
        assert.equal(vlanOnBridge(bridge(1), new Map([[7, native]])), "7");
        assert.equal(
            vlanOnBridge(
                bridge(1),
                new Map([
                    [1, native],
                    [20, tagged],
                ]),
            ),
            "1, 20 tagged",
        );
        assert.equal(vlanOnBridge(bridge(1)), "no VLAN");
    });
});
