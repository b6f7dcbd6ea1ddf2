import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { declaredBy } from "../../docs/generator/program";
import { readSchema } from "../../docs/generator/schema";
import { propertyTable, typesIn } from "../../docs/generator/tables";
import { yamlOf } from "../../docs/generator/yaml";

const schema = readSchema(process.cwd());

describe("an example in YAML", function () {
    this.timeout(300_000);
    let folder: string;
    before(() => (folder = mkdtempSync(join(tmpdir(), "kvmnet-docs-"))));
    after(() => rmSync(folder, { recursive: true, force: true }));

    async function yaml(program: string) {
        const file = join(folder, "example.ts");
        writeFileSync(file, `import { host, OvsSwitch, Provider } from "kvmnet";\n${program}`);
        return yamlOf(await declaredBy(file, schema));
    }

    it("refers to what the program takes from another resource", async () =>
        assert.deepEqual(
            await yaml(`const lan = new host.Bridge("lan", { name: "br-lan" });
                        export const port = new host.BridgePort("port", { name: "tap0", bridge: lan.name }).name;`),
            {
                resources: {
                    lan: { type: "kvmnet:host:Bridge", properties: { name: "br-lan" } },
                    port: { type: "kvmnet:host:BridgePort", properties: { name: "tap0", bridge: "${lan.name}" } },
                },
                outputs: { port: "${port.name}" },
            },
        ));
    it("waits for what the program waits for", async () => {
        const { resources } = await yaml(`const first = new host.Tap("first", { name: "tap1" });
            new host.Tap("second", { name: "tap2" }, { dependsOn: first });`);
        assert.deepEqual(resources?.second, {
            type: "kvmnet:host:Tap",
            properties: { name: "tap2" },
            options: { dependsOn: ["${first}"] },
        });
    });
    it("builds where the program builds", async () => {
        const { resources } = await yaml(`const other = new Provider("other", { host: "lab://other" });
            new host.Tap("there", { name: "tap3" }, { provider: other });`);
        assert.deepEqual(resources, {
            other: { type: "pulumi:providers:kvmnet", properties: { host: "lab://other" } },
            there: { type: "kvmnet:host:Tap", properties: { name: "tap3" }, options: { provider: "${other}" } },
        });
    });
    it("leaves to a component what the component makes", async () => {
        const { resources } = await yaml(`new OvsSwitch("all", { name: "br-all" });`);
        assert.deepEqual(Object.keys(resources ?? {}), ["all"]);
    });
});

describe("a table of properties", () => {
    it("tells type, default, what must be given and what a change costs", () =>
        assert.equal(
            propertyTable(
                {
                    name: { type: "string", description: "Its name.", willReplaceOnChanges: true },
                    mtu: { type: "integer", default: 1500, description: "MTU [byte]." },
                },
                ["name"],
                schema,
                "with changes",
            ),
            [
                "| Property | Type | Default | A change | What it is |",
                "| --- | --- | --- | --- | --- |",
                "| `name` | string | required | replaces | Its name. |",
                "| `mtu` | integer | `1500` | live | MTU [byte]. |",
            ].join("\n"),
        ));
    it("is not broken by what a description has in it", () => {
        const row = propertyTable({ a: { description: "x | y\n<z>" } }, [], schema, "without changes").split("\n")[2];
        assert.equal(row, "| `a` |  |  | x \\| y &lt;z> |");
    });
    it("names the values of an enum, whether or not other text is taken too", () => {
        const own = { ...schema, types: { "kvmnet:ovs:Mode": { enum: [{ value: "a" }, { value: "b" }] } } };
        const $ref = "#/types/kvmnet:ovs:Mode";
        for (const property of [{ $ref }, { oneOf: [{ type: "string" }, { $ref }] }])
            assert.match(propertyTable({ mode: property }, [], own, "without changes"), /\| `a` or `b` \|/);
    });
    it("finds the types that types refer to, each once", () => {
        const inner = { properties: { again: { $ref: "#/types/kvmnet:x:Outer" } } };
        const outer = { properties: { inner: { items: { $ref: "#/types/kvmnet:x:Inner" } } } };
        const own = { ...schema, types: { "kvmnet:x:Inner": inner, "kvmnet:x:Outer": outer } };
        const found = typesIn({ one: { $ref: "#/types/kvmnet:x:Outer" } }, own);
        assert.deepEqual([...found.keys()], ["kvmnet:x:Outer", "kvmnet:x:Inner"]);
    });
});
