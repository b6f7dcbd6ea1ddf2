import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import { EXAMPLES, exampleYaml } from "../../docs/generator/pages";
import { readSchema } from "../../docs/generator/schema";
import type { YamlProgram } from "../../docs/generator/yaml";
import { silent } from "../../engine";
import { HostRef, libvirtUri } from "../../schemas/host-ref";
import { prepareOtherLanguages } from "../prepare";
import { EngineProject } from "../support/engine-project";
import { labName } from "../support/labs";
import { ProviderLab } from "./provider-lab";

const FIRST_RUN_MS = 30 * 60_000;

/** Examples that a lab on this machine cannot carry out, with the reason. The engine previews them like the others. */
const PREVIEWED_ONLY: Record<string, string> = {
    "host-Bond": "the kernel may lack bonding",
    "host-Dummy": "the kernel may lack dummy links",
    "host-Link": "a lab has no NIC with rings",
    "host-Vlan": "the kernel may lack 802.1Q links",
    "index-GuestGroup": "the guests' kernel is not there",
    "index-VirtualMachine": "the image that its disk lies over is not there",
    "index-Uplink": "a lab has no NIC with rings",
};

const examples = readdirSync(EXAMPLES)
    .filter((file) => file.endsWith(".ts"))
    .map((file) => file.replace(/\.ts$/, ""));
const made = examples.filter((name) => !(name in PREVIEWED_ONLY));

/** A lab's switch has the userspace datapath alone; whoever copies an example has the kernel's. */
const program = (names: string[]) => `
import * as pulumi from "@pulumi/pulumi";
pulumi.runtime.registerResourceTransform(({ type, props, opts }) =>
    type === "kvmnet:ovs:Bridge" ? { props: { ...props, datapathType: "netdev" }, opts } : undefined,
);
for (const name of ${JSON.stringify(names)}) require("./examples/" + name);
`;

interface State {
    deployment: {
        resources: { type: string; outputs?: { name?: string }; sourcePosition?: string; stackTrace?: Frame[] }[];
    };
}

interface Frame {
    sourcePosition?: string;
}

describe("the examples of the reference", function () {
    this.timeout(300_000);
    const lab = new ProviderLab(labName("examples"));
    const config = { "kvmnet:host": lab.host, "libvirt:uri": libvirtUri(HostRef.parse(lab.host)) };
    let project: EngineProject;
    let alone: string[];
    before(async function () {
        this.timeout(FIRST_RUN_MS);
        await lab.up();
        // What stands for the NIC of a host, which examples name.
        await lab.run("ip", "link", "add", "eno1", "type", "veth", "peer", "name", "cable");
        alone = await lab.linkNames();
        project = new EngineProject({ name: "examples" });
        project.copy(resolve(EXAMPLES), "examples");
        await project.init(config);
    });
    after(async () => {
        project.remove();
        await lab.down();
    });

    it("are previewed, all of them in one program", async () => {
        project.write("index.ts", program(examples));
        await project.pulumi("preview");
    });

    it("are previewed in YAML, too", async () => {
        const yaml = new EngineProject({
            name: "examples",
            runtime: "yaml",
            path: await prepareOtherLanguages(silent),
            declares: await mergedYaml(),
        });
        try {
            await yaml.init(config);
            await yaml.pulumi("preview");
        } finally {
            yaml.remove();
        }
    });

    it("are made, as far as a lab can, and found by other eyes", async () => {
        project.write("index.ts", program(made));
        await project.pulumi("up", "--yes", "--skip-preview");
        const { deployment } = JSON.parse(await project.pulumi("stack", "export")) as State;
        const namesOf = (...types: string[]) =>
            deployment.resources.flatMap(({ type, outputs }) => (types.includes(type) ? [outputs?.name ?? ""] : []));
        const bridges = (await lab.vsctl("list-br")).split("\n");
        assert.deepEqual(bridges.sort(), namesOf("kvmnet:ovs:Bridge").sort());
        const plugged = (await Promise.all(bridges.map((bridge) => lab.vsctl("list-ports", bridge)))).join("\n");
        for (const port of namesOf("kvmnet:ovs:Port")) assert.ok(plugged.split("\n").includes(port), port);
        const links = await lab.linkNames();
        for (const link of namesOf(...LINKS.map((name) => `kvmnet:host:${name}`)))
            assert.ok(links.includes(link), link);
    });

    it("are known to the engine with their places in the program", async () => {
        const { deployment } = JSON.parse(await project.pulumi("stack", "export")) as State;
        const places = deployment.resources.flatMap(({ type, sourcePosition }) =>
            /^kvmnet:(host|ovs):/.test(type) && sourcePosition ? [sourcePosition] : [],
        );
        // The engine itself leaves it out of some.
        assert.ok(places.length > 20, `${places.length}`);
        for (const place of places) assert.match(place, /^project:.*\.ts#\d+,\d+$/);
    });

    it("are known to the engine with the stack of the program, without what runs it", async () => {
        const { deployment } = JSON.parse(await project.pulumi("stack", "export")) as State;
        const stacks = deployment.resources.flatMap(({ type, stackTrace }) =>
            /^kvmnet:/.test(type) && stackTrace ? [stackTrace.map(({ sourcePosition }) => sourcePosition)] : [],
        );
        assert.ok(stacks.length > 20, `${stacks.length}`);
        // The SDK finds no place in the frame of a function without a name.
        for (const stack of stacks) assert.match(stack.at(-1) ?? "", /^project:\/\/\/index\.ts#\d+,\d+$/);
    });

    it("change nothing the second time", () => project.pulumi("preview", "--expect-no-changes"));

    it("are gone after destroy", async () => {
        await project.pulumi("destroy", "--yes", "--skip-preview");
        assert.deepEqual(await lab.linkNames(), alone);
    });
});

/** Resources of the module `host` that are a link of their name. */
const LINKS = ["Bridge", "Tap", "Veth", "Vxlan", "Ifb", "Macvtap"];

/** The YAML of every page as one program; a name that two examples use would be lost, so it is refused. */
async function mergedYaml(): Promise<YamlProgram> {
    const schema = readSchema(process.cwd());
    const merged: Required<YamlProgram> = { variables: {}, resources: {}, outputs: {} };
    for (const name of examples) {
        const program = parse(await exampleYaml(join(EXAMPLES, `${name}.ts`), schema)) as YamlProgram;
        for (const part of ["variables", "resources"] as const) {
            const twice = Object.keys(program[part] ?? {}).filter((key) => key in merged[part]);
            assert.deepEqual(twice, [], `${name}: another example uses this name`);
            Object.assign(merged[part], program[part]);
        }
    }
    return merged;
}
