import assert from "node:assert/strict";
import { unserved } from "../../provider/resources/dhcp-unserved";
import { DhcpServer } from "../../schemas/dhcp";

describe("what a DHCP server is told to give and nobody gets", () => {
    const told = (own: string[], ...ranges: object[]) =>
        unserved(DhcpServer.parse({ interface: "br0", ranges }), own, "the host");
    const range = { start: "fd00::50", end: "fd00::99" };

    it("is none where the interface has an address in each network", () => {
        for (const own of ["fd00::1/64", "fd00::1/48"]) assert.deepEqual(told([own], range), []);
        for (const own of ["fd00::1/64", "fd00::1/112"])
            assert.deepEqual(told([own], { ...range, prefixLength: 112 }), []);
        assert.deepEqual(told(["10.0.0.1/24", "fd00::1/64"], { start: "10.0.0.5" }, { start: "fd00::" }), []);
    });

    it("is a range of IPv6 with a shorter prefix than that of the interface's address", () =>
        assert.deepEqual(told(["fe80::1/64", "fd00::1/112"], range), [
            "br0 on the host has an address of prefix length 112, and the range from fd00::50 is of fd00::/64, so nobody gets an address of it; set its prefixLength to 112.",
        ]));

    it("is a range of IPv6 in whose network the interface has no address", () => {
        const lost = (network: string) => [
            `br0 on the host has no address in the network of ${network}, so nobody gets one from there; give it one with kvmnet:host:Address.`,
        ];
        assert.deepEqual(told(["10.0.0.1/24"], range), lost("fd00::/64"));
        assert.deepEqual(told(["fd00:0:0:1::1/48"], range), lost("fd00::/64"));
        assert.deepEqual(told(["fd00::1:1/112"], { ...range, prefixLength: 112 }), lost("fd00::/112"));
    });

    it("is what is reserved where the interface has no address", () => {
        const reservations = {
            far: { mac: "52:54:00:00:00:01", address: "10.9.0.5", ipv6Address: "fd09::5" },
            near: { mac: "52:54:00:00:00:02", address: "10.0.0.5", ipv6Address: "fd00::5" },
        };
        const server = DhcpServer.parse({ interface: "br0", ranges: [range], reservations });
        assert.match(unserved(server, ["10.0.0.1/24", "fd00::1/64"], "h")[0] ?? "", /of 10\.9\.0\.5, fd09::5, so/);
    });
});
