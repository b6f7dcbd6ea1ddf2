import assert from "node:assert/strict";
import fc from "fast-check";
import { HostError } from "../../provider/host/errors";
import {
    declarationOf,
    parseVlans,
    sameTable,
    tableOf,
    vlanLines,
    type VlanTable,
} from "../../provider/resources/bridge-vlans";
import { carriedOut } from "../support/bridge-tables";
import { checkVlans, type PortVlans } from "../../schemas/bridge-vlans";
import { VlanList } from "../../schemas/units";

const id = fc.integer({ min: 1, max: 4094 });
const list = fc.array(id, { maxLength: 20 }).map((ids) => VlanList.parse(ids));
/** What a user may declare. */
const declared = fc
    .record({ pvid: fc.option(id, { nil: undefined }), tagged: list, untagged: list })
    .filter((vlans) => {
        let wrong = false;
        checkVlans(vlans, () => (wrong = true));
        return !wrong;
    });
/** What a kernel may hold: any ids, one pvid at most. */
const table: fc.Arbitrary<VlanTable> = fc
    .tuple(fc.array(fc.tuple(id, fc.boolean()), { maxLength: 20 }), fc.integer({ min: -1, max: 19 }))
    .map(([entries, chosen]) => {
        const ids = [...new Map(entries)].sort(([a], [b]) => a - b);
        return new Map(ids.map(([vlan, untagged], index) => [vlan, { untagged, pvid: index === chosen }]));
    });
const standard = fc.integer({ min: 0, max: 4094 });

describe("the VLANs of a bridge's port", () => {
    it("become what is wanted, from whatever was there", () =>
        fc.assert(
            fc.property(table, table, (from, to) =>
                assert.deepEqual(carriedOut(from, vlanLines("p0", from, to)), new Map(to)),
            ),
        ));

    it("need no line where nothing differs", () =>
        fc.assert(fc.property(table, (one) => assert.deepEqual(vlanLines("p0", one, one), []))));

    it("are told as they were declared", () =>
        fc.assert(
            fc.property(declared, standard, (vlans, usual) => {
                const told = declarationOf(tableOf(vlans, usual), usual, vlans);
                assert.deepEqual({ ...told }, { ...vlans });
            }),
        ));

    it("read without knowing are a declaration that means the same", () =>
        fc.assert(
            fc.property(declared, standard, (vlans, usual) => {
                const there = tableOf(vlans, usual);
                assert.ok(sameTable(there, tableOf(declarationOf(there, usual), usual)));
            }),
        ));

    const shapes: [what: string, vlans: PortVlans, told: PortVlans][] = [
        [
            "an access port by its pvid alone",
            { pvid: 10, untagged: ["10"] },
            { pvid: 10, tagged: undefined, untagged: undefined },
        ],
        ["a trunk by its tags", { tagged: ["10-12"] }, { pvid: undefined, tagged: ["10-12"], untagged: undefined }],
        ["the kernel's own VLAN by nothing", { pvid: 1 }, { pvid: undefined, tagged: undefined, untagged: undefined }],
    ];
    for (const [what, vlans, told] of shapes)
        it(`are told in the fewest words: ${what}`, () => assert.deepEqual(declarationOf(tableOf(vlans, 1), 1), told));

    it("are written in ranges", () =>
        assert.deepEqual(
            vlanLines("p0", new Map(), tableOf({ tagged: ["10-12"], pvid: 5 }, 1)).map((line) => line.join(" ")),
            ["vlan add dev p0 vid 5 pvid untagged", "vlan add dev p0 vid 10-12"],
        ));
});

describe("the list of VLANs that bridge(8) prints", () => {
    it("is read with ranges and without", () => {
        const text = JSON.stringify([
            { ifname: "br0", vlans: [{ vlan: 1, flags: ["PVID", "Egress Untagged"] }] },
            { ifname: "p0", vlans: [{ vlan: 10, vlanEnd: 12, flags: [] }, { vlan: 20 }] },
            { ifname: "x;id" },
        ]);
        const tables = parseVlans(text);
        assert.deepEqual(tables.get("br0"), tableOf({}, 1));
        assert.deepEqual(tables.get("p0"), tableOf({ tagged: ["10-12", "20"] }, 1));
        assert.equal(tables.get("x;id")?.size, 0);
    });

    it("is an error with a next step on any other text", () =>
        fc.assert(
            fc.property(fc.string(), (text) => {
                try {
                    parseVlans(text);
                } catch (error) {
                    assert.ok(error instanceof HostError && error.kind === "bug");
                }
            }),
        ));
});
