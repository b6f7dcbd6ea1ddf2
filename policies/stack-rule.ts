/** Rules across resources: what no single one of them shows. */
import { byHost } from "./hosts";
import type { Resource } from "./inputs";
import { maybe, NotKnown } from "./known";
import { type Fault, type Finding, type RuleData, thresholdsOf } from "./rule";
import { Stack } from "./stack";

/** What a rule about a whole stack says of one of its resources. */
type StackFinding<Placed extends Resource = Resource> = { resource: Placed } & Finding;

export interface StackRule<Name extends string> extends RuleData<Name> {
    /** Whether it holds the resources of several hosts against each other; else it judges each host by itself. */
    acrossHosts?: true;
    /**
     * Calls `each` for everything that it judges; what that throws as `NotKnown` is told as undecided.
     */
    judge(this: void, stack: Stack, each: Each, parameters: Record<Name, number>): void;
    /** Stacks as users write them. */
    examples: { good: Resource[][]; bad: Resource[][] };
}

/** Judges one thing of one resource. */
type Each = (resource: Resource, subject: string, work: () => Fault | undefined) => void;

export interface StackTableRule extends RuleData {
    examples: { good: Resource[][]; bad: Resource[][] };
    judgeStack<Placed extends Resource>(
        resources: readonly Placed[],
        thresholds?: Partial<Record<string, number>>,
    ): StackFinding<Placed>[];
}

/** Seals a rule about stacks for the table. */
export function stackRule<Name extends string>({ judge, acrossHosts, ...data }: StackRule<Name>): StackTableRule {
    return {
        ...data,
        judgeStack<Placed extends Resource>(resources: readonly Placed[], thresholds = {}) {
            const findings: StackFinding<Placed>[] = [];
            const each: Each = (resource, subject, work) => {
                const fault = maybe(work);
                const of = { resource: resource as Placed, subject };
                if (fault instanceof NotKnown) findings.push({ ...of, kind: "undecided", because: fault.because });
                else if (fault) findings.push({ ...of, kind: "violation", fault });
            };
            const { all, hosts } = stacksOf(resources);
            for (const stack of acrossHosts ? [all] : hosts)
                judge(stack, each, thresholdsOf(data.parameters, thresholds));
            return findings;
        },
    };
}

interface Stacks {
    all: Stack;
    /** Of each host; the same as all where there is one. */
    hosts: readonly Stack[];
}

/** All rules are asked about the same resources: what one has read, the others find. */
const stacks = new WeakMap<readonly Resource[], Stacks>();

function stacksOf(resources: readonly Resource[]): Stacks {
    const before = stacks.get(resources);
    if (before) return before;
    const all = new Stack(resources);
    const hosts = byHost(resources).map((one) => (one === resources ? all : new Stack(one)));
    stacks.set(resources, { all, hosts });
    return { all, hosts };
}
