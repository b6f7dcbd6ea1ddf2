import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

const read = <Shape>(file: string) => parse(readFileSync(join(__dirname, "../..", file), "utf8")) as Shape;

interface ProjectFile {
    packages: unknown;
    plugins: { providers: { name: string; path: string }[] };
    config: { environment: { value: unknown } };
}

describe("the template `lab`", () => {
    const template = read<ProjectFile>("templates/lab/Pulumi.yaml");

    it("builds the environment of the sample", () => {
        const { config } = read<{ config: Record<string, unknown> }>("Pulumi.lab.yaml");
        assert.deepEqual(template.config.environment.value, config["kvmnet-sample:environment"]);
    });

    it("takes the plugin out of the installed package", () =>
        assert.deepEqual(template.plugins.providers, [{ name: "kvmnet", path: "node_modules/kvmnet/provider" }]));

    it("asks for the same @pulumi/libvirt as the sample", () =>
        assert.deepEqual(template.packages, read<ProjectFile>("Pulumi.yaml").packages));

    it("builds in a lab, never on the machine itself", () => {
        const { config } = read<{ config: Record<string, string> }>("templates/lab/Pulumi.lab.yaml");
        assert.match(config["kvmnet:host"]!, /^lab:\/\//);
    });

    it("pins TypeScript to the last version that Pulumi runs with, and Pulumi's SDK to ours", () => {
        const { dependencies, devDependencies } = read<{ dependencies: object; devDependencies: object }>(
            "templates/lab/package.json",
        );
        const ours = read<{ dependencies: Record<string, string> }>("package.json").dependencies;
        assert.deepEqual(
            { ...dependencies, ...devDependencies },
            {
                "@pulumi/pulumi": ours["@pulumi/pulumi"],
                kvmnet: "^0.1.0",
                "@types/node": "22.20.5",
                typescript: "6.0.3",
            },
        );
    });
});
