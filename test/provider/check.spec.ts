import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { check } from "../../provider/check";
import { checkConfig } from "../../provider/config";
import { difference } from "../../provider/diff";
import { ovsPort } from "../../provider/resources/ovs-port";
import { sameValue, Secret, UNKNOWN, type Bag } from "../../provider/wire";
import { RESOURCES } from "../../provider/resources";
import { OvsPort } from "../../schemas/ovs";
import { OvsFlows } from "../../schemas/ovs-flows";

/** What the last release has left in a state. */
const recorded = JSON.parse(readFileSync(join(__dirname, "../baseline/0.1.0/state.json"), "utf8")) as {
    deployment: { resources: { type: string; inputs?: Bag }[] };
};

const port = (news: Bag) => check(OvsPort, news);
const failuresOf = (news: Bag) => {
    const checked = port(news);
    assert.ok(!checked.ok);
    return checked.failures;
};

describe("check", () => {
    it("fills defaults and rewrites to the canonical spelling", () =>
        assert.deepEqual(port({ name: "p0", bridge: "br0", trunks: ["30", "10-12", 11] }), {
            ok: true,
            inputs: { name: "p0", bridge: "br0", type: "system", trunks: ["10-12", "30"] },
            final: true,
        }));

    it("gives inputs of every kind of resource that a second judgement would give again, where it says so", () => {
        const said = new Set<string>();
        for (const { type, inputs } of recorded.deployment.resources) {
            const resource = RESOURCES.get(type);
            const checked = resource && check(resource.schema, inputs ?? {}, resource.secrets);
            if (!resource || !checked?.ok || !checked.final) continue;
            said.add(type);
            assert.ok(sameValue(resource.schema.parse(checked.inputs), checked.inputs), type);
        }
        assert.ok(said.size > 25, `${said.size} kinds of resources`);
    });

    it("does not say so where an empty list was left out that is a default, or something is unknown", () => {
        assert.ok(!("final" in check(OvsFlows, { bridge: "br0", flows: ["actions=NORMAL"] })));
        assert.ok(!("final" in port({ name: "p0", bridge: UNKNOWN })));
    });

    it("names every problem at once with path, value and what is allowed", () => {
        const failures = failuresOf({ name: "a/b", bridge: "br0", tag: "100abc", trunks: ["5", "9-3"], colour: "red" });
        assert.deepEqual(failures.map(({ property }) => property).sort(), ["colour", "name", "tag", "trunks[1]"]);
        assert.match(failures.find(({ property }) => property === "tag")?.reason ?? "", /1 to 4094 \(got "100abc"\)/);
    });

    it("passes over what is unknown and gives it back", () =>
        assert.deepEqual(port({ name: "p0", bridge: UNKNOWN, trunks: ["10", UNKNOWN] }), {
            ok: true,
            inputs: { name: "p0", bridge: UNKNOWN, type: "system", trunks: ["10", UNKNOWN] },
        }));

    it("judges what is known beside what is not", () =>
        assert.deepEqual(
            failuresOf({ name: "p0", bridge: UNKNOWN, tag: 4095 }).map(({ property }) => property),
            ["tag"],
        ));

    it("leaves rules across fields until all is known", () => {
        assert.ok(port({ name: "p0", bridge: "br0", vlanMode: "access", tag: UNKNOWN }).ok);
        assert.deepEqual(
            failuresOf({ name: "p0", bridge: "br0", vlanMode: "access" }).map(({ property }) => property),
            ["tag"],
        );
    });

    it("refuses an unknown key whose value is unknown", () =>
        assert.deepEqual(
            failuresOf({ name: "p0", bridge: "br0", colour: UNKNOWN }).map(({ property }) => property),
            ["colour"],
        ));

    it("keeps a secret secret, in inputs and in messages", () => {
        const checked = port({ name: "p0", bridge: "br0", tag: new Secret(7) });
        assert.deepEqual(checked.ok && checked.inputs.tag, new Secret(7));
        const [failure] = failuresOf({ name: "p0", bridge: "br0", tag: new Secret("canary") });
        assert.equal(failure?.property, "", "the engine prints the value of a property that is named");
        assert.match(failure?.reason ?? "", /^tag: a VLAN id is a whole number from 1 to 4094$/);
    });

    it("takes null as absent", () => assert.ok(port({ name: "p0", bridge: "br0", tag: null }).ok));

    it("of the provider's arguments tells the two forms of a host", () => {
        const checked = checkConfig({ host: "lab://No Such" });
        assert.match((!checked.ok && checked.failures[0]?.reason) || "", /local .* lab:\/\/NAME/);
        assert.deepEqual(checkConfig({ version: "0.1.0" }), { ok: true, inputs: { version: "0.1.0", host: "local" } });
    });
});

describe("diff", () => {
    const there: Bag = { name: "p0", bridge: "br0", type: "system", tag: 100, owner: "kvmnet:" };
    const diff = (wanted: Bag) => difference(ovsPort.cost, there, wanted, wanted.name === there.name);

    it("finds nothing where nothing differs, whatever the outputs hold besides", () =>
        assert.equal(diff({ name: "p0", bridge: "br0", type: "system", tag: 100 }).properties.size, 0));

    it("changes a VLAN live and says which property", () =>
        assert.deepEqual(
            [...diff({ name: "p0", bridge: "br0", type: "system", trunks: ["5"] }).properties],
            [
                ["tag", { how: "delete", cost: "update" }],
                ["trunks", { how: "add", cost: "update" }],
            ],
        ));

    it("replaces a port that moves, the old one first because the name stays", () => {
        const { properties, deleteFirst } = diff({ name: "p0", bridge: "br1", type: "system", tag: 100 });
        assert.deepEqual(properties.get("bridge"), { how: "update", cost: "replace" });
        assert.ok(deleteFirst);
    });

    it("makes the new one first where the name changes", () =>
        assert.ok(!diff({ name: "p1", bridge: "br0", type: "system", tag: 100 }).deleteFirst));

    it("names the entry of a map that differs, and what in it", () => {
        const { properties, changed } = difference(
            { ports: "update" },
            { ports: { "web-17": { tag: 1 }, db: { tag: 2 }, old: {} } },
            { ports: { "web-17": { tag: 3 }, db: { tag: 2 }, new: {}, constructor: {} } },
        );
        assert.deepEqual(
            [...properties.entries()].map(([path, { how }]) => [path, how]),
            [
                ['ports["web-17"].tag', "update"],
                ["ports.old", "delete"],
                ["ports.new", "add"],
                ["ports.constructor", "add"],
            ],
        );
        assert.deepEqual(changed, ["ports"]);
    });

    it("takes what is unknown as different", () =>
        assert.ok(diff({ ...there, bridge: UNKNOWN }).properties.has("bridge")));

    it("sees no difference in secrecy alone", () =>
        assert.equal(diff({ ...there, tag: new Secret(100) }).properties.size, 0));
});
