/**
 * Bags to bytes and back: `google.protobuf.Struct` without an object for each value. Those of google-protobuf take some
 * 100 us a port to read and to write, and a set of 1,000 ports is read and written several times in one step.
 */
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { notedPlain, Secret, secret, UNKNOWN, type Bag, type Property } from "./wire";

/** Marks objects that mean something special (pulumi sdk/go/common/resource/sig/sig.go). */
const SIG = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4";

/** What the engine writes for an unknown boolean, number, text, array, asset, archive, object (plugin/rpc.go). */
const UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const UNKNOWNS = new Set([
    UNKNOWN_TEXT,
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
    "030794c1-ac77-496b-92df-f27374a8bd58",
    "e48ece36-62e2-4504-bad9-02848725956a",
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);

/** Field numbers of google/protobuf/struct.proto. */
const FIELDS = 1;
const [KEY, ENTRY_VALUE] = [1, 2];
const [NULL, NUMBER, TEXT, FLAG, STRUCT, LIST] = [1, 2, 3, 4, 5, 6];
const VALUES = 1;

/** Of a field's head (protobuf.dev, Encoding): a number, eight bytes, as many as the head says, or four bytes. */
const [VARINT, EIGHT_BYTES, COUNTED, FOUR_BYTES] = [0, 1, 2, 5];
const headOf = (field: number, kind: number) => (field << 3) | kind;

/** Keys that were read, each at its hash; one that comes later takes the place of another there. Longer ones are not kept [bytes]. */
const KEYS: (string | undefined)[] = Array.from({ length: 8192 });
const [KEYS_MASK, LONGEST_KEY] = [KEYS.length - 1, 32];
const LAST_ASCII = 0x7f;

/** From this size on [bytes] it pays to note that a bag is plain, for a note costs more than to look through a small one. */
const LARGE_BYTES = 4096;

/** @param bytes a serialized `Struct`; absent is an empty one */
export function decode(bytes: Uint8Array | undefined): Bag {
    if (bytes === undefined) return {};
    const reader = new Forwards(bytes);
    const bag = readStruct(reader, bytes.length);
    return reader.isPlain && bytes.length >= LARGE_BYTES ? notedPlain(bag) : bag;
}

/** @returns a serialized `Struct`; what is undefined is left out */
export function encode(bag: { [key: string]: Property | undefined }): Uint8Array {
    const writer = new Backwards();
    writeStruct(writer, bag);
    return writer.written();
}

/** For messages that are rare, or that others read. */
export const structOf = (bag: { [key: string]: Property | undefined }): Struct => Struct.deserializeBinary(encode(bag));

export const bagOf = (struct: Struct | undefined): Bag => decode(struct?.serializeBinary());

function readStruct(reader: Forwards, end: number): Bag {
    const bag: Bag = {};
    while (reader.at < end) {
        const head = reader.varint();
        if (head === headOf(FIELDS, COUNTED)) readEntry(reader, reader.endWithin(end), bag);
        else reader.skip(head, end);
    }
    return bag;
}

function readEntry(reader: Forwards, end: number, into: Bag): void {
    let key = "";
    let value: Property = null;
    while (reader.at < end) {
        const head = reader.varint();
        if (head === headOf(KEY, COUNTED)) key = reader.key(end);
        else if (head === headOf(ENTRY_VALUE, COUNTED)) value = readValue(reader, reader.endWithin(end));
        else reader.skip(head, end);
    }
    if (key !== "__proto__") into[key] = value;
    else Object.defineProperty(into, key, { value, configurable: true, enumerable: true, writable: true });
}

function readValue(reader: Forwards, end: number): Property {
    let value: Property = null;
    while (reader.at < end) {
        const head = reader.varint();
        switch (head) {
            case headOf(NUMBER, EIGHT_BYTES):
                value = reader.double(end);
                break;
            case headOf(TEXT, COUNTED): {
                const text = reader.text(end);
                value = UNKNOWNS.has(text) ? reader.special(UNKNOWN) : text;
                break;
            }
            case headOf(FLAG, VARINT):
                value = reader.varint() !== 0;
                break;
            case headOf(STRUCT, COUNTED):
                value = meant(reader, readStruct(reader, reader.endWithin(end)));
                break;
            case headOf(LIST, COUNTED):
                value = readList(reader, reader.endWithin(end));
                break;
            default:
                reader.skip(head, end);
        }
    }
    return value;
}

function readList(reader: Forwards, end: number): Property[] {
    const values: Property[] = [];
    while (reader.at < end) {
        const head = reader.varint();
        if (head === headOf(VALUES, COUNTED)) values.push(readValue(reader, reader.endWithin(end)));
        else reader.skip(head, end);
    }
    return values;
}

/** Secrets and outputs as what they hold; assets and references stay objects, which no property of ours takes. */
function meant(reader: Forwards, bag: Bag): Property {
    if (bag[SIG] === SECRET) return reader.special(secret(bag.value ?? null));
    if (bag[SIG] !== OUTPUT) return bag;
    const held = bag.value ?? UNKNOWN;
    return reader.special(bag.secret === true ? secret(held) : held);
}

function writeStruct(writer: Backwards, bag: { [key: string]: Property | undefined }): void {
    const keys = Object.keys(bag);
    for (let index = keys.length - 1; index >= 0; index--) {
        const key = keys[index] as string;
        const value = bag[key];
        if (value === undefined) continue;
        const before = writer.length;
        writeValue(writer, value);
        writer.message(ENTRY_VALUE, before);
        writer.text(KEY, key);
        writer.message(FIELDS, before);
    }
}

function writeValue(writer: Backwards, value: Property): void {
    const before = writer.length;
    if (value === null) writer.number(NULL, 0);
    else if (value === UNKNOWN) writer.text(TEXT, UNKNOWN_TEXT);
    else if (typeof value === "boolean") writer.number(FLAG, value ? 1 : 0);
    else if (typeof value === "number") writer.double(NUMBER, value);
    else if (typeof value === "string") writer.text(TEXT, value);
    else if (Array.isArray(value)) {
        for (const one of value.toReversed()) {
            const within = writer.length;
            writeValue(writer, one);
            writer.message(VALUES, within);
        }
        writer.message(LIST, before);
    } else {
        writeStruct(writer, value instanceof Secret ? { [SIG]: SECRET, value: value.value } : value);
        writer.message(STRUCT, before);
    }
}

/** Reads a message from its start to its end. */
class Forwards {
    at = 0;
    /** Whether nothing that was read is secret or unknown. */
    isPlain = true;
    private readonly bytes: Buffer;

    constructor(bytes: Uint8Array) {
        this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }

    /** A value that is secret or unknown. */
    special(value: Property): Property {
        this.isPlain = false;
        return value;
    }

    varint(): number {
        let value = 0;
        for (let factor = 1; ; factor *= 0x80) {
            const byte = this.bytes[this.at++];
            if (byte === undefined) throw new RangeError("a message ends within a field");
            value += (byte & 0x7f) * factor;
            if (byte < 0x80) return value;
        }
    }

    /** Where a part ends whose length comes next. @param end of what it is part of */
    endWithin(end: number): number {
        const length = this.varint();
        return this.reached(this.at + length, end);
    }

    text(end: number): string {
        const to = this.endWithin(end);
        const text = this.bytes.toString("utf8", this.at, to);
        this.at = to;
        return text;
    }

    /** A text that has probably been read before, as keys have: the same string again, which costs less to make and to use. */
    key(end: number): string {
        const from = this.at;
        const length = this.varint();
        const at = this.at;
        if (length > LONGEST_KEY) {
            this.at = from;
            return this.text(end);
        }
        this.at = this.reached(at + length, end);
        let hash = length;
        for (let index = at; index < this.at; index++) hash = (hash * 31 + (this.bytes[index] as number)) & KEYS_MASK;
        const known = KEYS[hash];
        if (known !== undefined && this.isAt(at, length, known)) return known;
        return (KEYS[hash] = this.bytes.toString("utf8", at, this.at));
    }

    /** Whether these bytes are this text; of others than ASCII it is not known, for they are not one byte a letter. */
    private isAt(at: number, length: number, text: string): boolean {
        if (text.length !== length) return false;
        for (let index = 0; index < length; index++) {
            const byte = this.bytes[at + index] as number;
            if (byte > LAST_ASCII || text.charCodeAt(index) !== byte) return false;
        }
        return true;
    }

    double(end: number): number {
        const from = this.at;
        this.at = this.reached(from + 8, end);
        return this.bytes.readDoubleLE(from);
    }

    /** Passes over a field whose head was read. */
    skip(head: number, end: number): void {
        const kind = head & 7;
        if (kind === VARINT) this.varint();
        else if (kind === COUNTED) this.at = this.endWithin(end);
        else if (kind === EIGHT_BYTES || kind === FOUR_BYTES)
            this.at = this.reached(this.at + (kind === EIGHT_BYTES ? 8 : 4), end);
        else throw new RangeError(`a message has a field of kind ${kind}`);
    }

    private reached(at: number, end: number): number {
        if (at > end) throw new RangeError("a part of a message is longer than what it is part of");
        return at;
    }
}

/** Writes a message from its end to its start, for a field's length stands before it and is known after it. */
class Backwards {
    private buffer = Buffer.allocUnsafe(1024);
    private at = this.buffer.length;

    get length(): number {
        return this.buffer.length - this.at;
    }

    written(): Uint8Array {
        return this.buffer.subarray(this.at);
    }

    /** Puts a head before all that was written since. @param before the length at that time */
    message(field: number, before: number): void {
        this.head(field, this.length - before);
    }

    text(field: number, text: string): void {
        const before = this.length;
        if (text.length > LONGEST_KEY || !this.ascii(text)) {
            const length = Buffer.byteLength(text);
            const at = this.room(length);
            this.buffer.write(text, at);
        }
        this.head(field, this.length - before);
    }

    /** Writes a text of ASCII, letter by letter: for a short one that takes less than a call of the buffer. @returns false for others */
    private ascii(text: string): boolean {
        for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > LAST_ASCII) return false;
        const at = this.room(text.length);
        for (let index = 0; index < text.length; index++) this.buffer[at + index] = text.charCodeAt(index);
        return true;
    }

    double(field: number, value: number): void {
        const at = this.room(8);
        this.buffer.writeDoubleLE(value, at);
        this.varint(headOf(field, EIGHT_BYTES));
    }

    number(field: number, value: number): void {
        this.varint(value);
        this.varint(headOf(field, VARINT));
    }

    private head(field: number, length: number): void {
        this.varint(length);
        this.varint(headOf(field, COUNTED));
    }

    private varint(value: number): void {
        const bytes = value < 0x80 ? 1 : Math.ceil((32 - Math.clz32(value)) / 7);
        let at = this.room(bytes);
        for (; value >= 0x80; value >>>= 7) this.buffer[at++] = (value & 0x7f) | 0x80;
        this.buffer[at] = value;
    }

    /** Where the next bytes begin; what is written moves to the end of a greater buffer where there are too few left. */
    private room(bytes: number): number {
        if (bytes > this.at) {
            const greater = Buffer.allocUnsafe(2 * this.buffer.length + bytes);
            const at = greater.length - this.length;
            this.buffer.copy(greater, at, this.at);
            this.buffer = greater;
            this.at = at;
        }
        return (this.at -= bytes);
    }
}
