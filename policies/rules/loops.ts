/** Rings of bridges: whether what joins two bridges joins two that are joined already. */
import { vlanRange } from "../../schemas/vlan-range";
import { at, textAt } from "../inputs";
import { maybe } from "../known";
import type { Resource } from "../inputs";
import type { Stack, StackPort } from "../stack";

/** What joins two bridges, and the VLANs that it lets through: undefined is all. */
interface Edge {
    resource: Resource;
    name: string;
    from: string;
    to: string;
    vlans: [number, number][] | undefined;
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
            edges.filter(({ vlans }) => vlans === undefined || (vlan !== undefined && carries(vlans, vlan))),
        );
        if (closed) return { ...closed, ...(vlan === undefined ? {} : { vlan }) };
    }
    return undefined;
}

const carries = (vlans: [number, number][], vlan: number) => vlans.some(([from, to]) => vlan >= from && vlan <= to);

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
        const [one, other] = [stack.portByName().get(a), stack.portByName().get(b)];
        return [{ resource, name: `the way by ${a} and ${b}`, from, to, vlans: both(vlansOf(one), vlansOf(other)) }];
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

/** VLANs that a port lets through; undefined is all, as what a Linux bridge lets through is not told here. */
function vlansOf(port: StackPort | undefined): [number, number][] | undefined {
    if (!port) return undefined;
    const trunks = at(port.props, "trunks");
    const tag = port.tag;
    const ranges = maybe(() =>
        Array.isArray(trunks) ? trunks.flatMap((entry) => [vlanRange(String(entry)) ?? []]) : [],
    );
    const listed = (Array.isArray(ranges) ? ranges : []).filter(
        (range): range is [number, number] => range.length === 2,
    );
    if (typeof tag === "number")
        return port.vlanMode === "native-untagged" || port.vlanMode === "native-tagged"
            ? [...listed, [tag, tag]]
            : [[tag, tag]];
    return listed.length > 0 ? listed : undefined;
}

const both = (a: [number, number][] | undefined, b: [number, number][] | undefined): [number, number][] | undefined => {
    if (!a || !b) return a ?? b;
    return a.flatMap(([from, to]) =>
        b.flatMap(([first, last]): [number, number][] => {
            const [low, high] = [Math.max(from, first), Math.min(to, last)];
            return low <= high ? [[low, high]] : [];
        }),
    );
};
