/** What a warm `npm run up` adds to the `pulumi up` inside it; waiting for guests to boot is not counted. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { labDown } from "../lab";
import { sampleProject } from "../test/support/sample";
import { timed, type Measure } from "./measure";
import { ran } from "./processes";

/** Lab of the measure's own: whoever works in the sample's is not disturbed. */
const LAB = "bench-up";

export function upMeasure(): Measure {
    const { folder, remove } = sampleProject(LAB);
    const file = join(folder, "timings.json");
    const script = (...args: string[]) => ran("npm", ["run", ...args], { cwd: folder });
    return {
        name: "what a warm `npm run up` adds to the `pulumi up` inside it",
        bound: 0.5,
        rounds: 3,
        async around(work) {
            try {
                return await work();
            } finally {
                await labDown(LAB);
                remove();
            }
        },
        async round() {
            await script("down");
            const whole = await timed(() => script("up", "--", "--timings", file));
            const { pulumi, guests } = JSON.parse(readFileSync(file, "utf8")) as { pulumi: number; guests: number };
            return { ours: whole - pulumi - guests, theirs: pulumi };
        },
    };
}
