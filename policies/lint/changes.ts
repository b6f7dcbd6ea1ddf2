/** What a preview changes, as resources that rules about changes judge. */
import { CHANGE } from "../nics/change";
import type { PlacedResource } from "./finding";

const KINDS: Readonly<Record<string, string>> = {
    "libvirt:index/domain:Domain": "domain",
    "libvirt:index/network:Network": "network",
};

/**
 * @param op       the engine's word for the step
 * @param formerly reads the inputs of the state that is there
 * @param after    the resource as it will be
 * @returns        undefined where nothing that rules look at changes
 */
export function changeOf(op: string, formerly: () => unknown, after: PlacedResource): PlacedResource | undefined {
    const kind = KINDS[after.type];
    // A replacement is told as three steps, of which this is the one with both states.
    if (kind === undefined || !["update", "replace"].includes(op)) return undefined;
    const before = formerly();
    if (before === undefined) return undefined;
    return { ...after, type: CHANGE, props: { kind, before, after: after.props, replaces: op === "replace" } };
}
