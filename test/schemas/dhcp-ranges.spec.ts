import assert from "node:assert/strict";
import { DhcpServer } from "../../schemas/dhcp";

describe("a range of a DHCP server", () => {
    const failures = (range: object) =>
        DhcpServer.safeParse({ interface: "br0", ranges: [range] }).error?.issues.map(
            ({ path, message }) => `${path.slice(2).join(".")}: ${message}`,
        ) ?? [];

    it("of IPv6 lies in one network, of the prefix length that is declared", () => {
        const range = { start: "fd00::50", end: "fd00::1:99" };
        assert.deepEqual(failures(range), []);
        assert.deepEqual(failures({ ...range, prefixLength: 112 }), [
            "end: a range of IPv6 is of one network, and this end is not in fd00::/112",
        ]);
        assert.deepEqual(failures({ ...range, end: "fd00:0:0:1::" }), [
            "end: a range of IPv6 is of one network, and this end is not in fd00::/64",
        ]);
    });

    it("of IPv6 has a prefix length from 64 to 128", () => {
        for (const prefixLength of [63, 129, "112"])
            assert.deepEqual(failures({ start: "fd00::", prefixLength }), [
                "prefixLength: prefixLength is a whole number from 64 to 128 bit",
            ]);
    });

    it("of IPv4 has none of its own", () =>
        assert.match(failures({ start: "10.0.0.1", prefixLength: 112 }).join(), /^prefixLength: .* remove it$/));
});
