/** CPUs in the kernel's spelling: lists for pinning, masks for RPS and XPS. */

/** Ids of a list such as `0-3,8`, ascending and once each. @throws RangeError for a range that goes down */
export function cpusOf(list: string): number[] {
    const ids = list.split(",").flatMap((part) => {
        const [from = 0, to = from] = part.split("-").map(Number);
        if (to < from) throw new RangeError(`a range of CPUs ascends (got ${part})`);
        return Array.from({ length: to - from + 1 }, (_, index) => from + index);
    });
    return [...new Set(ids)].sort((a, b) => a - b);
}

/** The list of these ids, neighbours as ranges: `0-3,8`. */
export function listOf(ids: readonly number[]): string {
    const ranges: [number, number][] = [];
    for (const id of [...new Set(ids)].sort((a, b) => a - b)) {
        const last = ranges.at(-1);
        if (last && id === last[1] + 1) last[1] = id;
        else ranges.push([id, id]);
    }
    return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(",");
}

/** The mask of these ids as `rps_cpus` takes it: groups of 32 bits in hexadecimal, highest first (`3,00000001`). */
export function maskOf(ids: readonly number[]): string {
    const groups = Array.from({ length: Math.floor(Math.max(0, ...ids) / 32) + 1 }, () => 0);
    for (const id of ids) groups[Math.floor(id / 32)] = ((groups[Math.floor(id / 32)] ?? 0) | (1 << (id % 32))) >>> 0;
    const [highest = 0, ...rest] = groups.reverse();
    return [highest.toString(16), ...rest.map((group) => group.toString(16).padStart(8, "0"))].join(",");
}
