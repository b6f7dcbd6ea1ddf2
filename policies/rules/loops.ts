/** Rings of bridges: whether what joins two bridges joins two that are joined already. */
import { at, textAt } from "../inputs";
import { maybe, NotKnown } from "../known";
import type { Resource } from "../inputs";
import type { Stack } from "../stack";
import { isAmong, passingBoth, vlansOf, type VlanRange } from "./port-vlans";

/** What joins two bridges, and the VLANs that it lets through: undefined is all. */
interface Edge {
    resource: Resource;
    name: string;
    from: string;
    to: string;
    vlans: VlanRange[] | undefined;
}

/** The first way that closes a ring, with a VLAN that goes all around where only some do. What is not known is left out. */
export function loopEdge(stack: Stack): (Edge & { vlan?: number }) | undefined {
    const cut = new Set<unknown>();
    for (const { name, stp, kind, resource } of stack.bridges())
        // A Linux bridge that filters VLANs may part them port by port.
        if (stp !== false || (kind === "linux" && at(resource.props, "vlanFiltering") !== undefined)) cut.add(name);
    const edges = edgesOf(stack).filter(({ from, to }) => !cut.has(from) && !cut.has(to));
    if (!closing(edges)) return undefined;
    // There is a ring; it matters where one VLAN goes all around it. Limits of lists are the only places where that can change.
    const limits = new Set(edges.flatMap(({ vlans }) => vlans?.map(([first]) => first) ?? []));
    for (const vlan of [undefined, ...limits]) {
        const closed = closing(
            edges.filter(({ vlans }) => (vlan === undefined ? vlans === undefined : isAmong(vlans, vlan))),
        );
        if (closed) return { ...closed, ...(vlan === undefined ? {} : { vlan }) };
    }
    return undefined;
}

/** The first edge between two bridges that the former ones join already. */
function closing(edges: readonly Edge[]): Edge | undefined {
    const parents = new Map<string, string>();
    const rootOf = (name: string): string => {
        let root = name;
        for (let parent = parents.get(root); parent !== undefined; parent = parents.get(root)) root = parent;
        if (root !== name) parents.set(name, root);
        return root;
    };
    for (const edge of edges) {
        const [a, b] = [rootOf(edge.from), rootOf(edge.to)];
        if (a === b) return edge;
        parents.set(a, b);
    }
    return undefined;
}

function edgesOf(stack: Stack): Edge[] {
    const joined = (a: string, b: string, resource: Resource): Edge[] => {
        const [from, to] = [stack.plugged().get(a), stack.plugged().get(b)];
        if (from === undefined || to === undefined) return [];
        // What a Linux bridge lets through is not told here.
        const [one, other] = [a, b].map((name) => stack.portByName().get(name));
        const vlans = maybe(() => passingBoth(one && vlansOf(one), other && vlansOf(other)));
        if (vlans instanceof NotKnown) return [];
        return [{ resource, name: `the way by ${a} and ${b}`, from, to, vlans }];
    };
    const patches = stack.ports().flatMap(({ resource, name, type, props }) => {
        const peer = textAt(props, "options", "peer");
        // Each of the two ends names the other; the one whose name comes first stands for both.
        return type === "patch" && typeof name === "string" && typeof peer === "string" && name < peer
            ? joined(name, peer, resource)
            : [];
    });
    const pairs = stack.of("kvmnet:host:Veth").flatMap((resource) => {
        const [name, peer] = [textAt(resource.props, "name"), textAt(resource.props, "peer")];
        return typeof name === "string" && typeof peer === "string" ? joined(name, peer, resource) : [];
    });
    return [...patches, ...pairs];
}
