/** `kvmnet verify`: what was declared, beside what the guests and Open vSwitch say. */
import { plainProgress } from "../progress";
import { readLabProject } from "../lab-project";
import { allAgree } from "../verify/compare";
import { verifyProject } from "../verify/read";
import { verifiedTable } from "../verify/table";

/** @returns exit status: 0 where every value agrees */
export async function run({ json }: { json?: boolean }): Promise<number> {
    const { nics } = await verifyProject(readLabProject(process.cwd()), plainProgress());
    process.stdout.write(`${json ? JSON.stringify(nics, null, 4) : verifiedTable(nics)}\n`);
    return allAgree(nics) ? 0 : 1;
}
