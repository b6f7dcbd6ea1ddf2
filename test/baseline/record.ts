/**
 * Records what a release leaves in a stack, once, when it is made: its program is run in a lab and the stack's state kept
 * beside it. `npm run baseline` records this checkout, `npm run baseline -- FOLDER` a release that lies elsewhere.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { plainProgress } from "../../cli/progress";
import { labDown, labUp, runInLab } from "../../lab";
import { ownerOf } from "../../provider/owner";
import { EngineProject } from "../support/engine-project";
import { recordKernelOnly, type Left } from "./kernel";
import { BASELINES, CONFIG, IN_LAB, KERNEL_ONLY, LAB, PROGRAM, PROJECT } from "./names";

/** What the program imports, or needs of a host: somebody made it before. */
const MADE_BY_HAND = [
    ["ovs-vsctl", "add-br", "br-found", "--", "set", "Bridge", "br-found", "datapath_type=netdev"],
    ["ip", "link", "add", "name", "nic0", "type", "veth", "peer", "name", "cable"],
];

interface Resource {
    urn: string;
    type: string;
    inputs?: object;
    outputs?: object;
}

interface State {
    deployment: { resources: Resource[] };
}

/** @returns exit status */
export async function main([root = "."]: string[]): Promise<number> {
    const progress = plainProgress();
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
    const folder = join(BASELINES, version);
    const project = new EngineProject({ name: PROJECT, root });
    try {
        const kernelOnly = await recordKernelOnly(join(folder, KERNEL_ONLY), progress);
        await labDown(LAB);
        await labUp(LAB, progress);
        for (const command of MADE_BY_HAND) await runInLab(LAB, command);
        project.copy(resolve(folder, PROGRAM), "index.ts");
        project.copy(resolve(folder, KERNEL_ONLY), KERNEL_ONLY);
        await project.init({ ...CONFIG, ...IN_LAB });
        await project.pulumi("up", "--yes", "--skip-preview");
        const state = JSON.parse(await project.pulumi("stack", "export"), withoutPlaces) as State;
        writeFileSync(join(folder, "state.json"), `${JSON.stringify(withLinks(state, kernelOnly), undefined, 4)}\n`);
        progress.note(`${join(folder, "state.json")} holds what ${version} left.`);
        return 0;
    } finally {
        await labDown(LAB);
        project.remove();
    }
}

/** A state that has these links too, as the engine would have written them: like the tap that it wrote. */
function withLinks(state: State, links: Left[]): State {
    const { resources } = state.deployment;
    const like = resources.find(({ urn }) => urn.endsWith("::kvmnet:host:Ifb::shaper"));
    if (!like) throw new Error("The recorded stack has no Ifb shaper, which shows how a link is written.");
    const written = links.map(({ type, name, id, inputs, outputs }) => {
        const urn = like.urn.replace(/kvmnet:host:Ifb::shaper$/, `${type}::${name}`);
        return { ...like, urn, type, id, inputs, outputs: { ...outputs, owner: ownerOf(urn).mark } };
    });
    return { ...state, deployment: { ...state.deployment, resources: [...resources, ...written] } };
}

/** Where in which source a resource was declared says nothing about it, and names this machine's folders. */
const withoutPlaces = (key: string, value: unknown) =>
    key === "sourcePosition" || key === "stackTrace" ? undefined : value;
