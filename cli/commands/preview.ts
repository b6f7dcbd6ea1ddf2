/** `kvmnet preview`: the preview with the policy pack, as a pull request would run it. It needs no lab and no state. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { prepareEngine, prepareLibvirtSdk } from "../../engine";
import { packFolder, profileFile } from "../../policies/location";
import { layEmptyStack } from "../empty-stack";
import { runPulumi } from "../engine-run";
import { labStatus } from "../../lab";
import { backendIn, backendOf } from "../lab-backend";
import { checkSalt } from "../lab-secrets";
import { plainProgress } from "../progress";
import { readProject } from "../lab-project";
import { LAB_STACK } from "../stack-file";
import { stackExists } from "../state";

export async function run({ profile }: { profile: string }): Promise<number> {
    const project = readProject(process.cwd());
    const config = profileFile(profile);
    await checkSalt(project.folder);
    const progress = plainProgress();
    const engine = await prepareEngine(progress);
    await prepareLibvirtSdk(project.folder, engine, progress);

    const preview = [
        "preview",
        "--suppress-outputs",
        "--stack",
        LAB_STACK,
        "--policy-pack",
        packFolder,
        "--policy-pack-config",
        config,
    ];
    const lab = project.host.kind === "lab" ? project.host.name : undefined;
    if (lab && stackExists({ ...project, lab }) && (await labStatus(lab)).up)
        return runPulumi(engine, preview, backendOf(lab));

    progress.note("The preview asks no host and starts from an empty stack, which is forgotten afterwards.");
    const scratch = mkdtempSync(join(tmpdir(), "kvmnet-preview-"));
    try {
        const backend = { ...backendIn(scratch), KVMNET_WITHOUT_HOST: "true" };
        const made = await layEmptyStack(project, engine, scratch, backend);
        return made === 0 ? await runPulumi(engine, preview, backend) : made;
    } finally {
        rmSync(scratch, { recursive: true, force: true });
    }
}
