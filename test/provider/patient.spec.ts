import assert from "node:assert/strict";
import { patient } from "../../provider/host/patient";
import type { Place } from "../../provider/host/place";

/** A host whose switch is away for so many calls. */
function away(calls: number, stderr = "ovs-ofctl: br0.mgmt: failed to open socket (Connection refused)") {
    const ran: string[][] = [];
    const place: Place = {
        where: "a fake",
        ovsdbSocket: "/nowhere",
        stateFolder: "/nowhere",
        run: (argv) => {
            ran.push(argv);
            const isAway = ran.length <= calls;
            return Promise.resolve({
                code: isAway ? 1 : 0,
                stdout: isAway ? "" : "flows",
                stderr: isAway ? stderr : "",
            });
        },
        close: () => undefined,
        start: () => assert.fail("ovs-ofctl does not stay"),
    };
    return { place, ran };
}
const DUMP = ["ovs-ofctl", "dump-flows", "br0"];

describe("a program that asks the switch", () => {
    it("is run again while the switch is away", async () => {
        const { place, ran } = away(3);
        assert.equal((await patient(place).run(DUMP)).stdout, "flows");
        assert.deepEqual(ran, [DUMP, DUMP, DUMP, DUMP]);
    });

    it("is run once where the switch answered, whatever it said", async () => {
        const { place, ran } = away(1, "OFPST_FLOW request failed");
        assert.equal((await patient(place).run(DUMP)).code, 1);
        assert.equal(ran.length, 1);
    });

    it("is given up when the run is cancelled", async () => {
        const { place, ran } = away(Infinity);
        assert.equal((await patient(place, AbortSignal.abort()).run(DUMP)).code, 1);
        assert.equal(ran.length, 1);
    });
});

describe("any other program", () => {
    it("is run once", async () => {
        const { place, ran } = away(1, "connect: Connection refused");
        assert.equal((await patient(place).run(["virsh", "uri"])).code, 1);
        assert.equal(ran.length, 1);
    });
});
