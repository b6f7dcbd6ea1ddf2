import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Plugin } from "../provider/plugin";
import { labName } from "../support/labs";
import { ProviderLab } from "../live/provider-lab";
import { TAP } from "./support/kind-names";

const PAIRS = 2_500;
const TAPS = 40;

describe("a host that has 5,000 links already", function () {
    this.timeout(300_000);
    const lab = new ProviderLab(labName("many"));
    const folder = mkdtempSync(join(tmpdir(), "kvmnet-counted-"));
    const asked = join(folder, "asked");
    let plugin: Plugin;

    before(async () => {
        await lab.up();
        await lab.run(
            "sh",
            "-euc",
            `for n in $(seq ${PAIRS}); do echo "link add a$n type veth peer name b$n"; done | ip -batch -`,
        );
        // Stands before the real one on the provider's PATH, and keeps what it was asked, in its arguments or line by line.
        writeFileSync(
            join(folder, "ip"),
            `#!/bin/sh
            case " $* " in
            *" -batch "*) tee -a ${asked} | /sbin/ip "$@" ;;
            *) echo "$*" >>${asked} && exec /sbin/ip "$@" ;;
            esac
            `,
        );
        chmodSync(join(folder, "ip"), 0o755);
        plugin = await Plugin.start(lab.host, "", { PATH: `${folder}${delimiter}${process.env.PATH}` });
    });
    after(async () => {
        await plugin?.stop();
        await lab.down();
        rmSync(folder, { recursive: true, force: true });
    });

    const listings = () =>
        existsSync(asked)
            ? readFileSync(asked, "utf8")
                  .split("\n")
                  .filter((line) => line.endsWith("link show"))
            : [];

    it("is read as a whole, once for all resources that ask at the same moment", async () => {
        const names = Array.from({ length: TAPS }, (_, index) => `t${index}`);
        const made = await Promise.all(names.map((name) => plugin.create(TAP, name, { name })));
        const before = listings().length;
        assert.ok(before >= 1 && before <= TAPS, `${before} listings for ${TAPS} taps`);
        // What was listed for the read-back serves for a second; a refresh that comes later looks anew.
        await sleep(1_100);
        const seen = await Promise.all(made.map(({ id, state }) => plugin.read(TAP, id, id, { name: id }, state)));
        assert.deepEqual(
            seen.map(({ id }) => id),
            names,
        );
        const reads = listings().length - before;
        assert.ok(reads >= 1 && reads <= 2, `${reads} listings`);
    });
});
