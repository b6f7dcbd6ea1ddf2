/** What a release leaves of the links that need Debian's kernel: made there by its plugin, in a guest. */
import { execFileSync } from "node:child_process";
import { resolve } from "node:path";
import { PLAIN_ENV } from "../../lab/commands";
import { runInKernelGuest } from "../../lab";
import type { Progress } from "../../lab";
import type { Bag } from "../../provider/wire";
import { Plugin } from "../provider/plugin";

/** By type: the name of the resource and what it is declared with. */
export type KernelOnly = Record<string, { name: string; inputs: Bag }>;

/** One resource as a stack's state holds it, without what only the engine knows. */
export interface Left {
    type: string;
    name: string;
    id: string;
    inputs: Bag;
    outputs: Bag;
}

/** NICs that the declarations name. */
const NICS = ["nic0", "nic1", "nic2"];
const PATIENCE_MS = 600_000;

/** @param file module that exports KERNEL_ONLY */
export async function recordKernelOnly(file: string, progress: Progress): Promise<Left[]> {
    const inside = `require("./engine/load.cjs")("test/baseline/kernel").main(process.argv[1])`;
    let printed = "";
    const status = await progress.step("links of Debian's kernel, in a guest", () =>
        runInKernelGuest(
            {
                argv: [process.execPath, "-e", inside, resolve(file)],
                cwd: process.cwd(),
                env: { ...PLAIN_ENV, PATH: process.env.PATH ?? PLAIN_ENV.PATH },
                timeoutMs: PATIENCE_MS,
                onOutput: (stream, text) => void (stream === "stdout" ? (printed += text) : process.stderr.write(text)),
            },
            progress,
        ),
    );
    if (status !== 0) throw new Error(`The guest ended with status ${status}.`);
    return JSON.parse(printed) as Left[];
}

/** Inside the guest. */
export async function main(file: string): Promise<void> {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- a release's own file
    const { KERNEL_ONLY } = require(file) as { KERNEL_ONLY: KernelOnly };
    for (const nic of NICS)
        execFileSync("ip", ["link", "add", "name", nic, "type", "veth", "peer", "name", `${nic}-cable`]);
    const plugin = await Plugin.start("local");
    const left: Left[] = [];
    for (const [type, { name, inputs }] of Object.entries(KERNEL_ONLY)) {
        const checked = (await plugin.check(type, inputs)).inputs;
        const { id, state } = await plugin.create(type, name, inputs);
        left.push({ type, name, id, inputs: checked, outputs: state });
    }
    await plugin.stop();
    process.stdout.write(JSON.stringify(left));
}
