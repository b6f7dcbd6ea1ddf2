/** What a host tells of its NICs that no resource declares, and that rules ask for all the same. */
import { z } from "zod";
import type { Hardware } from "../../provider/host/hardware";
import { type Link, parseList } from "../../provider/host/links";

const Qdisc = z.object({ kind: z.string(), dev: z.string().optional() });

/** Disciplines that only hold others, or that nothing waits in. */
const HOLDS_NOTHING = ["mq", "mqprio", "noqueue", "clsact", "ingress"];

/** Queueing disciplines by link. @param text what `tc -json qdisc show` printed @throws HostError bug where it is no list */
export function qdiscsOf(text: string): Map<string, string[]> {
    const found = new Map<string, string[]>();
    for (const { kind, dev } of parseList(text, Qdisc, "queueing disciplines", "`tc -json qdisc`"))
        if (dev !== undefined && !HOLDS_NOTHING.includes(kind)) found.set(dev, [...(found.get(dev) ?? []), kind]);
    return found;
}

/** Beside the state of a `Link`: nothing where it is no hardware. */
export function factsOf(
    { name, virtualFunctions }: Link,
    hardware: Hardware | undefined,
    qdiscs: ReadonlyMap<string, string[]>,
): Record<string, unknown> {
    if (!hardware?.physical) return {};
    const facts = { virtualFunctions, numaNode: hardware.numaNode, qdiscs: qdiscs.get(name) };
    return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
}
