/** What a warm `npm run up` adds to the `pulumi up` inside it; waiting for guests to boot is not counted. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { timed, type Measure } from "./measure";
import { ran } from "./processes";

export function upMeasure(): Measure {
    const folder = mkdtempSync(join(tmpdir(), "kvmnet-bench-"));
    const file = join(folder, "timings.json");
    return {
        name: "what a warm `npm run up` adds to the `pulumi up` inside it",
        bound: 0.5,
        rounds: 3,
        async around(work) {
            try {
                return await work();
            } finally {
                await ran("npm", ["run", "down"]);
                rmSync(folder, { recursive: true, force: true });
            }
        },
        async round() {
            await ran("npm", ["run", "down"]);
            const whole = await timed(() => ran("npm", ["run", "up", "--", "--timings", file]));
            const { pulumi, guests } = JSON.parse(readFileSync(file, "utf8")) as { pulumi: number; guests: number };
            return { ours: whole - pulumi - guests, theirs: pulumi };
        },
    };
}
