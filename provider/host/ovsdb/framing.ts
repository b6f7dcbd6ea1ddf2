/** Cuts a stream of bytes into JSON texts: OVSDB puts no separator between its messages (RFC 7047, 4). */

/** One message may have this many bytes; a database of 5,000 ports sends less than a tenth of it. */
export const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;
/** OVSDB's own messages nest less than 10 deep. */
export const MAX_DEPTH = 200;

const [QUOTE, BACKSLASH, OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY] = [...Buffer.from('"\\{}[]')] as [
    number,
    number,
    number,
    number,
    number,
    number,
];

/** Structure is ASCII, and no byte of a longer UTF-8 character is, so bytes can be judged one by one. */
export class JsonSplitter {
    private parts: Buffer[] = [];
    private held = 0;
    private depth = 0;
    private inText = false;
    private escaped = false;

    /**
     * The messages that end in this chunk, parsed.
     *
     * @throws Error on what is no message: text between messages, too deep, too long, or bad JSON
     */
    push(chunk: Buffer): unknown[] {
        const messages: unknown[] = [];
        // Each byte passes here, so the state stands in variables meanwhile.
        let { depth, inText, escaped } = this;
        let start = 0;
        for (let at = 0; at < chunk.length; at++) {
            const byte = chunk[at] as number;
            if (inText) {
                if (escaped) escaped = false;
                else if (byte === BACKSLASH) escaped = true;
                else if (byte === QUOTE) inText = false;
            } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
                if (depth === 0) start = at;
                if (++depth > MAX_DEPTH) throw new Error(`a message nests more than ${MAX_DEPTH} deep`);
            } else if (depth === 0) {
                if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)
                    throw new Error("there is something between two messages that is neither");
            } else if (byte === QUOTE) inText = true;
            else if ((byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) && --depth === 0)
                messages.push(JSON.parse(this.take(chunk.subarray(start, at + 1)).toString("utf8")));
        }
        Object.assign(this, { depth, inText, escaped });
        if (this.depth > 0) this.hold(chunk.subarray(this.parts.length > 0 ? 0 : start));
        return messages;
    }

    private hold(rest: Buffer): void {
        this.held += rest.length;
        if (this.held > MAX_MESSAGE_BYTES) throw new Error(`a message has more than ${MAX_MESSAGE_BYTES} bytes`);
        this.parts.push(rest);
    }

    private take(last: Buffer): Buffer {
        const whole = this.parts.length > 0 ? Buffer.concat([...this.parts, last]) : last;
        this.parts = [];
        this.held = 0;
        return whole;
    }
}
