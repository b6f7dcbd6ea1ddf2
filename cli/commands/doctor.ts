/** `kvmnet doctor`: for every part whether it is there, where, which version, what for, and how to get it. */
import pc from "picocolors";
import { type Part, inspect } from "../../engine";
import { hostTools } from "../host-tools";
import { labOf } from "../lab-backend";
import { projectOf } from "../project";

/** @returns 0 when every part that is needed is there */
export async function run(options: { json?: boolean }): Promise<number> {
    const project = projectOf(process.cwd());
    const usesLab = project !== undefined && labOf(project) !== undefined;
    const groups = await Promise.all([inspect(project ?? process.cwd()), hostTools(usesLab)]);
    const parts = groups.flat();
    const missing = parts.filter(({ found, needed }) => needed && !found).length;
    process.stdout.write(options.json ? `${JSON.stringify(parts, undefined, 4)}\n` : report(parts, missing));
    return missing === 0 ? 0 : 1;
}

function report(parts: Part[], missing: number): string {
    const name = Math.max(...parts.map((part) => part.name.length));
    const version = Math.max(...parts.map((part) => part.version?.length ?? 0));
    const lines = parts.flatMap((part) => [
        `${mark(part)} ${part.name.padEnd(name)}  ${(part.version ?? "").padEnd(version)}  ${part.purpose}`,
        pc.dim(`  ${"".padEnd(name)}  ${"".padEnd(version)}  ${part.found ? (part.where ?? "") : part.get}`),
    ]);
    const closing =
        missing === 0
            ? "Everything that is needed is there."
            : `${missing} of what is needed ${missing === 1 ? "is" : "are"} missing.`;
    return `${lines.join("\n")}\n\n${closing}\n`;
}

function mark({ found, needed }: Part): string {
    if (found) return pc.green("✓");
    return needed ? pc.red("✗") : pc.dim("-");
}
