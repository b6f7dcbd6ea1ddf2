import assert from "node:assert/strict";
import { tuningSteps } from "../../provider/resources/link-steps";

describe("the steps that tune a link", () => {
    it("take channels back with the CPUs of the queues that went with them", () => {
        const now = { "channels.rx": 2, "rps.0": "0", "rps.1": "0-1" };
        const [channels] = tuningSteps("eth0", { "channels.rx": 1 }, now, new Map(), { "rps.1": "0-1" });
        assert.deepEqual(channels?.undo, [
            { via: "program", argv: ["ethtool", "-L", "eth0", "rx", "2"] },
            { via: "write", files: [{ path: "/sys/class/net/eth0/queues/rx-1/rps_cpus", value: "00000003" }] },
        ]);
    });
});
