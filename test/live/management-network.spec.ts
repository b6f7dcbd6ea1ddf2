import assert from "node:assert/strict";
import { EngineProject } from "../support/engine-project";
import { eventually } from "../support/eventually";
import { labName } from "../support/labs";
import { standing, workingOn, type Operator } from "../support/operator";
import { ProviderLab } from "./provider-lab";

/** The engine builds what is missing first, so a first run may take minutes. */
const FIRST_RUN_MS = 30 * 60_000;

describe("a management network on a real host", function () {
    this.timeout(300_000);
    const lab = new ProviderLab(labName("management"));
    let operator: Operator;
    let leave: () => Promise<void>;
    let project: EngineProject;
    let alone: string;
    const everything = () => standing((...words) => lab.run(...words));
    const program = (args: object) =>
        project.write(
            "index.ts",
            `import { ManagementNetwork } from "kvmnet";\nnew ManagementNetwork("br-mgmt", ${JSON.stringify(args)});\n`,
        );
    const up = () => project.run("up", "--yes", "--skip-preview");

    before(async function () {
        this.timeout(FIRST_RUN_MS);
        await lab.up();
        ({ operator, leave } = await workingOn(lab.name, lab.run.bind(lab)));
        project = new EngineProject({ name: "management" });
        await project.init({ "kvmnet:host": lab.host });
        alone = await everything();
    });
    after(async () => {
        project?.remove();
        await leave?.();
        await lab.down();
    });

    it("of another link is made, with its address and its default route, and the connection of who works on it goes on", async () => {
        program({ uplink: "lan0", addresses: ["203.0.113.1/24"], gateways: ["203.0.113.254"] });
        const { status, output } = await up();
        assert.equal(status, 0, output);
        assert.match(await lab.run("ip", "link", "show", "dev", "lan0"), /master br-mgmt/);
        assert.match(await lab.run("ip", "address", "show", "dev", "br-mgmt"), /inet 203\.0\.113\.1\/24/);
        assert.match(await lab.run("ip", "route", "show", "default"), /via 203\.0\.113\.254 dev br-mgmt/);
        assert(await operator.answers());
        await project.pulumi("preview", "--expect-no-changes");
    });

    it("destroyed leaves the host as it was", async () => {
        await project.pulumi("destroy", "--yes", "--skip-preview");
        await eventually(async () => assert.equal(await everything(), alone));
        assert(await operator.answers());
    });

    it("of the link that the connection runs over is refused, and the link is left alone", async () => {
        program({ uplink: "wan0", addresses: ["192.0.2.1/24"] });
        const { status, output } = await up();
        assert.notEqual(status, 0);
        assert.match(
            output,
            /bridge port wan0: the SSH connection from 192\.0\.2\.7 to 192\.0\.2\.1 runs over the link wan0/,
        );
        assert.match(output, /Set takesOperatorPath: true/);
        assert.doesNotMatch(await lab.run("ip", "link", "show", "dev", "wan0"), /master/);
        assert.equal(await lab.run("ip", "-4", "address", "show", "dev", "br-mgmt"), "");
        assert(await operator.answers());
        await project.pulumi("destroy", "--yes", "--skip-preview");
        await eventually(async () => assert.equal(await everything(), alone));
    });

    it("of that link is made where it is told so, and destroyed again", async () => {
        program({ uplink: "wan0", addresses: ["192.0.2.1/24"], takesOperatorPath: true });
        const { status, output } = await up();
        assert.equal(status, 0, output);
        assert.match(await lab.run("ip", "link", "show", "dev", "wan0"), /master br-mgmt/);
        assert.match(await lab.run("ip", "address", "show", "dev", "br-mgmt"), /inet 192\.0\.2\.1\/24/);
        await project.pulumi("destroy", "--yes", "--skip-preview");
        await eventually(async () => assert.equal(await everything(), alone));
        assert(await operator.answers());
    });
});
