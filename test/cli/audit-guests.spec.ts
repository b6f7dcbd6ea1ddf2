import assert from "node:assert/strict";
import { audit } from "../../cli/audit";
import { runningGuests } from "../../cli/audit/guests";
import type { Host } from "../../provider/host";
import type { Place } from "../../provider/host/place";

const UUID = "4dea22b3-1d52-d8f3-2516-782e98ab3fa0";
const XML = `<domain type='kvm' id='3'>
  <name>web</name>
  <uuid>${UUID}</uuid>
  <vcpu>2</vcpu>
</domain>
`;

/** A host by the last word of what is asked of virsh; of all else it knows nothing. */
const placeOf = (answers: Record<string, string>): Place =>
    ({
        where: "this machine",
        run: ([program = "", ...words]: string[]) => {
            const stdout = program === "virsh" ? answers[words.at(-1) ?? ""] : "";
            return Promise.resolve({ code: stdout === undefined ? 1 : 0, stdout: stdout ?? "", stderr: "error: gone" });
        },
    }) as unknown as Place;
const running = { "list --uuid": `${UUID}\n`, [`dumpxml ${UUID}`]: XML, "domstats --vcpu --list-running": "" };

describe("the guests that an audit judges", () => {
    const allRun = async (answers: Record<string, string>) => (await runningGuests(placeOf(answers), false)).allRun;

    it("are all of the host's, or those that are on", async () => {
        assert.equal(await allRun({ ...running, "list --inactive --uuid": "" }), true);
        assert.equal(await allRun({ ...running, "list --inactive --uuid": `${UUID}\n` }), false);
        assert.equal(await allRun({ "list --uuid": "", "list --inactive --uuid": `${UUID}\n` }), false);
    });
});

describe("an audit of a part of a host", () => {
    const partial = async (...without: ("guests" | "ovs" | "links")[]) => {
        const host = { place: placeOf({}), at: () => ({}) } as unknown as Host;
        return (await audit(host, { called: "local", profile: "default", guestAgent: false, without })).partial;
    };

    it("is known as such, whether the rest was left out or does not answer", async () => {
        assert.equal(await partial("guests", "ovs", "links"), true);
        assert.equal(await partial(), true);
    });
});
