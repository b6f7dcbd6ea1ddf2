/** What a rule is: data for people and machines, and one pure judgement. Nothing of Pulumi. */
import type { Resource } from "./inputs";
import { type Maybe, maybe, NotKnown } from "./known";

export type Level = "advisory" | "mandatory" | "disabled";
export type Severity = "low" | "medium" | "high" | "critical";

/** Sets of levels and thresholds for a purpose; each is written to `profiles/NAME.json`. */
export const PROFILES = ["default", "throughput", "latency", "density", "security", "legacy-lab"] as const;
export type Profile = (typeof PROFILES)[number];

/** A value for every profile: the default's, and others where they differ. */
export type PerProfile<Value> = { default: Value } & Partial<Record<Profile, Value>>;

/** A threshold that users may set in the pack's config. */
export interface Parameter {
    describe: string;
    value: PerProfile<number>;
    minimum: number;
    maximum: number;
    /** Where only some values between make sense. */
    allowed?: number[];
}

/** Finds in a resource the things that rules judge. */
export interface Reader<Subject> {
    /** Type tokens of the resources that have such things. */
    types: readonly string[];
    /** A `NotKnown` among them stands for things that may be there and could not be read. */
    read(props: unknown): Maybe<Subject>[];
    /** How messages name one: `NIC 52:54:00:12:34:56`. */
    name(subject: Subject): string;
    /** Where it is written in the file that was read, counted from 1; absent where nobody knows. */
    at?(subject: Subject): Place | undefined;
}

/** A place in a text, counted from 1. */
export interface Place {
    line: number;
    column: number;
}

/** What is wrong with one subject. Neither text holds a value that could be secret. */
export interface Fault {
    /** A clause with the value: `its RX ring has 256 descriptors`. */
    found: string;
    /** A sentence: what to set, where, to what. */
    set: string;
    /** Worth telling, and no reason to stop anything, whatever the rule's level. */
    remark?: true;
}

/** A specification of this package and the title of its test; or why none of our machines can show it. */
export type Proof = { file: string; shows: string } | { notShown: string };

/** What people and machines are told of a rule, whatever it judges. */
export interface RuleData<Name extends string = string> {
    /** Kebab case, without prefix; the same in pack, config, docs and messages. */
    id: string;
    /** What holds where the rule is kept, as a sentence. */
    title: string;
    severity: Severity;
    level: PerProfile<Level>;
    /** Why it matters, with the numbers; a blocked user reads it first. */
    why: string;
    /** Where the facts stand. */
    sources: string[];
    /** Page to read on. */
    url: string;
    tags: string[];
    /** Where a run shows that what it refuses is bad. Every rule has one that is mandatory in the default profile. */
    proof?: Proof;
    parameters: Record<Name, Parameter>;
    /** How to put it right, in general. */
    fix: string;
}

/** A rule about one thing of one resource. */
export interface Rule<Subject, Name extends string> extends RuleData<Name> {
    appliesTo: Reader<Subject>;
    /** @throws NotKnown where a value is needed that is not there (see `known`) */
    judge(this: void, subject: Subject, parameters: Record<Name, number>): Fault | undefined;
    /** Resources as users write them: the good ones pass, each bad one breaks this rule at its default thresholds. */
    examples: { good: Resource[]; bad: Resource[] };
}

/** Outcome for one subject: broken, or not to be told. What passes leaves no finding. */
export type Finding = { subject: string; at?: Place } & (
    { kind: "violation"; fault: Fault } | { kind: "undecided"; because: string }
);

/** A rule as the table holds it: its subject is its own business. */
export interface TableRule extends RuleData {
    examples: { good: Resource[]; bad: Resource[] };
    types: readonly string[];
    /** @param thresholds from the pack's config; what is absent there has its default */
    judge(props: unknown, thresholds?: Partial<Record<string, number>>): Finding[];
}

/** The thresholds of a rule: what is given, else the default. */
export function thresholdsOf<Name extends string>(
    parameters: Record<Name, Parameter>,
    given: Partial<Record<string, number>>,
): Record<Name, number> {
    const thresholds = {} as Record<Name, number>;
    for (const name in parameters) thresholds[name] = given[name] ?? parameters[name].value.default;
    return thresholds;
}

/** Seals a rule for the table. */
export function rule<Subject, Name extends string>({ appliesTo, judge, ...data }: Rule<Subject, Name>): TableRule {
    return {
        ...data,
        types: appliesTo.types,
        judge(props, thresholds = {}) {
            const parameters = thresholdsOf(data.parameters, thresholds);
            const findings: Finding[] = [];
            for (const subject of appliesTo.read(props)) {
                if (subject instanceof NotKnown) {
                    findings.push({ kind: "undecided", subject: "", because: subject.because });
                    continue;
                }
                const fault = maybe(() => judge(subject, parameters));
                if (!fault) continue;
                const at = appliesTo.at?.(subject);
                const told = { subject: appliesTo.name(subject), ...(at ? { at } : {}) };
                if (fault instanceof NotKnown) findings.push({ ...told, kind: "undecided", because: fault.because });
                else findings.push({ ...told, kind: "violation", fault });
            }
            return findings;
        },
    };
}
