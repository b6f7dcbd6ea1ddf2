/** `kvmnet doctor`: for every part whether it is there, where, which version, what for, and how to get it. */
import Table from "cli-table3";
import pc from "picocolors";
import { type Part, inspect } from "../../engine";
import { hostTools } from "../host-tools";
import { labOf } from "../lab-backend";
import { projectOf } from "../project-folder";

/** @returns 0 when every part that is needed is there */
export async function run(options: { json?: boolean }): Promise<number> {
    const project = projectOf(process.cwd());
    const usesLab = project !== undefined && labOf(project) !== undefined;
    const groups = await Promise.all([inspect(project ?? process.cwd()), hostTools(usesLab)]);
    const parts = groups.flat();
    const missing = parts.filter(({ found, needed }) => needed && !found);
    process.stdout.write(options.json ? `${JSON.stringify(parts, undefined, 4)}\n` : `${table(parts)}\n${closing(missing)}\n`);
    return missing.length === 0 ? 0 : 1;
}

function table(parts: Part[]): string {
    const lines = new Table({ head: ["part", "", "version", "where", "what for"], style: { head: [], border: [] } });
    for (const part of parts) lines.push([part.name, mark(part), part.version ?? "", part.where ?? part.get, part.purpose]);
    return lines.toString();
}

function mark({ found, needed }: Part): string {
    if (found) return pc.green("found");
    return needed ? pc.red("missing") : pc.dim("not needed");
}

function closing(missing: Part[]): string {
    if (missing.length === 0) return "Everything that is needed is there.";
    return ["Missing:", ...missing.map(({ name, get }) => `    ${name}: ${get}`)].join("\n");
}
