/** VLAN ids and ranges as text. */

/**
 * First and last VLAN id of one entry of a VLAN list, or undefined where it is none.
 *
 * @param least 0 where frames without a tag are meant, too
 */
export function vlanRange(entry: string, least = 1): [number, number] | undefined {
    const match = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(entry.trim());
    if (!match) return undefined;
    const from = Number(match[1]);
    const to = Number(match[2] ?? match[1]);
    return from >= least && to <= 4094 && from <= to ? [from, to] : undefined;
}

/** Ranges in the canonical spelling: ascending, disjoint and merged, such as `["10", "20-29"]`. */
export const vlanText = (ranges: [number, number][]): string[] =>
    merged(ranges).map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`));

function merged(ranges: [number, number][]): [number, number][] {
    const result: [number, number][] = [];
    for (const [from, to] of [...ranges].sort(([a], [b]) => a - b)) {
        const last = result.at(-1);
        if (last && from <= last[1] + 1) last[1] = Math.max(last[1], to);
        else result.push([from, to]);
    }
    return result;
}
