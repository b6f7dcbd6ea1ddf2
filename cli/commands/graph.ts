/** `kvmnet graph`: the declared environment of this project as a Mermaid flowchart. */
import { mermaid } from "../graph/mermaid";
import { readLabProject } from "../lab-project";

/** Prints what Pulumi.lab.yaml in the current folder declares. @throws InputError with every problem in it */
export function run(): Promise<number> {
    process.stdout.write(mermaid(readLabProject(process.cwd()).environment));
    return Promise.resolve(0);
}
