/** `pulumi preview` of the sample with the pack, beside an empty program under an empty pack, by one language host. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { EngineEnvironment } from "../engine";
import { packFolder, profileFile } from "../policies/location";
import { timed, type Measure } from "./measure";
import { writeEmptyPack } from "./policies";
import { ran } from "./processes";

export function previewMeasure(engine: EngineEnvironment): Measure {
    const folder = mkdtempSync(join(tmpdir(), "kvmnet-bench-"));
    const env = {
        ...process.env,
        ...engine.env,
        PULUMI_BACKEND_URL: `file://${folder}/state`,
        PULUMI_CONFIG_PASSPHRASE: "kvmnet-lab",
        KVMNET_WITHOUT_HOST: "true",
    };
    const preview = (cwd: string, ...more: string[]) =>
        ran(engine.pulumi, ["preview", "--stack", "lab", ...more], { cwd, env });
    const empty = join(folder, "empty");
    const pack = join(folder, "pack");

    return {
        name: "preview of the sample with the pack, beside an empty program under an empty pack",
        bound: 1.7,
        rounds: 5,
        async around(work) {
            try {
                mkdirSync(join(folder, "state"));
                writeEmpty(empty, pack);
                for (const cwd of [empty, process.cwd()])
                    await ran(engine.pulumi, ["stack", "init", "lab", "--no-select"], { cwd, env });
                return await work();
            } finally {
                rmSync(folder, { recursive: true, force: true });
            }
        },
        async round() {
            const theirs = await timed(() => preview(empty, "--policy-pack", pack));
            const ours = await timed(() =>
                preview(process.cwd(), "--policy-pack", packFolder, "--policy-pack-config", profileFile("throughput")),
            );
            return { ours, theirs };
        },
    };
}

/** A program that declares nothing and a pack that rules nothing, both as our own are run. */
function writeEmpty(program: string, pack: string): void {
    writeEmptyPack(pack);
    mkdirSync(program);
    symlinkSync(resolve("node_modules"), join(program, "node_modules"));
    writeFileSync(join(program, "Pulumi.yaml"), "name: empty\nruntime: nodejs\nmain: index.ts\n");
    writeFileSync(join(program, "Pulumi.lab.yaml"), "config: {}\n");
    writeFileSync(join(program, "package.json"), '{ "name": "empty", "version": "1.0.0" }\n');
    writeFileSync(join(program, "index.ts"), 'import "@pulumi/pulumi";\n');
}
