import { strict as assert } from "node:assert";
import fc from "fast-check";
import { ifName, nicMac } from "../../components/names";
import { IfName, Mac } from "../../schemas/units";

const scope = { project: "p", stack: "s" };
const parts = fc.tuple(fc.string(), fc.string({ maxLength: 40 }));

describe("the name of an interface", () => {
    it("is its parts joined, where that is a name", () => assert.equal(ifName("web-1", "data"), "web-1-data"));

    it("is cut and ends in a digest where it would be too long", () => {
        const name = ifName("a-guest-with-a-long-name", "data");
        assert.match(name, /^a-gues-[0-9a-z]{8}$/);
    });

    for (const reserved of ["vnet0", "vif1", "macvtap0", "macvlan3"])
        it(`never starts as libvirt's own do: ${reserved}`, () =>
            assert.doesNotMatch(ifName(reserved), /^(vnet|vif|macvtap|macvlan)/));

    it("tells web-1 + data from web + 1-data", () => assert.notEqual(ifName("web-1", "data"), ifName("web", "1-data")));

    it("is a name of 1 to 15 bytes, whatever the parts", () =>
        fc.assert(
            fc.property(parts, ([one, other]) => {
                const name = ifName(one, other);
                assert.ok(Buffer.byteLength(name) <= 15);
                assert.equal(IfName.parse(name), name);
            }),
        ));

    it("is the same on every run", () =>
        fc.assert(fc.property(parts, ([one, other]) => assert.equal(ifName(one, other), ifName(one, other)))));

    // By hand: the first 8 bytes of SHA-256 of the parts as JSON, the last 8 digits of that number to the base of 36.
    for (const [parts, name] of [
        [["production-web-server-1", "data"], "produc-r4lm4g2d"],
        [["a-guest-with-a-long-name", "data"], "a-gues-tooa6ybm"],
        [["web-1", "1-data"], "web-1--ngimq3k6"],
    ] as [[string, ...string[]], string][])
        it(`is for ever the one that a host has: ${name}`, () => assert.equal(ifName(...parts), name));

    it("is unique over 10,000 guests that begin alike", () => {
        const names = Array.from({ length: 10_000 }, (_, index) => ifName(`production-web-server-${index}`, "data"));
        assert.equal(new Set(names).size, names.length);
    });

    it("is unique over 10,000 short ones", () => {
        const names = Array.from({ length: 100 }, (_, g) =>
            Array.from({ length: 100 }, (_, n) => ifName(`g${g}`, `n${n}`)),
        );
        assert.equal(new Set(names.flat()).size, 10_000);
    });
});

describe("the MAC address of a NIC", () => {
    it("is locally administered, unicast and in lower case", () =>
        fc.assert(
            fc.property(parts, ([guest, nic]) => {
                const mac = nicMac(scope, guest, nic);
                assert.match(mac, /^52:54(:[0-9a-f]{2}){4}$/);
                assert.equal(Mac.parse(mac), mac);
            }),
        ));

    it("is the same on every run", () => assert.equal(nicMac(scope, "web-1", "data"), "52:54:1e:79:ea:6c"));

    it("differs between NICs, guests and stacks", () => {
        const macs = [
            nicMac(scope, "web-1", "data"),
            nicMac(scope, "web-1", "mgmt"),
            nicMac(scope, "web-2", "data"),
            nicMac({ ...scope, stack: "t" }, "web-1", "data"),
            nicMac({ ...scope, project: "q" }, "web-1", "data"),
        ];
        assert.equal(new Set(macs).size, macs.length);
    });
});
