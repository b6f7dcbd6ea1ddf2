/** Counts what rules could not decide: no result is called clean while something is open. */
import type { Level, PerProfile, Severity } from "./rule";

/** Shown once at the end of a preview or update that got that far. Users who want no open question make it mandatory. */
export const UNDECIDED_RULE = {
    id: "undecided",
    title: "Every rule could decide.",
    severity: "low" as Severity,
    level: { default: "advisory" } as PerProfile<Level>,
    why: "A value that is not known yet, or that stands in something that cannot be read, leaves a rule open: it has neither passed nor failed.",
    fix: "Give the value in the program instead of computing it from another resource, or judge again once that resource is there.",
    tags: ["undecided"],
};

export class Undecided {
    /** Resource to rule to number of open subjects. */
    readonly #open = new Map<string, Map<string, number>>();

    /** A later judgement of the same resource takes the place of the former. */
    note(urn: string, rule: string, count: number): void {
        const rules = this.#open.get(urn) ?? new Map<string, number>();
        if (count) rules.set(rule, count);
        else rules.delete(rule);
        if (rules.size) this.#open.set(urn, rules);
        else this.#open.delete(urn);
    }

    /** One sentence, or undefined where all was decided. */
    summary(): string | undefined {
        const counts = new Map<string, number>();
        for (const rules of this.#open.values())
            for (const [rule, count] of rules) counts.set(rule, (counts.get(rule) ?? 0) + count);
        if (!counts.size) return undefined;
        const total = [...counts.values()].reduce((sum, count) => sum + count);
        const listed = [...counts].sort().map(([rule, count]) => `${rule} ${count}`);
        const times = total === 1 ? "1 time" : `${total} times`;
        return `Rules could not decide ${times} (${listed.join(", ")}). This is not a pass.`;
    }
}
