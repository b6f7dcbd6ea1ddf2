import assert from "node:assert/strict";
import { patient } from "../../provider/host/patient";
import type { Place } from "../../provider/host/place";
import { cutShort } from "../../provider/host/run";

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

describe("a program that somebody ended", () => {
    const endedOnce = () => {
        const ran: string[][] = [];
        const run = (argv: string[]) => {
            ran.push(argv);
            if (ran.length === 1) return Promise.reject(cutShort(String(argv[0]), "SIGKILL"));
            return Promise.resolve({ code: 0, stdout: "there", stderr: "" });
        };
        return { place: { ...away(0).place, run }, ran };
    };

    for (const argv of [DUMP, ["ovs-ofctl", "del-meters", "br0", "meter=1"], ["cat", "--", "/etc/x"]])
        it(`is run again where that does nothing new: ${argv.join(" ")}`, async () => {
            const { place, ran } = endedOnce();
            assert.equal((await patient(place).run(argv)).stdout, "there");
            assert.equal(ran.length, 2);
        });

    for (const argv of [
        ["ovs-ofctl", "add-meter", "br0", "meter=1"],
        ["ip", "-batch", "-"],
        ["virsh", "start", "web"],
    ])
        it(`is lost where it may be half done: ${argv.join(" ")}`, async () => {
            const { place, ran } = endedOnce();
            await assert.rejects(patient(place).run(argv), { kind: "lost" });
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
