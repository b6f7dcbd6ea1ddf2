import assert from "node:assert/strict";
import { searchPath } from "../../schemas/search-path";

const SYSTEM = "/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin";

describe("where a host's programs are looked for", () => {
    it("is the PATH in its order, and then the system's own folders", () =>
        assert.equal(searchPath("/opt/ovs/bin:/nix/bin"), `/opt/ovs/bin:/nix/bin:${SYSTEM}`));
    it("has each folder once", () =>
        assert.equal(
            searchPath("/opt/bin:/usr/bin:/opt/bin"),
            "/opt/bin:/usr/bin:/usr/local/sbin:/usr/sbin:/sbin:/bin",
        ));
    it("is no folder of npm's packages, which any of them may put an ip into", () =>
        assert.equal(
            searchPath("/home/me/shop/node_modules/.bin:/usr/lib/node_modules/npm/lib/node-gyp-bin:/opt/bin"),
            `/opt/bin:${SYSTEM}`,
        ));
    it("does not depend on the folder that one is in", () =>
        assert.equal(searchPath(".:bin::/opt/bin:../tools:"), `/opt/bin:${SYSTEM}`));
    it("is the system's where there is no PATH", () => assert.equal(searchPath(undefined), SYSTEM));
});
