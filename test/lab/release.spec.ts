import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkRelease } from "../../lab/release";

const TRIXIE = 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nVERSION_ID="13"\nID=debian\n';
const NOBLE = 'PRETTY_NAME="Ubuntu 24.04.1 LTS"\nNAME="Ubuntu"\nVERSION_ID="24.04"\nID=ubuntu\nID_LIKE=debian\n';

describe("the system that a lab is made on", () => {
    let folder: string;
    before(() => (folder = mkdtempSync(join(tmpdir(), "kvmnet-release-"))));
    after(() => rmSync(folder, { recursive: true }));

    const check = (text: string) => {
        const file = join(folder, "os-release");
        writeFileSync(file, text);
        return () => checkRelease(file);
    };

    it("is Debian 12, in quotes or not", () => {
        check('PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nID=debian\n')();
        check("ID='debian'\nVERSION_ID=12\n")();
    });
    for (const [name, text] of [
        ["Debian GNU/Linux 13 (trixie)", TRIXIE],
        ["Debian GNU/Linux trixie/sid", 'PRETTY_NAME="Debian GNU/Linux trixie/sid"\nID=debian\n'],
        ["Ubuntu 24.04.1 LTS", NOBLE],
        ["alpine 3.20", "ID=alpine\nVERSION_ID=3.20\n"],
    ] as const)
        it(`is not ${name}, which is named with what is needed`, () =>
            assert.throws(check(text), ({ message }: Error) => {
                assert.ok(message.includes(`this machine has ${name}: use a machine with Debian 12`), message);
                return true;
            }));
    it("is not one that does not say what it is", () =>
        assert.throws(
            () => checkRelease(join(folder, "none")),
            /this machine has a system that is not told in \S+none:/,
        ));
});
