/** What the policy pack costs: its start beside an empty pack's, and a preview of 300 NICs under either. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { EngineEnvironment } from "../engine";
import { packFolder } from "../policies/location";
import { sampleProject, type SampleProject } from "../test/support/sample";
import { timed, type Measure } from "./measure";
import { firstLine, ran } from "./processes";

const GUESTS = 100;
const NICS = 3;

/** A pack that rules nothing, run as ours is. */
export function writeEmptyPack(folder: string): void {
    mkdirSync(folder, { recursive: true });
    symlinkSync(resolve("node_modules"), join(folder, "node_modules"));
    writeFileSync(
        join(folder, "PulumiPolicy.yaml"),
        "runtime:\n  name: nodejs\n  options:\n    typescript: false\nmain: index.js\n",
    );
    writeFileSync(join(folder, "package.json"), '{ "name": "empty-pack", "version": "1.0.0", "main": "index.js" }\n');
    writeFileSync(
        join(folder, "index.js"),
        'const { PolicyPack } = require("@pulumi/policy");\nnew PolicyPack("empty", { policies: [] });\n',
    );
}

/** From starting the pack's process, as a language host does, until it says where it serves. */
export function packStart(): Measure {
    const folder = mkdtempSync(join(tmpdir(), "kvmnet-bench-"));
    const empty = join(folder, "pack");
    const program = resolve("node_modules/@pulumi/pulumi/cmd/run-policy-pack");
    const started = (pack: string) =>
        timed(async () => {
            // The engine's address, which a pack that only serves never calls, then the pack's folder.
            const { end } = await firstLine(process.execPath, [program, "127.0.0.1:1", pack], process.env, pack);
            await end();
        });
    return {
        name: "start of the policy pack, beside an empty pack",
        bound: 1.5,
        rounds: 9,
        async around(work) {
            writeEmptyPack(empty);
            try {
                return await work();
            } finally {
                rmSync(folder, { recursive: true, force: true });
            }
        },
        round: async () => ({ theirs: await started(empty), ours: await started(packFolder) }),
    };
}

/** The sample's program with many guests; nothing of it is made, and nobody is asked. */
export function packedPreview(engine: EngineEnvironment): Measure {
    const folder = mkdtempSync(join(tmpdir(), "kvmnet-bench-"));
    const empty = join(folder, "pack");
    let project: SampleProject;
    const env = () => ({
        ...process.env,
        ...engine.env,
        PULUMI_BACKEND_URL: `file://${folder}/state`,
        PULUMI_CONFIG_PASSPHRASE: "kvmnet-lab",
        KVMNET_WITHOUT_HOST: "true",
    });
    const pulumi = (...args: string[]) => ran(engine.pulumi, args, { cwd: project.folder, env: env() });
    const preview = (pack: string) => timed(() => pulumi("preview", "--stack", "lab", "--policy-pack", pack));
    return {
        name: `preview of ${GUESTS * NICS} NICs under the policy pack, beside the same under an empty pack`,
        bound: 1.15,
        rounds: 5,
        async around(work) {
            mkdirSync(join(folder, "state"));
            writeEmptyPack(empty);
            project = sampleProject("bench-policies");
            try {
                project.configure(manyGuests);
                await pulumi("stack", "init", "lab", "--no-select");
                return await work();
            } finally {
                project.remove();
                rmSync(folder, { recursive: true, force: true });
            }
        },
        round: async () => ({ theirs: await preview(empty), ours: await preview(packFolder) }),
    };
}

type Environment = Parameters<Parameters<SampleProject["configure"]>[0]>[0];

function manyGuests(environment: Environment): Environment {
    const nics = {
        web: { switch: "br-vm", vlan: "web" },
        db: { switch: "br-vm", vlan: "db" },
        mgmt: { bridge: "br-mgmt" },
    };
    const guests = Array.from({ length: GUESTS }, (_, index) => [`guest-${index}`, { vcpus: 4, nics }]);
    return { ...environment, guests: Object.fromEntries(guests) as Environment["guests"] };
}
