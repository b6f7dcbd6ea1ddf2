import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { guestXslt, nicsXslt } from "../../components/libvirt/xslt";
import { GOLDEN } from "../support/golden-guests";
import { aNic } from "../support/guests";

/** A stylesheet that differs in one byte replaces every guest of every user of the 0.8 line. */
describe("the stylesheet of a guest", () => {
    const kept = (name: string) => readFileSync(join(__dirname, "golden", `${name}.xsl`), "utf8");

    for (const [name, guest] of Object.entries(GOLDEN))
        it(`is byte for byte what the last release wrote: ${name}`, () => {
            const taps = guest.nics.map((_, index) => `web-1-nic${index}`);
            assert.equal(guestXslt(guest, taps), kept(name));
        });

    it("is byte for byte what the last release wrote: NICs of a domain written by hand", () =>
        assert.equal(nicsXslt([aNic()], "kvm", ["web-1-nic0"]), kept("by-hand")));
});
