/** Text that iproute2 prints as JSON. */

/**
 * Parses it. It writes names and aliases of links as they are, control characters too, which JSON does not allow and which
 * anybody on a host may put there. It escapes line feeds and tabs itself, so that what is bare of them is its own.
 *
 * @throws SyntaxError on what is none
 */
export function parseIproute(text: string): unknown {
    try {
        return JSON.parse(text) as unknown;
    } catch {
        return JSON.parse(escaped(text)) as unknown;
    }
}

const SPACE = 0x20;
const ITS_OWN = "\n\r\t";

const escaped = (text: string): string =>
    Array.from(text, (letter) =>
        letter.charCodeAt(0) < SPACE && !ITS_OWN.includes(letter)
            ? `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`
            : letter,
    ).join("");
