/** Every way a host says no, named by what the reader can do about it. */

/**
 * - invalid: fix the input
 * - missing: something must be there first
 * - conflict: adopt it, or take another name
 * - refused: the host will not do it; the message says what would help
 * - unreachable: make the host answer, then try again
 * - lost: the connection broke and whether the change arrived is unknown; look again, then go on
 * - cancelled: the run was cancelled
 * - bug: report it
 */
export type HostErrorKind =
    "invalid" | "missing" | "conflict" | "refused" | "unreachable" | "lost" | "cancelled" | "bug";

/** Who, what, and what next, in full sentences. Code branches on `kind`, never on text. */
export class HostError extends Error {
    constructor(
        readonly kind: HostErrorKind,
        readonly subject: string,
        readonly fact: string,
        readonly next: string,
        cause?: unknown,
    ) {
        super(`${subject}: ${fact}. ${next}`, { cause });
        this.name = "HostError";
    }
}

/** What the host says of an input: its words may repeat any part of that, in any spelling. */
export class InputRefused extends HostError {
    /**
     * @param properties those that the fact tells of
     * @param untold     the fact where one of them is secret
     */
    constructor(
        readonly properties: readonly string[],
        readonly untold: string,
        ...error: ConstructorParameters<typeof HostError>
    ) {
        super(...error);
    }
}

/** Words of the host inside a sentence: one line, printable, at most 300 characters. */
export function quoted(words: unknown): string {
    const line = printable(words instanceof Error ? words.message : String(words));
    return line.length > 300 ? `${line.slice(0, 300 - CUT.length)}${CUT}` : line;
}

/** Stands where words were cut off. */
export const CUT = "...";

export const printable = (text: string): string => text.replace(/[^\x20-\x7e]+/g, " ").trim();

/** A name read from the host, safe to print: the kernel takes any byte but `/`, `:` and white space. */
export function shownName(name: string): string {
    return /^[\w.@-]{1,64}$/.test(name)
        ? name
        : JSON.stringify(name)
              .replace(/[^\x20-\x7e]/g, "?")
              .slice(0, 80);
}
