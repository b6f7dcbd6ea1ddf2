/** `npm run bench`: one line per measure; `-- --json` the same for programs, with the machine described. */
import { execFileSync } from "node:child_process";
import { cpus, release, totalmem } from "node:os";
import { prepare } from "../test/prepare";
import { measured, type Measured } from "./measure";
import { labMeasure } from "./lab";
import { previewMeasure } from "./preview";
import { providerMeasure } from "./provider-start";
import { upMeasure } from "./up";

/** @returns exit status: 0 when every bound is held */
export async function main(args: string[]): Promise<number> {
    const json = args.includes("--json");
    const engine = await prepare();
    const results: Measured[] = [];
    for (const measure of [providerMeasure(), labMeasure(), previewMeasure(engine), upMeasure()]) {
        const result = await measured(measure);
        results.push(result);
        if (!json) process.stdout.write(`${line(result)}\n`);
    }
    if (json) process.stdout.write(`${JSON.stringify({ machine: machine(), measures: results }, null, 4)}\n`);
    return results.every(({ held }) => held) ? 0 : 1;
}

function line({ name, ratio, bound, held, spread: [least, most], ours, theirs, rounds }: Measured): string {
    const ms = (value: number) => `${value.toFixed(0)} ms`;
    return (
        `${name}: ${ratio.toFixed(2)}x, bound ${bound}x, ${held ? "held" : "NOT HELD"}, ` +
        `spread ${least.toFixed(2)}x to ${most.toFixed(2)}x over ${rounds} rounds (${ms(ours)} beside ${ms(theirs)})`
    );
}

function machine() {
    const [first] = cpus();
    return {
        cpu: first?.model ?? "unknown",
        cores: cpus().length,
        memoryGiB: Math.round(totalmem() / 2 ** 30),
        kernel: release(),
        node: process.versions.node,
        openVSwitch: execFileSync("ovs-vsctl", ["--version"], { encoding: "utf8" }).split("\n")[0],
    };
}
