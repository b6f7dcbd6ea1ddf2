import assert from "node:assert/strict";
import { bootedGuests, runningGuests } from "../../cli/verify/guests";
import { startLabGuest } from "../support/lab-guest";
import { labName } from "../support/labs";
import { ProviderLab } from "./provider-lab";

describe("a guest of a lab that does not come up", function () {
    this.timeout(300_000);
    const lab = new ProviderLab(labName("boot"));
    before(() => lab.up());
    after(() => lab.down());

    /** Sends a signal to the QEMU of a guest. */
    const signal = (which: string, name: string) =>
        lab.run("sh", "-c", 'kill -s "$1" "$(cat "/run/libvirt/qemu/$2.pid")"', "sh", which, name);
    /** Opens the guests, and keeps what was told meanwhile. */
    const opened = async (names: string[], standstillMs?: number) => {
        const notes: string[] = [];
        const guests = await bootedGuests(lab.name, names, { note: (line) => notes.push(line) }, standstillMs);
        for (const guest of guests.values()) guest.close();
        return { notes, reported: [...guests.values()].map(({ report }) => report.hostname) };
    };

    it("is started again when its QEMU has crashed", async () => {
        await startLabGuest(lab, "g1");
        await signal("KILL", "g1");
        const { notes, reported } = await opened(["g1"]);
        assert.deepEqual(reported, ["g1"]);
        assert.deepEqual(notes, ["The guest g1 has crashed while it booted; it is started again."]);
    });

    it("is ended and started again when it stands still, with a word on where; one that reports is let be", async () => {
        await startLabGuest(lab, "g2");
        await lab.virsh("suspend", "g2");
        const { notes, reported } = await opened(["g1", "g2"], 1_000);
        assert.deepEqual(reported, ["g1", "g2"]);
        assert.equal(notes.length, 1, notes.join("\n"));
        assert.match(
            notes[0]!,
            /^The guest g2 has not reported for 1 s and is paused \(user\): vCPU 0 (works|halted) at 0x[0-9a-f]+; it is ended and started again\.$/,
        );
    });

    it("is started again when its QEMU does not answer, either", async () => {
        await startLabGuest(lab, "g3");
        await signal("STOP", "g3");
        const { notes, reported } = await opened(["g3"], 1_000);
        assert.deepEqual(reported, ["g3"]);
        assert.match(notes[0]!, /^The guest g3 has not reported for 1 s and says nothing of itself/);
    });

    it("is left as it is where nobody has just made it, with a word on what it is", async () => {
        await lab.virsh("suspend", "g2");
        await lab.virsh("destroy", "g3");
        await assert.rejects(
            runningGuests(lab.name, ["g1", "g2", "g3", "g4"]),
            /^Error: The guest g2 is paused: it can tell nothing\.\nThe guest g3 is shut off: .*\nThe guest g4 is not there: .*\nStart it \(`virsh start NAME`\) or let it go on/,
        );
        assert.equal((await lab.virsh("domstate", "g3")).trim(), "shut off");
        const guests = await runningGuests(lab.name, ["g1"]);
        for (const guest of guests.values()) guest.close();
        assert.deepEqual([...guests.keys()], ["g1"]);
    });
});
