/**
 * Bags to bytes and back: `google.protobuf.Struct` without an object for each value. Those of google-protobuf take some
 * 100 us a port to read and to write, and a set of 1,000 ports is read and written several times in one step.
 */
import { BinaryReader } from "google-protobuf";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { Secret, secret, UNKNOWN, type Bag, type Property } from "./wire";

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

/** @param bytes a serialized `Struct`; absent is an empty one */
export function decode(bytes: Uint8Array | undefined): Bag {
    return bytes === undefined ? {} : readStruct(new BinaryReader(bytes));
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

function readStruct(reader: BinaryReader): Bag {
    const entries: [string, Property][] = [];
    while (reader.nextField())
        if (reader.getFieldNumber() === FIELDS) entries.push(inner(reader, readEntry));
        else reader.skipField();
    return Object.fromEntries(entries);
}

function readEntry(reader: BinaryReader): [string, Property] {
    let key = "";
    let value: Property = null;
    while (reader.nextField())
        if (reader.getFieldNumber() === KEY) key = reader.readString();
        else if (reader.getFieldNumber() === ENTRY_VALUE) value = inner(reader, readValue);
        else reader.skipField();
    return [key, value];
}

function readValue(reader: BinaryReader): Property {
    let value: Property = null;
    while (reader.nextField())
        switch (reader.getFieldNumber()) {
            case NUMBER:
                value = reader.readDouble();
                break;
            case TEXT: {
                const text = reader.readString();
                value = UNKNOWNS.has(text) ? UNKNOWN : text;
                break;
            }
            case FLAG:
                value = reader.readBool();
                break;
            case STRUCT:
                value = special(inner(reader, readStruct));
                break;
            case LIST:
                value = inner(reader, readList);
                break;
            default:
                reader.skipField();
        }
    return value;
}

function readList(reader: BinaryReader): Property[] {
    const values: Property[] = [];
    while (reader.nextField())
        if (reader.getFieldNumber() === VALUES) values.push(inner(reader, readValue));
        else reader.skipField();
    return values;
}

/** What stands in a message within the message. */
function inner<Value>(reader: BinaryReader, read: (reader: BinaryReader) => Value): Value {
    let value: Value | undefined;
    reader.readMessage({}, () => void (value = read(reader)));
    return value as Value;
}

/** Secrets and outputs as what they hold; assets and references stay objects, which no property of ours takes. */
function special(bag: Bag): Property {
    if (bag[SIG] === SECRET) return secret(bag.value ?? null);
    if (bag[SIG] !== OUTPUT) return bag;
    const held = bag.value ?? UNKNOWN;
    return bag.secret === true ? secret(held) : held;
}

function writeStruct(writer: Backwards, bag: { [key: string]: Property | undefined }): void {
    for (const [key, value] of Object.entries(bag).reverse()) {
        if (value === undefined) continue;
        writer.message(FIELDS, () => {
            writer.message(ENTRY_VALUE, () => writeValue(writer, value));
            writer.text(KEY, key);
        });
    }
}

function writeValue(writer: Backwards, value: Property): void {
    if (value === null) writer.number(NULL, 0);
    else if (value === UNKNOWN) writer.text(TEXT, UNKNOWN_TEXT);
    else if (typeof value === "boolean") writer.number(FLAG, value ? 1 : 0);
    else if (typeof value === "number") writer.double(NUMBER, value);
    else if (typeof value === "string") writer.text(TEXT, value);
    else if (value instanceof Secret)
        writer.message(STRUCT, () => writeStruct(writer, { [SIG]: SECRET, value: value.value }));
    else if (Array.isArray(value))
        writer.message(LIST, () => {
            for (const one of value.toReversed()) writer.message(VALUES, () => writeValue(writer, one));
        });
    else writer.message(STRUCT, () => writeStruct(writer, value));
}

/** Of a field's head (protobuf.dev, Encoding): a number, eight bytes, or as many as the head says. */
const [VARINT, EIGHT_BYTES, COUNTED] = [0, 1, 2];

/** Writes a message from its end to its start, for a field's length stands before it and is known after it. */
class Backwards {
    private buffer = Buffer.allocUnsafe(1024);
    private at = this.buffer.length;

    private get length(): number {
        return this.buffer.length - this.at;
    }

    written(): Uint8Array {
        return this.buffer.subarray(this.at);
    }

    message(field: number, write: () => void): void {
        const before = this.length;
        write();
        this.head(field, this.length - before);
    }

    text(field: number, text: string): void {
        const length = Buffer.byteLength(text);
        const at = this.room(length);
        this.buffer.write(text, at);
        this.head(field, length);
    }

    double(field: number, value: number): void {
        const at = this.room(8);
        this.buffer.writeDoubleLE(value, at);
        this.varint((field << 3) | EIGHT_BYTES);
    }

    number(field: number, value: number): void {
        this.varint(value);
        this.varint((field << 3) | VARINT);
    }

    private head(field: number, length: number): void {
        this.varint(length);
        this.varint((field << 3) | COUNTED);
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
