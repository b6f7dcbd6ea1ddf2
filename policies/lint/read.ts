/** What a file holds, by its content or as somebody says. */
import type { PlacedResource } from "./finding";
import { kindOf, KINDS, type KindName } from "./kinds";
import { type Source, textOf, Unreadable } from "./source";

export interface ReadFile {
    kind: KindName;
    source: Source;
    resources: PlacedResource[];
}

/** @param kind given where the content need not tell it. @throws Unreadable */
export async function read(file: string, bytes: Buffer, kind?: KindName): Promise<ReadFile> {
    const source: Source = { file, text: textOf(file, bytes) };
    const is = kind ?? kindOf(source);
    const { mostBytes, reader } = KINDS[is];
    if (bytes.length > mostBytes)
        throw new Unreadable(
            `${file} has ${bytes.length} bytes, and of ${KINDS[is].title} at most ${mostBytes} are read.`,
        );
    const readSource = await reader();
    try {
        return { kind: is, source, resources: readSource(source) };
    } catch (error) {
        // What nests without end ends the stack of whoever walks through it.
        if (error instanceof RangeError) throw new Unreadable(`${file} cannot be read: ${error.message}.`);
        throw error;
    }
}
