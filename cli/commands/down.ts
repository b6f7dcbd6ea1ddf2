/** `kvmnet down`: ends the lab of this project. The host goes with everything in it, and so does its state. */
import { labDown } from "../../lab";
import { plainProgress } from "../progress";
import { liveEngines } from "../state";
import { readLabPlace } from "../lab-project";

export async function run(): Promise<number> {
    const place = readLabPlace(process.cwd());
    const { lab } = place;
    // An engine that still works on this lab would go on writing the state of a host that is gone.
    for (const pid of liveEngines(place)) process.kill(pid, "SIGKILL");
    const progress = plainProgress();
    const ended = await progress.step(`Ending the lab ${lab}`, () => labDown(lab));
    progress.note(
        ended
            ? "Its processes, namespaces, mounts and files are gone. What was built or fetched stays in the cache for the next run."
            : "It did not run, and nothing of it was left.",
    );
    return 0;
}
