/** Components in programs of other languages, before anything is made: no host is asked, so none is up. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { silent } from "../../engine";
import { prepareOtherLanguages } from "../prepare";
import { kvmnet } from "../support/command";
import { EngineProject } from "../support/engine-project";
import { installPythonSdk } from "../support/python-sdk";

const FIRST_RUN_MS = 30 * 60_000;

interface Planned {
    urn: string;
    newState: { type: string; inputs: Record<string, unknown>; deletedWith?: string };
}

describe("a preview of components in another language", function () {
    this.timeout(300_000);
    let path: string[];
    let projects: EngineProject[];
    before(async function () {
        this.timeout(FIRST_RUN_MS);
        path = await prepareOtherLanguages(silent);
    });
    beforeEach(() => (projects = []));
    afterEach(() => projects.forEach((project) => project.remove()));

    async function ready(project: EngineProject): Promise<EngineProject> {
        projects.push(project);
        await project.init({ "kvmnet:host": "lab://never-up" });
        return project;
    }
    const yaml = (resources: object, outputs: object = {}) =>
        ready(new EngineProject({ name: "preview", runtime: "yaml", path, declares: { resources, outputs } }));
    async function python(program: string): Promise<EngineProject> {
        const project = await ready(new EngineProject({ name: "preview", runtime: "python", path }));
        const { output } = await kvmnet(process.cwd(), "schema");
        await installPythonSdk(output, project.folder, path[0] ?? "");
        project.write("__main__.py", program);
        return project;
    }
    /** What would be made, by name. */
    async function planned(project: EngineProject): Promise<Record<string, Planned["newState"]>> {
        const { steps } = JSON.parse(await project.pulumi("preview", "--json")) as { steps: Planned[] };
        return Object.fromEntries(steps.map(({ urn, newState }) => [urn.split("::")[3] ?? "", newState]));
    }
    async function refused(project: EngineProject): Promise<string> {
        const { status, output } = await project.run("preview");
        assert.notEqual(status, 0, output);
        return output;
    }

    it("has the VLANs that are outputs of the switch", async () => {
        const resources = {
            edge: { type: "kvmnet:OvsSwitch", properties: { vlans: { web: 100, db: 200 } } },
            tap: {
                type: "kvmnet:VlanTap",
                properties: {
                    switch: "${edge.bridgeName}",
                    trunk: { vlans: ["${edge.vlans.web}"], native: "${edge.vlans.db}" },
                },
            },
        };
        const { inputs } = (await planned(await yaml(resources)))["tap-port"] ?? {};
        assert.deepEqual([inputs?.bridge, inputs?.tag, inputs?.trunks], ["edge", 200, ["100"]]);

        const project = await python(`
import pulumi_kvmnet as kvmnet
edge = kvmnet.OvsSwitch("edge", vlans={"web": 100})
kvmnet.VlanTap("tap", switch=edge.bridge_name, vlan=edge.vlans["web"])
`);
        assert.equal((await planned(project))["tap-port"]?.inputs.tag, 100);
    });

    it("has the MTUs and the QoS class that are outputs", async () => {
        const resources = {
            edge: { type: "kvmnet:OvsSwitch", properties: { qos: { gold: { type: "linux-htb", maxRate: "1Gbit" } } } },
            office: { type: "kvmnet:LinuxBridge", properties: { mtu: 9000 } },
            tap: {
                type: "kvmnet:VlanTap",
                properties: { switch: "${edge.bridgeName}", vlan: 100, mtu: 9000, qos: "${edge.qosNames.gold}" },
            },
            way: {
                type: "kvmnet:MtuDomain",
                properties: { mtu: 9000, hops: { office: "${office.mtu}", tap: "${tap.mtu}" } },
            },
            lab: { type: "kvmnet:LinuxBridge", properties: { mtu: "${way.mtu}" } },
        };
        const made = await planned(await yaml(resources));
        assert.equal(made["tap-port"]?.inputs.qos, "edge-gold");
        assert.deepEqual(made.way?.inputs.hops, { office: 9000, tap: 9000 });
        assert.equal(made["lab-bridge"]?.inputs.mtu, 9000);
    });

    it("takes None inside of an argument for what is absent", async () => {
        const made = await planned(
            await python(`
import pulumi_kvmnet as kvmnet
edge = kvmnet.OvsSwitch("edge", vlans={"web": 100}, uplinks={"eno1": {"native": None, "links": None}})
kvmnet.VlanTap("tap", switch=edge.bridge_name, trunk={"vlans": ["100"], "native": None})
`),
        );
        assert.deepEqual(made["edge-uplink-eno1"]?.inputs.trunks, ["100"]);
        assert.equal(made["tap-port"]?.inputs.vlanMode, "trunk");
    });

    it("names every argument that must be plain and is secret or not known yet", async () => {
        const output = await refused(
            await yaml({
                tap: { type: "kvmnet:host:Tap", properties: { name: "tap0" } },
                edge: {
                    type: "kvmnet:OvsSwitch",
                    properties: { name: { "fn::secret": "edge" }, uplinks: { eno1: { vlans: ["${tap.objectId}"] } } },
                },
            }),
        );
        assert.match(output, /OvsSwitch edge: 2 problems\. Nothing was changed\.\n/);
        assert.match(
            output,
            /- name: it is a secret, and the state would show it in the open; give a value that may be/,
        );
        assert.match(output, /- uplinks\.eno1\.vlans\[0\]: it is not known yet, and it decides what is made; give/);
    });

    it("names the shortest link of a way whose MTUs are outputs", async () => {
        const resources = {
            office: { type: "kvmnet:host:Bridge", properties: { name: "office", mtu: 1400 } },
            way: { type: "kvmnet:MtuDomain", properties: { mtu: 1500, hops: { office: "${office.mtu}" } } },
        };
        const output = await refused(await yaml(resources));
        assert.match(
            output,
            /MtuDomain way: the shortest link is office with 1400 byte, 100 less than the domain's 1500/,
        );
        assert.doesNotMatch(output, /exited prematurely/);
    });

    it("knows that an output is absent", async () => {
        const resources = {
            out: { type: "kvmnet:Uplink", properties: { links: ["eno1"] } },
            way: { type: "kvmnet:MtuDomain", properties: { mtu: 1500, hops: { out: "${out.mtu}" } } },
        };
        assert.match(
            await refused(await yaml(resources)),
            /MtuDomain way: .*\n.* hops\.out: this hop has no MTU of its own/,
        );
    });

    it("has the component's children go with what it goes with", async () => {
        const resources = {
            tap: { type: "kvmnet:host:Tap", properties: { name: "tap0" } },
            office: { type: "kvmnet:LinuxBridge", options: { deletedWith: "${tap}" } },
        };
        const made = await planned(await yaml(resources));
        assert.match(made["office-bridge"]?.deletedWith ?? "", /::tap$/);
    });

    it("runs the component's hooks", async () => {
        const project = await python(`
import pulumi
import pulumi_kvmnet as kvmnet
told = pulumi.ResourceHook("told", lambda args: pulumi.log.info("made " + args.name), pulumi.ResourceHookOptions(on_dry_run=True))
kvmnet.Uplink("out", links=["eno1"], opts=pulumi.ResourceOptions(hooks=pulumi.ResourceHookBinding(after_create=[told])))
`);
        assert.match(await project.pulumi("preview"), /made out/);
    });

    it("takes a component that has another name for the one that it is", async () => {
        const project = await yaml({
            former: { type: "kvmnet:MtuDomain", properties: { mtu: 1500, hops: { a: 1500 } } },
        });
        await project.pulumi("up", "--yes", "--skip-preview");
        const program = readFileSync(join(project.folder, "Pulumi.yaml"), "utf8");
        project.write(
            "Pulumi.yaml",
            program.replace("former:", "latter:\n    options: { aliases: [{ name: former }] }"),
        );
        await project.pulumi("preview", "--expect-no-changes");
    });
});
