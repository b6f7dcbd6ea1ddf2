import assert from "node:assert/strict";
import { NOT_KNOWN_YET, runPolicy } from "../../../policies/index";
import { pack } from "./site-rules";

const guest = (queues: number | string) => ({
    type: "libvirt:index/domain:Domain",
    name: "web",
    props: { name: "web", vcpu: 16, devices: { interfaces: [{ model: { type: "virtio" }, driver: { queues } }] } },
});

describe("our rule about queues", () => {
    it("takes 8 queues and refuses 9", async () => {
        assert.deepEqual(await runPolicy(pack, [guest(8)]), []);
        const [violation] = await runPolicy(pack, [guest(9)]);
        assert.equal(violation?.policy, "site-guests-queues");
        assert.equal(violation.level, "mandatory");
    });

    it("has a threshold that a configuration sets", async () => {
        const config = { "site-guests-queues": { most: 16 } };
        assert.deepEqual(await runPolicy(pack, [guest(16)], config), []);
    });

    it("does not decide over what is not known yet", async () => {
        const [open] = await runPolicy(pack, [guest(NOT_KNOWN_YET)]);
        assert.equal(open?.level, "advisory");
        assert.match(open.message, /^Could not decide/);
    });
});
