/** `kvmnet down`: ends the lab of this project. The host goes with everything in it, and so does its state. */
import { labDown } from "../../lab";
import { plainProgress } from "../progress";
import { readLabProject } from "../lab-project";

export async function run(): Promise<number> {
    const { lab } = readLabProject(process.cwd());
    const progress = plainProgress();
    const ended = await progress.step(`Ending the lab ${lab}`, () => labDown(lab));
    progress.note(
        ended
            ? "Its processes, namespaces, mounts and files are gone. What was built or fetched stays in the cache for the next run."
            : "It did not run, and nothing of it was left.",
    );
    return 0;
}
