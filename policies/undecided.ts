/** Counts what rules could not decide: no result is called clean while something is open. */
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
