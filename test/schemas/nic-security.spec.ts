import assert from "node:assert/strict";
import { securityOf } from "../../schemas/nic-security";

describe("the security of a NIC's port", () => {
    it("keeps every address, also one that the port's own check is to refuse: without any all would pass", () => {
        const mac = "52:54:00:00:00:01";
        for (const [address, own] of [
            ["FD00::11/64", "fd00::11"],
            ["fe80::1%eth0/64", "fe80::1%eth0"],
        ] as const)
            assert.deepEqual(securityOf({}, { mac, address }), { mac, addresses: [own] });
    });
});
