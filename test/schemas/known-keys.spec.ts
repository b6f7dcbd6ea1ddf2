import assert from "node:assert/strict";
import { z } from "zod";
import { alike, keysAt } from "../../schemas/known-keys";
import { named, withCrossCheck } from "../../schemas/named";
import { parsed } from "../../schemas/problems";
import { sparseObject } from "../../schemas/sparse";

describe("a key that is not known", () => {
    const KNOWN = ["vcpus", "userData", "vlanMode", "vlan", "forwardDelay", "mtu"];
    for (const [key, meant] of [
        ["vcpu", "vcpus"],
        ["userdata", "userData"],
        ["vlan_mode", "vlanMode"],
        ["VLAN", "vlan"],
        ["vlans", "vlan"],
        ["forward-delay", "forwardDelay"],
        ["colour", ""],
    ] as const)
        it(`such as ${key} is meant as ${meant || "none"}`, () => assert.equal(alike(key, KNOWN).join(), meant));

    const Port = withCrossCheck(
        sparseObject({ tag: z.int().optional(), tap: z.strictObject({ mtu: z.int() }) }),
        () => {},
    );
    const Input = z.strictObject({
        ports: named(z.string(), Port, "ports is a map").default({}),
        hops: z.array(z.union([z.string(), z.strictObject({ via: z.string() })])).optional(),
        text: z.strictObject({ size: z.int() }).transform(({ size }) => size),
    });
    for (const [path, keys] of [
        [[], "ports,hops,text"],
        [["ports"], ""],
        [["ports", "web0"], "tag,tap"],
        [["ports", "web0", "tap"], "mtu"],
        [["hops", 0], "via"],
        [["text"], "size"],
        [["nowhere", "at", "all"], ""],
    ] as const)
        it(`is looked for among ${keys || "none"} at ${path.join(".") || "the top"}`, () =>
            assert.equal(keysAt(Input, path).join(), keys));

    it("is told with what was meant, at its place", () =>
        assert.throws(
            () => parsed(Input, { ports: { web0: { tag: 1, taps: 3, tap: { mtu: 1500 } } }, text: { size: 1 } }, "it"),
            /ports\.web0\.taps: this key is not known; write tap, or remove it \(got 3\)/,
        ));
});
