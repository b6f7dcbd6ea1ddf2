import assert from "node:assert/strict";
import { existsSync, globSync } from "node:fs";
import { resolve } from "node:path";
import { SYSTEMD, SystemdHost } from "../support/systemd-host";

describe("on a host that systemd runs", function () {
    this.timeout(180_000);
    let host: SystemdHost | undefined;
    before(async function () {
        if (!existsSync(SYSTEMD)) {
            console.log(`      skipped: ${SYSTEMD} is not on this machine`);
            this.skip();
        }
        host = await SystemdHost.up();
    });
    after(() => host?.down());

    for (const file of globSync("test/systemd/*.systemd.ts").sort())
        it(`passes all of ${file}`, async () => {
            const mocha = resolve("node_modules/mocha/bin/mocha.js");
            const { code, stdout, stderr } = await (host as SystemdHost).run(process.execPath, mocha, file);
            assert.equal(code, 0, `${stdout}\n${stderr}`);
            assert.match(stdout, /^ +[1-9]\d* passing/m);
        });
});
