/** CPUs in the kernel's list form, such as `0-3,8`. */

/** @returns ascending CPU numbers, below 8192 (NR_CPUS of the largest kernels); undefined for what is no list */
export function cpusOf(text: string): number[] | undefined {
    if (text.trim() === "") return [];
    const cpus = new Set<number>();
    for (const entry of text.split(",")) {
        const match = /^\s*(\d{1,4})(?:-(\d{1,4}))?\s*$/.exec(entry);
        const [from, to] = [Number(match?.[1]), Number(match?.[2] ?? match?.[1])];
        if (!match || to < from || to > 8191) return undefined;
        for (let cpu = from; cpu <= to; cpu++) cpus.add(cpu);
    }
    return [...cpus].sort((a, b) => a - b);
}

/**
 * As libvirt reads a set of CPUs or nodes, where `^` takes out again what stands before it: `0-7,^6` (virBitmapParse in
 * src/util/virbitmap.c).
 *
 * @returns ascending numbers; undefined for what is no list
 */
export function cpuSetOf(text: string): number[] | undefined {
    const cpus = new Set<number>();
    for (const entry of text.split(",")) {
        const [, out] = /^\s*\^(\d{1,4})\s*$/.exec(entry) ?? [];
        const some = out === undefined ? cpusOf(entry) : [];
        if (!some) return undefined;
        for (const cpu of some) cpus.add(cpu);
        if (out !== undefined) cpus.delete(Number(out));
    }
    return [...cpus].sort((a, b) => a - b);
}

/** @param cpus ascending */
export function cpuList(cpus: readonly number[]): string {
    const ranges: [number, number][] = [];
    for (const cpu of cpus) {
        const last = ranges.at(-1);
        if (last && cpu === last[1] + 1) last[1] = cpu;
        else ranges.push([cpu, cpu]);
    }
    return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(",");
}
