/** Values of sysctls as the kernel prints them, which may be otherwise than they were written. */
import { addressText, isV6 } from "../../schemas/ip-text";
import { valueText } from "../../schemas/sysctl";

/**
 * Whether two texts are one value to the kernel: tabs are spaces, numbers may be decimal, hexadecimal or octal
 * (proc_dointvec in kernel/sysctl.c), lists of numbers are sorted and merged (proc_do_large_bitmap there), and addresses
 * of IPv6 are printed at full length (addrconf_sysctl_stable_secret in net/ipv6/addrconf.c).
 */
export function sameValue(one: string, other: string): boolean {
    const [words, others] = [wordsOf(one), wordsOf(other)];
    return words.length === others.length && words.every((word, index) => word === others[index]);
}

const wordsOf = (value: string) => valueText(value).split(" ").map(canonical);

function canonical(word: string): string {
    if (/^-?(0|[1-9]\d*)$/.test(word)) return word;
    const [, sign = "", octal, hex] = /^(-?)(?:0([0-7]+)|0x([0-9a-f]+))$/i.exec(word) ?? [];
    if (hex !== undefined) return `${sign}${BigInt(`0x${hex}`)}`;
    if (octal !== undefined) return `${sign}${BigInt(`0o${octal}`)}`;
    return mergedList(word) ?? (isV6(word) ? addressText(word) : undefined) ?? word;
}

/** `8,1-3,2-5` as `1-5,8`; undefined for what is no such list. */
function mergedList(word: string): string | undefined {
    if (!/^\d{1,9}(-\d{1,9})?(,\d{1,9}(-\d{1,9})?)*$/.test(word)) return undefined;
    const ranges = word.split(",").map((entry): [number, number] => {
        const [from = 0, to = from] = entry.split("-").map(Number);
        return [from, to];
    });
    const merged: [number, number][] = [];
    for (const [from, to] of ranges.sort(([a], [b]) => a - b)) {
        const last = merged.at(-1);
        if (last && from <= last[1] + 1) last[1] = Math.max(last[1], to);
        else merged.push([from, to]);
    }
    return merged.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(",");
}
