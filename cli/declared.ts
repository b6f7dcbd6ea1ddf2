/** What the program exported of its environment, out of the state that lies with the lab. */
import { Declared } from "../schemas/declared";
import type { LabProject } from "./lab-project";
import { resourcesOf } from "./state";

/** @throws Error where nothing was built yet, or the program exports no `declared` */
export function declaredOf(project: LabProject): Declared {
    const stack = resourcesOf(project).find(({ type }) => type === "pulumi:pulumi:Stack");
    if (!stack) throw new Error(`Nothing is built in the lab ${project.lab} yet. Run \`kvmnet up\` first.`);
    const result = Declared.safeParse(stack.outputs.declared);
    if (result.success) return result.data;
    throw new Error(
        "The program exports no `declared`, which the table is made from. Add `export const declared = environment.declared` to it, as the template does; " +
            "a program without an Environment is built by `kvmnet pulumi up` and has no table.",
    );
}
