import assert from "node:assert/strict";
import { profileOf } from "../../policies/profiles";
import type { EnvironmentInput } from "../../schemas/environment";
import { kvmnet, type Outcome } from "../support/command";
import { sampleProject, type SampleProject } from "../support/sample";

/** The lab that the stack names is never brought up: the preview asks no host. */
const LAB = "test-never-up";

/** The guests with a ring of 256 descriptors in one NIC. */
const smallRing = ({ "web-1": guest, ...others }: EnvironmentInput["guests"] = {}) => ({
    ...others,
    "web-1": { ...guest, nics: { ...guest?.nics, data: { ...guest?.nics?.data, rxRing: 256 } } },
});

describe("the sample environment under its own pack, without a host", function () {
    this.timeout(300_000);
    let project: SampleProject;
    before(() => (project = sampleProject(LAB)));
    after(() => project.remove());

    const preview = () => kvmnet(project.folder, "preview", "--profile", "throughput");
    /** What rules said, by the level that the engine took it for. */
    const told = ({ output }: Outcome, level: string) =>
        [...output.matchAll(new RegExp(`\\[${level}\\].*?\\]  (\\S+)`, "g"))].map(([, rule]) => rule);

    it("passes profile throughput with nothing mandatory said, and zero exemptions", async () => {
        assert.equal(profileOf("throughput")["ring-undersized"]?.enforcementLevel, "mandatory");
        const outcome = await preview();
        assert.equal(outcome.status, 0, outcome.output);
        assert.match(outcome.output, /asks no host/);
        assert.deepEqual(told(outcome, "mandatory"), [], outcome.output);
        assert.doesNotMatch(outcome.output, /exempted|exemption-/);
    });

    it("is judged by that pack: a ring of 256 stops the same preview", async () => {
        project.configure(({ guests, ...rest }) => ({ ...rest, guests: smallRing(guests) }));
        const outcome = await preview();
        assert.notEqual(outcome.status, 0);
        assert.deepEqual(told(outcome, "mandatory"), ["ring-undersized"], outcome.output);
    });
});
