/** `kvmnet graph`: the declared environment of this project as a Mermaid flowchart. */
import { mermaid } from "../graph/mermaid";
import { readProject } from "../lab-project";

/** Prints what the stack `lab` of the project in the current folder declares. @throws InputError with every problem in it */
export function run(): Promise<number> {
    process.stdout.write(mermaid(readProject(process.cwd()).environment));
    return Promise.resolve(0);
}
