/** `kvmnet verify`: what was declared, beside what the guests and Open vSwitch say. */
import { plainProgress } from "../progress";
import { readLabProject } from "../lab-project";
import { allAgree } from "../verify/compare";
import type { Measurement } from "../verify/measure";
import { ratioText } from "../verify/ratios";
import { verifyProject } from "../verify/read";
import { verifiedTable } from "../verify/table";

export interface VerifyOptions {
    json?: boolean;
    /** Whether throughput and latency are measured, too. */
    measure?: boolean;
}

/** @returns exit status: 0 where every value agrees; what is measured decides nothing */
export async function run({ json, measure }: VerifyOptions): Promise<number> {
    const project = readLabProject(process.cwd());
    const { nics, measurement } = await verifyProject(project, plainProgress(), { measures: measure === true });
    const told = measurement ? { nics, measurement } : nics;
    const text = [verifiedTable(nics), ...(measurement ? [measuredText(measurement)] : [])].join("\n\n");
    process.stdout.write(`${json ? JSON.stringify(told, null, 4) : text}\n`);
    return allAgree(nics) ? 0 : 1;
}

const measuredText = ({ from, to, ratios, environment }: Measurement) =>
    [`From ${from} to ${to}, with tuning:`, ...ratios.map((ratio) => `  ${ratioText(ratio)}`), ...environment].join(
        "\n",
    );
