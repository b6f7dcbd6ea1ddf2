import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { RESOURCES } from "../../provider/resources";
import { BASELINES, CONFIG, KERNEL_ONLY, PROGRAM, PROJECT } from "../baseline/names";
import { EngineProject } from "../support/engine-project";

interface Recorded {
    deployment: { resources: { type: string }[] };
}

describe("a stack of a former release", function () {
    this.timeout(300_000);

    for (const release of readdirSync(BASELINES).filter((name) => /^\d+\.\d+\.\d+$/.test(name)))
        describe(release, () => {
            const state = resolve(BASELINES, release, "state.json");
            let project: EngineProject;
            before(async () => {
                project = new EngineProject({ name: PROJECT });
                project.copy(resolve(BASELINES, release, PROGRAM), "index.ts");
                project.copy(resolve(BASELINES, release, KERNEL_ONLY), KERNEL_ONLY);
                await project.init(CONFIG);
                await project.pulumi("stack", "import", "--file", state);
            });
            after(() => project.remove());

            it("has nothing to do under this one, its program unchanged", async () => {
                const { status, output } = await project.run("preview", "--diff", "--expect-no-changes");
                assert.equal(status, 0, output);
            });

            it("would have, were the program another: what is compared is the recorded state", async () => {
                const program = readFileSync(join(BASELINES, release, PROGRAM), "utf8");
                project.write("index.ts", program.replace("tag: 100", "tag: 101"));
                const { output } = await project.run("preview", "--diff");
                assert.match(output, /~ tag: 100 => 101/);
            });

            it("holds every resource that the release had", () => {
                const { deployment } = JSON.parse(readFileSync(state, "utf8")) as Recorded;
                const types = new Set(deployment.resources.map(({ type }) => type));
                const missing = RELEASED[release]?.filter((type) => !types.has(type));
                assert.deepEqual(missing, []);
            });
        });
});

/** What each release served; the one that is being made, all that there is. */
const RELEASED: Record<string, string[]> = {
    "0.1.0": [
        ...RESOURCES.keys(),
        "kvmnet:index:LinuxBridge",
        "kvmnet:index:OvsSwitch",
        "kvmnet:index:TunedVirtioNic",
        "kvmnet:index:VlanTap",
        "pulumi:providers:kvmnet",
    ],
};
