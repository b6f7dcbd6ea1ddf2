import assert from "node:assert/strict";
import type { Host } from "../../provider/host";
import { vlan } from "../../provider/resources/vlan";

describe("a VLAN link", () => {
    it("tells its priorities by their numbers, though the kernel lists those of one bucket newest first", async () => {
        const map = [16, 0, 17, 1].map((from) => ({ from, to: 3 }));
        const data = { protocol: "802.1Q", id: 7, flags: ["REORDER_HDR"], egress_qos: map };
        const links = new Map([
            ["v7", { name: "v7", index: 3, kind: "vlan", parent: "eth0", mtu: 1500, up: true, data }],
        ]);
        const host = { place: {}, links: () => Promise.resolve(links), files: { read: () => Promise.resolve([]) } };
        const found = await vlan.find(host as unknown as Host, "v7", { mark: "" });
        assert.deepEqual(found?.state.egressQos, ["0:3", "1:3", "16:3", "17:3"]);
    });
});
