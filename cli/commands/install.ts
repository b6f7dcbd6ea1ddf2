/** `kvmnet install`: the one command after which a project that makes domains can run. */
import { prepareEngine, prepareLibvirtSdk } from "../../engine";
import { plainProgress } from "../progress";
import { projectOf } from "../project";

export async function run(): Promise<number> {
    const project = projectOf(process.cwd());
    if (!project) {
        throw new Error(
            `There is no Pulumi.yaml in ${process.cwd()} or above it. Go to the folder of a Pulumi project, or make one with \`npx kvmnet pulumi new\`.`,
        );
    }
    const progress = plainProgress();
    const engine = await prepareEngine(progress);
    await prepareLibvirtSdk(project, engine, progress);
    progress.note(`@pulumi/libvirt is ready in ${project}.`);
    return 0;
}
