/** What the policy pack costs: its start beside an empty pack's, and a preview of 300 NICs under either. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { EngineEnvironment } from "../engine";
import { packFolder } from "../policies/location";
import { sampleProject, type SampleProject } from "../test/support/sample";
import { timed, type Contest, type Measure } from "./measure";
import { firstLine, ran } from "./processes";
import { used } from "./session";

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
export function packedPreview(engine: EngineEnvironment): Contest {
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
    const where = () => ({ cwd: project.folder, env: env() });
    const preview = (pack: string) =>
        used(engine.pulumi, ["preview", "--stack", "lab", "--policy-pack", pack], where());
    const measured = `a preview of ${GUESTS * NICS} NICs under the policy pack, beside the same under an empty pack`;
    return {
        rounds: 3,
        // Of most of a minute's work on each side, what a first run finds colder is little, and both sides take turns.
        cold: true,
        async around(work) {
            mkdirSync(join(folder, "state"));
            writeEmptyPack(empty);
            project = sampleProject("bench-policies");
            try {
                project.configure(manyGuests);
                await ran(engine.pulumi, ["stack", "init", "lab", "--no-select"], where());
                return await work();
            } finally {
                project.remove();
                rmSync(folder, { recursive: true, force: true });
            }
        },
        async round(index) {
            const found: Record<string, number> = {};
            const sides = [
                ["ours", packFolder],
                ["theirs", empty],
            ] as const;
            for (const [side, pack] of index % 2 === 0 ? sides : sides.toReversed()) {
                const { wall, processor } = await preview(pack);
                found[`${side}, wall`] = wall;
                found[`${side}, processor`] = processor;
            }
            return found;
        },
        claims: [
            { name: measured, ours: "ours, wall", theirs: "theirs, wall", bound: 1.15 },
            {
                name: `processor time of ${measured}`,
                ours: "ours, processor",
                theirs: "theirs, processor",
                but: "of the engine, the program, the provider and the pack together",
            },
        ],
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
