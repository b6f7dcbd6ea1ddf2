/** The ports that measures make. */

/** One port: a tap of its name, plugged as an access port. */
export interface Wanted {
    name: string;
    tag: number;
}

/** @param count how many */
export const wanted = (count: number): Wanted[] =>
    Array.from({ length: count }, (_, index) => ({ name: `p${index}`, tag: 100 + (index % 3000) }));

/** Whether a link of this name is a port of a measure. */
export const isPort = (name: string): boolean => /^p\d+$/.test(name);
