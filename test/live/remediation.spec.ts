import assert from "node:assert/strict";
import { join, resolve } from "node:path";
import { EngineProject } from "../support/engine-project";
import { layNothing, nothingAs } from "../support/nothing-provider";

const TYPE = "libvirt:index/domain:Domain";
const SECRET = "nobody is told";

const small = {
    model: { type: "virtio" },
    source: { bridge: { bridge: "br0" } },
    driver: { queues: 4, rxQueueSize: 256 },
};
const right = { ...small, mac: { address: "52:54:00:00:00:02" }, driver: { queues: 4, rxQueueSize: 1024 } };
const asked = { name: "web", type: "kvm", vcpu: 4, devices: { interfaces: [small, right] } };

const PROGRAM = `
import { CustomResource, secret } from "@pulumi/pulumi";
class Domain extends CustomResource {}
new Domain("${TYPE}", "web", { ...${JSON.stringify(asked)}, description: secret("${SECRET}") });
`;

interface State {
    deployment: { resources: { type: string; inputs: Record<string, unknown>; outputs: Record<string, unknown> }[] };
}

/** A domain of the 0.9 line, made by a provider that says yes to everything. */
describe("an update with rules that remediate", function () {
    this.timeout(600_000);
    let project: EngineProject;

    before(async () => {
        project = new EngineProject({ name: "remediation", declares: nothingAs("libvirt") });
        layNothing(project, "libvirt");
        project.write("index.ts", PROGRAM);
        project.write(
            "levels.json",
            JSON.stringify({
                "ring-undersized": { enforcementLevel: "remediate", minimum: 1024 },
                // It goes by the version of the package that is installed, which is 0.8's.
                "migrate-xslt-gone": "disabled",
            }),
        );
        await project.init({});
    });
    after(() => project.remove());

    const up = (...more: string[]) => project.pulumi("up", "--yes", "--skip-preview", "--stack", "dev", ...more);
    const exported = () => project.pulumi("stack", "export", "--stack", "dev");
    const domain = (state: string) =>
        (JSON.parse(state) as State).deployment.resources.find(({ type }) => type === TYPE) ?? assert.fail(state);
    const packed = () => [
        "--policy-pack",
        resolve("policies"),
        "--policy-pack-config",
        join(project.folder, "levels.json"),
    ];

    it("makes what the program says where no pack is asked", async () => {
        await up();
        assert.deepEqual(domain(await exported()).inputs.devices, asked.devices);
        await project.pulumi("destroy", "--yes", "--skip-preview", "--stack", "dev");
    });

    it("makes what the rule put right, and all else as the program says", async () => {
        assert.match(await up(...packed()), /\[remediate\] +ring-undersized/);
        const state = await exported();
        const { inputs, outputs } = domain(state);
        const devices = { interfaces: [{ ...small, driver: { queues: 4, rxQueueSize: 1024 } }, right] };
        for (const { name, type, vcpu, devices: made } of [inputs, outputs])
            assert.deepEqual({ name, type, vcpu, devices: made }, { ...asked, devices });
    });

    it("keeps secret what was secret", async () => {
        const state = await exported();
        assert.match(JSON.stringify(domain(state).inputs.description), /"ciphertext"/);
        assert.ok(!state.includes(SECRET));
    });
});
