import assert from "node:assert/strict";
import fc from "fast-check";
import { AddressWithPrefix, GuestRing, IfName, Mac, Mtu, Queues, VlanId, VlanList } from "../../schemas/units";
import { vlanRange } from "../../schemas/vlan-range";

const takes = (schema: { safeParse(input: unknown): { success: boolean } }, value: unknown) =>
    schema.safeParse(value).success;

describe("a VLAN id", () => {
    it("is 1 to 4094", () => {
        assert(takes(VlanId, 1) && takes(VlanId, 4094));
        for (const refused of [0, 4095, -1, 1.5, "100", "100abc", null, NaN])
            assert(!takes(VlanId, refused), String(refused));
    });
});

describe("a guest's ring", () => {
    it("is 256, 512 or 1024, and nothing else", () =>
        fc.assert(fc.property(fc.integer(), (size) => takes(GuestRing, size) === [256, 512, 1024].includes(size))));
    it("is no text", () => assert(!takes(GuestRing, "1k") && !takes(GuestRing, "1024")));
});

describe("queues", () => {
    it("are 1 to 256", () =>
        fc.assert(fc.property(fc.integer({ min: -10, max: 400 }), (n) => takes(Queues, n) === (n >= 1 && n <= 256))));
});

describe("an MTU", () => {
    it("is 68 to 65521", () => {
        assert(takes(Mtu, 68) && takes(Mtu, 1500) && takes(Mtu, 65521));
        assert(!takes(Mtu, 60) && !takes(Mtu, 70000));
    });
});

describe("an interface name", () => {
    it("has at most 15 bytes", () => {
        assert(takes(IfName, "a".repeat(15)));
        assert(!takes(IfName, "a".repeat(16)));
    });
    it("carries nothing that another program could read as more than a name", () => {
        for (const refused of ["a/b", "a b", "a;b", "a\n", "$(id)", "-x", ".x", "", "ä", "x`id`"])
            assert(!takes(IfName, refused), JSON.stringify(refused));
    });
    it("is none that libvirt reserves", () => {
        for (const refused of ["vnet0", "vif1", "macvtap0", "macvlan3"]) assert(!takes(IfName, refused), refused);
    });
    it("is made of plain characters whatever comes in", () =>
        fc.assert(fc.property(fc.string(), (text) => !takes(IfName, text) || /^[A-Za-z0-9_.-]{1,15}$/.test(text))));
});

describe("a MAC address", () => {
    it("is spelled in lower case", () => assert.equal(Mac.parse("52:54:00:AB:CD:EF"), "52:54:00:ab:cd:ef"));
    it("is unicast", () => assert(!takes(Mac, "01:00:5e:00:00:01") && !takes(Mac, "ff:ff:ff:ff:ff:ff")));
    it("is not all zero", () => assert(!takes(Mac, "00:00:00:00:00:00")));
    it("has six pairs", () => assert(!takes(Mac, "52:54:00:ab:cd") && !takes(Mac, "52-54-00-ab-cd-ef")));
});

describe("an address with its prefix length", () => {
    it("is IPv4 or IPv6, as it was written", () => {
        for (const taken of ["10.0.0.11/24", "FD00::11/64"]) assert.equal(AddressWithPrefix.parse(taken), taken);
        assert(!takes(AddressWithPrefix, "10.0.0.11") && !takes(AddressWithPrefix, "10.0.0.11/33"));
    });
    it("has no zone, which means another link on every host", () =>
        assert(!takes(AddressWithPrefix, "fe80::1%eth0/64")));
});

describe("a VLAN list", () => {
    it("is spelled one way: ascending, disjoint and merged", () =>
        assert.deepEqual(VlanList.parse(["30", 10, "20-29", "25"]), ["10", "20-30"]));
    it("names the entry that is wrong", () =>
        assert.deepEqual(
            VlanList.safeParse(["10", "0", "30-20"]).error?.issues.map(({ path }) => path),
            [[1], [2]],
        ));
    it("means the same after it was spelled anew", () => {
        const entry = fc
            .tuple(fc.integer({ min: 1, max: 4094 }), fc.nat(50))
            .map(([from, more]) => `${from}-${Math.min(4094, from + more)}`);
        const ids = (list: string[]) =>
            new Set(
                list.flatMap((text) => {
                    const [from = 0, to = -1] = vlanRange(text) ?? [];
                    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
                }),
            );
        fc.assert(
            fc.property(fc.array(entry, { maxLength: 20 }), (list) => {
                const canonical = VlanList.parse(list);
                assert.deepEqual(ids(canonical), new Set([...ids(list)].sort((a, b) => a - b)));
                assert.deepEqual(VlanList.parse(canonical), canonical);
            }),
        );
    });
});
