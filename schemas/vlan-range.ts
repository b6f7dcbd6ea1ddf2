/** VLAN ids and ranges as text. */

/** First and last VLAN id of one entry of a VLAN list, or undefined where it is none. */
export function vlanRange(entry: string): [number, number] | undefined {
    const match = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(entry.trim());
    if (!match) return undefined;
    const from = Number(match[1]);
    const to = Number(match[2] ?? match[1]);
    return from >= 1 && to <= 4094 && from <= to ? [from, to] : undefined;
}
