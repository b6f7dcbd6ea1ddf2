import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { EngineProject } from "../support/engine-project";

/** A way into the switch database, on a host that is not there: a preview needs none. */
const PROGRAM = `
import * as pulumi from "@pulumi/pulumi";
import { ovs } from "kvmnet";
new ovs.Manager("manager", { target: new pulumi.Config().require("target") });
`;
const OPEN = "ptcp:6640";
const CLOSED = "pssl:6640:10.0.0.1";

/** A state as \`pulumi stack export\` writes it, with one domain of the 0.9 line. */
const state = (interfaces: object[]) => ({
    version: 3,
    deployment: {
        manifest: { time: "2026-01-01T00:00:00Z", magic: "", version: "" },
        resources: [
            {
                urn: "urn:pulumi:dev::policy-contract::pulumi:pulumi:Stack::policy-contract-dev",
                custom: false,
                type: "pulumi:pulumi:Stack",
            },
            {
                urn: "urn:pulumi:dev::policy-contract::pulumi:providers:libvirt::default",
                custom: true,
                id: "0a0a0a0a-0000-0000-0000-000000000001",
                type: "pulumi:providers:libvirt",
                inputs: { version: "0.9.0" },
                outputs: { version: "0.9.0" },
            },
            {
                urn: "urn:pulumi:dev::policy-contract::libvirt:index/domain:Domain::web",
                custom: true,
                id: "0a0a0a0a-0000-0000-0000-000000000002",
                type: "libvirt:index/domain:Domain",
                provider:
                    "urn:pulumi:dev::policy-contract::pulumi:providers:libvirt::default::0a0a0a0a-0000-0000-0000-000000000001",
                inputs: { name: "web", vcpu: 4, type: "kvm", devices: { interfaces } },
                outputs: { name: "web", vcpu: 4, type: "kvm", devices: { interfaces } },
            },
        ],
    },
});
const GOOD = {
    model: { type: "virtio" },
    source: { bridge: { bridge: "br0" } },
    driver: { name: "vhost", queues: 4, rxQueueSize: 1024 },
};

describe("the policy pack by the contract of Pulumi's command line", function () {
    this.timeout(600_000);
    let project: EngineProject;

    before(async () => {
        project = new EngineProject({ name: "policy-contract" });
        project.write("index.ts", PROGRAM);
        await project.init({ "kvmnet:host": "lab://not-there" });
    });
    after(() => project.remove());

    /** @param levels what goes into the file for `--policy-pack-config` */
    function packed(levels: object | undefined): string[] {
        const pack = ["--policy-pack", resolve("policies")];
        if (!levels) return pack;
        const file = join(project.folder, "levels.json");
        writeFileSync(file, JSON.stringify(levels));
        return [...pack, "--policy-pack-config", file];
    }
    const preview = async (target: string, levels?: object) => {
        await project.pulumi("config", "set", "target", target, "--stack", "dev");
        return project.run("preview", "--stack", "dev", ...packed(levels));
    };

    it("refuses a preview, and an update before anything is made", async () => {
        const previewed = await preview(OPEN);
        assert.notEqual(previewed.status, 0, previewed.output);
        assert.match(previewed.output, /\[mandatory\].*sec-ovsdb-tcp/);
        assert.match(previewed.output, /Use ssl: or pssl: with Tls, or bind ptcp to 127\.0\.0\.1\./);
        const updated = await project.run("up", "--yes", "--skip-preview", "--stack", "dev", ...packed(undefined));
        assert.notEqual(updated.status, 0, updated.output);
        assert.match(updated.output, /\[mandatory\].*sec-ovsdb-tcp/);
        // The host is not there: had the engine asked the provider to make it, that would be an error of its own.
        assert.doesNotMatch(updated.output, /it is not up/);
    });

    it("passes what is right, and takes levels for one rule and for all from the configuration", async () => {
        const right = await preview(CLOSED);
        assert.equal(right.status, 0, right.output);
        for (const levels of [
            { "sec-ovsdb-tcp": "disabled" },
            { all: "disabled" },
            { "sec-ovsdb-tcp": { enforcementLevel: "advisory" } },
        ]) {
            const { status, output } = await preview(OPEN, levels);
            assert.equal(status, 0, output);
        }
    });

    it("has the engine refuse thresholds out of their bounds, by the rule's schema", async () => {
        const { status, output } = await preview(CLOSED, { "policing-burst": { percent: 0 } });
        assert.notEqual(status, 0, output);
        assert.match(output, /policing-burst/);
        assert.match(output, /percent/);
    });

    const analyze = (interfaces: object[], levels?: object) => {
        project.write("state.json", JSON.stringify(state(interfaces)));
        return project.run("policy", "analyze", "--file", "state.json", ...packed(levels));
    };

    it("judges a state file by \`pulumi policy analyze\`, without backend, login or provider", async () => {
        const good = await analyze([GOOD]);
        assert.equal(good.status, 0, good.output);
        const bad = await analyze([GOOD, { source: { bridge: { bridge: "br0" } } }]);
        assert.notEqual(bad.status, 0, bad.output);
        assert.match(bad.output, /nic-model-explicit/);
        assert.match(bad.output, /Set devices\.interfaces\[1\]\.model\.type to "virtio"/);
    });

    it("shows what it would put right where the level is remediate, and that it stands there yet", async () => {
        const small = { ...GOOD, driver: { ...GOOD.driver, rxQueueSize: 256 } };
        const levels = { "ring-undersized": { enforcementLevel: "remediate", minimum: 1024 } };
        const { status, output } = await analyze([small], levels);
        assert.notEqual(status, 0, output);
        assert.match(output, /\[remediate\]\s+ring-undersized .*\[diff: ~devices\]/);
        const left = await analyze([GOOD], levels);
        assert.equal(left.status, 0, left.output);
        assert.doesNotMatch(left.output, /ring-undersized/);
    });
});
