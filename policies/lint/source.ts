/** A file as the readers get it: decoded text, and places in it. */
import { isUtf8 } from "node:buffer";
import type { PlacedResource } from "./finding";

/** A file that is none of what the linter reads, or cannot be read; its message is a sentence. */
export class Unreadable extends Error {}

export interface Source {
    file: string;
    /** Without a byte order mark. */
    text: string;
}

/** What a reader makes of a file. @throws Unreadable */
export type ReadSource = (source: Source) => PlacedResource[];

/** Lines and columns of offsets, both from 1. */
export function placesIn(text: string): (offset: number) => { line: number; column: number } {
    const starts = [0];
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
    return (offset) => {
        let low = 0;
        let high = starts.length - 1;
        while (low < high) {
            const middle = (low + high + 1) >> 1;
            if ((starts[middle] ?? 0) <= offset) low = middle;
            else high = middle - 1;
        }
        return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
    };
}

/** Encodings that are known by their first bytes, or, in XML, by what the text says of itself. */
const MARKS = [
    { bytes: [0xef, 0xbb, 0xbf], encoding: "utf-8" },
    { bytes: [0xff, 0xfe], encoding: "utf-16le" },
    { bytes: [0xfe, 0xff], encoding: "utf-16be" },
] as const;

/** @throws Unreadable where it is no text */
export function textOf(file: string, bytes: Buffer): string {
    const encoding = encodingOf(bytes);
    const text = decoded(bytes, encoding);
    if (text === undefined)
        throw new Unreadable(`${file} is no ${encoding.toUpperCase()} text. Convert it, such as by iconv -t UTF-8.`);
    if (text.includes("\0")) throw new Unreadable(`${file} is no text: it holds NUL characters.`);
    return text;
}

/** As much as can be decoded of a file that may be none of ours, or the beginning of one. */
export function roughTextOf(bytes: Buffer): string {
    const encoding = encodingOf(bytes);
    const text = encoding === "utf-8" ? bytes.toString("utf8") : new TextDecoder(encoding).decode(bytes);
    return text.replace(/^\uFEFF/, "");
}

function encodingOf(bytes: Buffer): string {
    const mark = MARKS.find(({ bytes: first }) => first.every((byte, index) => bytes[index] === byte));
    return mark?.encoding ?? declaredIn(bytes) ?? "utf-8";
}

/** Without a byte order mark; undefined where it is no such text. */
function decoded(bytes: Buffer, encoding: string): string | undefined {
    // A decoder takes several times as long to make as such a file to be decoded.
    if (encoding === "utf-8") return isUtf8(bytes) ? bytes.toString("utf8").replace(/^\uFEFF/, "") : undefined;
    try {
        return new TextDecoder(encoding, { fatal: true }).decode(bytes);
    } catch {
        return undefined;
    }
}

/** `<?xml version="1.0" encoding="ISO-8859-1"?>`, as far as ASCII tells it. */
function declaredIn(bytes: Buffer): string | undefined {
    const head = bytes.subarray(0, 100).toString("latin1");
    const [, encoding] = /^\s*<\?xml\s[^>]*encoding=["']([\w.-]{1,30})["']/i.exec(head) ?? [];
    return encoding && /^(iso-8859-1|iso-8859-15|latin1|windows-1252|us-ascii|ascii)$/i.test(encoding)
        ? encoding.toLowerCase()
        : undefined;
}
