import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HostError } from "../../provider/host/errors";
import { Journal } from "../../provider/host/journal";
import type { Place } from "../../provider/host/place";

const KEY = "sysctl net.ipv4.ip_forward";
const ENTRY = { mark: "kvmnet:0123456789abcdef:shop/dev/r", former: { value: "0" } };

describe("the journal of former values", () => {
    let stateFolder: string;
    const folder = () => join(stateFolder, "journal");
    const journal = () => new Journal({ stateFolder } as Place);
    beforeEach(() => (stateFolder = mkdtempSync(join(tmpdir(), "kvmnet-journal-"))));
    afterEach(() => rmSync(stateFolder, { recursive: true }));

    it("keeps an entry in a file of its own, until it is dropped", async () => {
        await journal().put(KEY, ENTRY);
        assert.deepEqual(await journal().get(KEY), ENTRY);
        await journal().drop(KEY);
        assert.equal(await journal().get(KEY), undefined);
        assert.deepEqual(readdirSync(folder()), []);
    });

    it("tells what keeps an entry from being dropped, and takes one that is not there as dropped", async () => {
        await journal().drop(KEY);
        await journal().put(KEY, ENTRY);
        const [file = ""] = readdirSync(folder());
        rmSync(join(folder(), file));
        mkdirSync(join(folder(), file));
        await assert.rejects(
            journal().drop(KEY),
            (error) => error instanceof HostError && error.kind === "refused" && error.message.includes(file),
        );
    });

    it("clears away at its next change what killed runs had begun to write, and nothing that a living one writes", async () => {
        const { pid: gone } = spawnSync("true");
        mkdirSync(folder());
        const drafts = [gone, process.ppid].map((pid) => `other-0123456789ab.json.${pid}.new`);
        for (const file of [...drafts, "theirs.new"]) writeFileSync(join(folder(), file), "{");
        for (const change of [() => journal().put(KEY, ENTRY), () => journal().drop(KEY)]) {
            writeFileSync(join(folder(), drafts[0] as string), "{");
            await change();
            const left = readdirSync(folder()).filter((file) => file.endsWith(".new"));
            assert.deepEqual(left.sort(), [drafts[1], "theirs.new"].sort());
        }
    });
});
