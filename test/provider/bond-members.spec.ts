import assert from "node:assert/strict";
import type { Host } from "../../provider/host";
import type { Link } from "../../provider/host/links";
import type { JournalEntry, Plan } from "../../provider/plan";
import { letGo, takeIn, takenIn } from "../../provider/resources/bond-members";

const MARK = "kvmnet:0123456789abcdef:shop/dev/Bond/b";

type Member = Pick<Link, "index" | "up"> & Partial<Link>;

/** A host in one of its lives: its boot, and the member as it is there. */
function hostOf(journal: Map<string, JournalEntry>, boot: string, member: Member): Host {
    const all = [{ name: "eth1", ...member }, { name: "br0" }, { name: "br1" }, { name: "bond0", kind: "bond" }];
    return {
        place: {},
        links: () => Promise.resolve(new Map(all.map((link) => [link.name, link]))),
        files: { read: () => Promise.resolve([boot]) },
        journal: { get: (key: string) => Promise.resolve(journal.get(key)) },
    } as unknown as Host;
}

/** The words for `ip`; what a plan notes is noted then. */
function done(plan: Plan, journal: Map<string, JournalEntry>): string[] {
    return plan.flatMap(({ action }) => {
        if (action.via === "journal" && action.entry) journal.set(action.key, action.entry);
        else if (action.via === "journal") journal.delete(action.key);
        return action.via === "ip" ? action.lines.map((words) => words.join(" ")) : [];
    });
}

describe("a member of a bond", () => {
    const journal = new Map<string, JournalEntry>();
    beforeEach(() => journal.clear());
    const takes = async (host: Host) => done(await takeIn(host, "bond0", ["eth1"], MARK), journal);
    const lets = async (host: Host) => done(await letGo(host, "bond0", ["eth1"]), journal);
    const [out, back] = ["link set dev eth1 nomaster", (bridge: string) => `link set dev eth1 master ${bridge}`];
    const up = "link set dev eth1 up";

    it("gets back what it had before the first of all changes, also where a run was killed in between", async () => {
        await takes(hostOf(journal, "boot-1", { index: 2, up: true, master: "br0" }));
        await takes(hostOf(journal, "boot-1", { index: 2, up: false }));
        const bonded = hostOf(journal, "boot-1", { index: 2, up: true, master: "bond0" });
        assert.deepEqual(await takenIn(bonded, ["eth1"], MARK), ["eth1"]);
        assert.deepEqual(await lets(bonded), [out, back("br0"), up]);
        assert.equal(journal.size, 0);
    });

    for (const [what, boot, index] of [
        ["a reboot", "boot-2", 2],
        ["it was made anew", "boot-1", 9],
    ] as const) {
        it(`gets back what it had when it was taken in last, not where it was before ${what}`, async () => {
            await takes(hostOf(journal, "boot-1", { index: 2, up: true, master: "br0" }));
            await takes(hostOf(journal, boot, { index, up: false, master: "br1" }));
            assert.deepEqual(await lets(hostOf(journal, boot, { index, up: true, master: "bond0" })), [
                out,
                back("br1"),
            ]);
        });

        it(`is not taken to where it was before ${what} by a bond that somebody else has put it into since`, async () => {
            await takes(hostOf(journal, "boot-1", { index: 2, up: true, master: "br0" }));
            const bonded = hostOf(journal, boot, { index, up: true, master: "bond0" });
            assert.deepEqual(await takenIn(bonded, ["eth1"], MARK), []);
            assert.deepEqual(await lets(bonded), [out]);
            assert.equal(journal.size, 0);
        });
    }
});
