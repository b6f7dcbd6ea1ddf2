/** What holds after every fault and one more run: declared = switch database = kernel, and nothing else of ours anywhere. */
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { labPaths } from "../../../schemas/lab-paths";
import type { Bag } from "../../../provider/wire";
import type { Eyes } from "./eyes";
import { KERNEL_EYES } from "./eyes-on-kernel";
import { SWITCH_EYES } from "./eyes-on-switch";
import type { FaultLab } from "./fault-lab";
import { BRIDGE_PORT, PORT_SET } from "./kind-names";
import type { Program, Stack } from "./stack";
import { foreign, look, marks } from "./world";

const EYES: Readonly<Record<string, Eyes>> = { ...SWITCH_EYES, ...KERNEL_EYES };

/** Kinds whose mark is on each of their members, or on the host's journal. */
const MARKED_ELSEWHERE = [BRIDGE_PORT, PORT_SET];
/** Kinds of which one resource is several things of the host. */
const SEVERAL = [PORT_SET, "kvmnet:host:Veth", "kvmnet:ovs:Qos"];

/**
 * Judges a host and a stack by the program that was run last.
 *
 * @param theirs what others have there, as `foreign` told it before the faults
 * @param what   for messages: what had happened
 * @param beside owner marks of other stacks on the host
 */
export async function assertSound(
    lab: FaultLab,
    stack: Pick<Stack, "owners">,
    program: Program,
    theirs: ReadonlyMap<string, string>,
    what: string,
    beside: Iterable<string> = [],
): Promise<void> {
    const world = await look(lab);
    const owners = stack.owners();
    assert.deepEqual([...owners.keys()].sort(), Object.keys(program).sort(), `${what}: the state holds the program`);
    for (const [name, { type, inputs }] of Object.entries(program)) {
        const eyes = EYES[type];
        assert.ok(eyes, `${type} is judged by eyes of our own`);
        const owner = owners.get(name) ?? "";
        const seen = await eyes.seen({ world, lab, inputs, name: String(inputs.name ?? ""), owner });
        const declared: Bag = {
            ...eyes.usual,
            ...inputs,
            ...eyes.spelled?.(inputs),
            ...(MARKED_ELSEWHERE.includes(type) ? {} : { owner }),
        };
        const judged = Object.keys(declared).filter((key) => key in seen);
        const pick = (bag: Bag) => Object.fromEntries(judged.map((key) => [key, bag[key]]));
        assert.deepEqual(pick(seen), pick(declared), `${what}: ${type} ${name} is as declared`);
    }
    const marked = [...marks(world)];
    const others = [...beside];
    const own = marked.filter(([mark]) => !others.includes(mark));
    const stray = own.filter(([mark]) => ![...owners.values()].includes(mark));
    assert.deepEqual(stray, [], `${what}: nothing carries our mark outside the state`);
    const several = Object.keys(program).filter((name) => SEVERAL.includes(program[name]?.type ?? ""));
    const ofSeveral = several.map((name) => owners.get(name));
    for (const [mark, things] of own)
        if (!ofSeveral.includes(mark)) assert.equal(things.length, 1, `${what}: ${mark} is on ${things.join()}`);
    assertUntouched(theirs, foreign(world), what);
    assert.deepEqual(begun(lab), [], `${what}: nothing is half written`);
}

/** Others' things, before and after: each as it was, to the byte, and none more. */
function assertUntouched(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>, what: string): void {
    const things = [...new Set([...before.keys(), ...after.keys()])];
    const changed = things.filter((thing) => before.get(thing) !== after.get(thing));
    const of = (seen: ReadonlyMap<string, string>) => changed.map((thing) => `${thing}: ${seen.get(thing) ?? "none"}`);
    assert.deepEqual(of(after), of(before), `${what}: what others have is as it was`);
}

/** Files of the journal that somebody is writing; what a killed run has begun goes with the next change of the journal. */
function begun(lab: FaultLab): string[] {
    try {
        return readdirSync(join(labPaths(lab.name).hostState, "journal")).filter((file) => {
            const [, writer] = /\.json\.(\d+)\.new$/.exec(file) ?? [];
            return writer === undefined ? !file.endsWith(".json") : existsSync(`/proc/${writer}`);
        });
    } catch {
        return [];
    }
}
