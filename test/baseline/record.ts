/**
 * Records what a release leaves in a stack, once, when it is made: its program is run in a lab and the stack's state kept
 * beside it. `npm run baseline` records this checkout, `npm run baseline -- FOLDER` a release that lies elsewhere.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { plainProgress } from "../../cli/progress";
import { labDown, labUp, runInLab } from "../../lab";
import { EngineProject } from "../support/engine-project";
import { BASELINES, CONFIG, LAB, PROJECT } from "./names";

/** Bridges that the program imports: somebody made them before. */
const MADE_BY_HAND = ["br-found"];

/** @returns exit status */
export async function main([root = "."]: string[]): Promise<number> {
    const progress = plainProgress();
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
    const folder = join(BASELINES, version);
    const project = new EngineProject({ name: PROJECT, root });
    try {
        await labDown(LAB);
        await labUp(LAB, progress);
        for (const name of MADE_BY_HAND) await runInLab(LAB, ["ovs-vsctl", ...bridgeByHand(name)]);
        project.copy(resolve(folder, "program.ts"), "index.ts");
        await project.init(CONFIG);
        await project.pulumi("up", "--yes", "--skip-preview");
        const state: unknown = JSON.parse(await project.pulumi("stack", "export"), withoutPlaces);
        writeFileSync(join(folder, "state.json"), `${JSON.stringify(state, undefined, 4)}\n`);
        progress.note(`${join(folder, "state.json")} holds what ${version} left.`);
        return 0;
    } finally {
        await labDown(LAB);
        project.remove();
    }
}

const bridgeByHand = (name: string) => ["add-br", name, "--", "set", "Bridge", name, "datapath_type=netdev"];

/** Where in which source a resource was declared says nothing about it, and names this machine's folders. */
const withoutPlaces = (key: string, value: unknown) =>
    key === "sourcePosition" || key === "stackTrace" ? undefined : value;
