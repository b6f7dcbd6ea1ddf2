/** A Pulumi program of a measure: many ports, declared one by one or as a set, brought up by the real engine. */
import { EngineProject } from "../../test/support/engine-project";
import { layNothing, nothingAs } from "../../test/support/nothing-provider";
import { timed } from "../measure";
import { BRIDGE } from "../ports/bench-lab";
import type { Wanted } from "../ports/wanted";

/** What stands for the ports in the program. */
export type Declared = "nothing" | "Ports" | "PortSet";

/** Reads what it declares from a file, so that a change of it is no other program. */
const PROGRAMS: Readonly<Record<Declared, string>> = {
    nothing: `
import { CustomResource } from "@pulumi/pulumi";
import ports from "./ports.json";
for (const { name, tag } of ports)
    new CustomResource("nothing:index:Port", name, { name, bridge: "${BRIDGE}", tag });
`,
    Ports: `
import { ovs } from "kvmnet";
import ports from "./ports.json";
for (const { name, tag } of ports) new ovs.Port(name, { name, bridge: "${BRIDGE}", tag });
`,
    PortSet: `
import { ovs } from "kvmnet";
import ports from "./ports.json";
new ovs.PortSet("all", {
    bridge: "${BRIDGE}",
    ports: Object.fromEntries(ports.map(({ name, tag }) => [name, { tag }])),
});
`,
};

export class EngineProgram {
    private readonly project: EngineProject;

    private constructor(declared: Declared) {
        this.project = new EngineProject({
            name: "bench",
            // Types are judged by the compiler once, not by each run.
            env: { PULUMI_NODEJS_TRANSPILE_ONLY: "true" },
            declares: declared === "nothing" ? nothingAs("nothing") : {},
        });
        this.project.write("index.ts", PROGRAMS[declared]);
        this.project.write("tsconfig.json", JSON.stringify({ compilerOptions: SETTINGS }));
        if (declared === "nothing") layNothing(this.project, "nothing");
    }

    /** @param declared what it declares its ports as @param host that the provider shall work on */
    static async make(declared: Declared, host: string): Promise<EngineProgram> {
        const program = new EngineProgram(declared);
        program.declare([]);
        await program.project.init(declared === "nothing" ? {} : { "kvmnet:host": host });
        return program;
    }

    declare(ports: readonly Wanted[]): void {
        this.project.write("ports.json", JSON.stringify(ports));
    }

    /** `pulumi up` without a preview. @returns how long it took [ms] */
    up(...more: string[]): Promise<number> {
        return timed(() => this.project.pulumi("up", "--yes", "--skip-preview", "--suppress-outputs", ...more));
    }

    remove(): void {
        this.project.remove();
    }
}

const SETTINGS = { module: "nodenext", target: "es2022", esModuleInterop: true, resolveJsonModule: true };
