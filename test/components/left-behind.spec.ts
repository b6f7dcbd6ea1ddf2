import assert from "node:assert/strict";
import { howToGoOn } from "../../components/libvirt/left-behind";

const UUID = "7c77dca3-9104-4f51-a520-8a89eb090aad";

describe("a guest that a killed run left on its host", () => {
    it("is named, with the line that adopts it and the one that removes it", () => {
        const errors = [
            `error defining libvirt domain: operation failed: domain 'web-1' already exists with uuid ${UUID}`,
        ];
        const text = howToGoOn(errors, "sample-web-1-domain", "urn:x") ?? "";
        assert.match(text, /domain web-1 /);
        assert.ok(
            text.includes(`pulumi import libvirt:index/domain:Domain sample-web-1-domain ${UUID} --parent guest=urn:x`),
        );
    });
    it("is removed running or not, with its UEFI variables, and only where it is nobody else's", () => {
        const text = howToGoOn([`domain 'web-1' already exists with uuid ${UUID}`], "a", "b") ?? "";
        assert.match(text, /`virsh destroy web-1; virsh undefine --nvram web-1`/);
        assert.match(
            text,
            /If it is nobody else's, adopt .* or remove .* If it is another's, give this guest another name/,
        );
    });
    it("is not blamed for other errors", () =>
        assert.equal(howToGoOn(["no space left on device"], "a", "b"), undefined));
});
