/** Rates and sizes as text, exactly, each in its shortest spelling. */

/** Prefixes of rates: decimal, as the trade counts bits (kbit = 1,000 bit). */
const RATE_PREFIXES: Readonly<Record<string, bigint>> = {
    "": 1n,
    k: 10n ** 3n,
    M: 10n ** 6n,
    G: 10n ** 9n,
    T: 10n ** 12n,
};
/** Prefixes of sizes: `k` is 1,000 bytes and `Ki` is 1,024. */
const SIZE_PREFIXES: Readonly<Record<string, bigint>> = {
    ...RATE_PREFIXES,
    Ki: 2n ** 10n,
    Mi: 2n ** 20n,
    Gi: 2n ** 30n,
    Ti: 2n ** 40n,
};

export const RATE_HELP =
    'a rate is text such as "2Gbit", "100 Mbit/s" or "250 MB/s", at least 1 bit/s and at most 10 Tbit/s';
export const SIZE_HELP = 'a size is text such as "64KiB", "1 MB" or "9000B", at most 1 PB';

/** Bits a second that a text stands for, exactly; undefined where it is no rate or no whole number of bits. */
function bitsOf(text: string): bigint | undefined {
    const match = /^\s*(\d{1,15})(?:\.(\d{1,12}))?\s*([kKMGT]?)(bit|bps|b|B|Byte)?(?:\/s|ps)?\s*$/.exec(text);
    if (!match) return undefined;
    const [, whole = "", fraction = "", prefix = "", unit = "bit"] = match;
    const factor = (RATE_PREFIXES[prefix === "K" ? "k" : prefix] ?? 1n) * (unit === "B" || unit === "Byte" ? 8n : 1n);
    return exactly(whole, fraction, factor);
}

/** Bytes that a text stands for, exactly; undefined where it is no size or no whole number of bytes. */
function bytesOf(text: string): bigint | undefined {
    const match = /^\s*(\d{1,15})(?:\.(\d{1,12}))?\s*(k|K|M|G|T|Ki|Mi|Gi|Ti)?(B|Byte|bit)?\s*$/.exec(text);
    if (!match) return undefined;
    const [, whole = "", fraction = "", prefix = "", unit = "B"] = match;
    const bytes = exactly(whole, fraction, SIZE_PREFIXES[prefix === "K" ? "k" : prefix] ?? 1n);
    if (bytes === undefined || unit !== "bit") return bytes;
    return bytes % 8n === 0n ? bytes / 8n : undefined;
}

function exactly(whole: string, fraction: string, factor: bigint): bigint | undefined {
    const scaled = BigInt(whole + fraction) * factor;
    const divisor = 10n ** BigInt(fraction.length);
    return scaled % divisor === 0n ? scaled / divisor : undefined;
}

/** The shortest exact spelling: `2Gbit`, `1500kbit`, `64KiB`. */
function spelled(value: bigint, prefixes: Readonly<Record<string, bigint>>, unit: string): string {
    const best = Object.entries(prefixes)
        .filter(([, factor]) => value % factor === 0n)
        .reduce((a, b) => (b[1] > a[1] ? b : a));
    return `${value / best[1]}${best[0]}${unit}`;
}

/** Reads text, or a number of the unit itself, and spells it; undefined for what is none, or out of bounds. */
const spelling =
    (read: (text: string) => bigint | undefined, spell: (value: bigint) => string, least: bigint, most: bigint) =>
    (input: string | number): string | undefined => {
        const value =
            typeof input === "number" ? (Number.isSafeInteger(input) ? BigInt(input) : undefined) : read(input);
        return value !== undefined && value >= least && value <= most ? spell(value) : undefined;
    };

/** `2Gbit` of "2 Gbit/s", or of a number of bit/s. */
export const rateText = spelling(bitsOf, (value) => spelled(value, RATE_PREFIXES, "bit"), 1n, 10n ** 13n);

/** `64KiB` of "64 KiB", or of a number of bytes. */
export const sizeText = spelling(bytesOf, (value) => spelled(value, SIZE_PREFIXES, "B"), 0n, 10n ** 15n);

/** Bits a second of a rate that `rateText` has spelled; a whole number below 2^53. */
export const bitsPerSecond = (rate: string): number => Number(bitsOf(rate) ?? 0n);

/** Bytes of a size that `sizeText` has spelled. */
export const bytes = (size: string): number => Number(bytesOf(size) ?? 0n);
