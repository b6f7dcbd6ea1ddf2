/** Rules across resources: what no single one of them shows. */
import type { Resource } from "./inputs";
import { maybe, NotKnown } from "./known";
import { type Fault, type Finding, type RuleData, thresholdsOf } from "./rule";
import { Stack } from "./stack";

/** What a rule about a whole stack says of one of its resources. */
type StackFinding<Placed extends Resource = Resource> = { resource: Placed } & Finding;

export interface StackRule<Name extends string> extends RuleData<Name> {
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
export function stackRule<Name extends string>({ judge, ...data }: StackRule<Name>): StackTableRule {
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
            judge(stackOf(resources), each, thresholdsOf(data.parameters, thresholds));
            return findings;
        },
    };
}

/** All rules are asked about the same resources: what one has read, the others find. */
const stacks = new WeakMap<readonly Resource[], Stack>();

function stackOf(resources: readonly Resource[]): Stack {
    const before = stacks.get(resources);
    if (before) return before;
    const stack = new Stack(resources);
    stacks.set(resources, stack);
    return stack;
}
