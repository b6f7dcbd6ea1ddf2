/** The archive that Linux unpacks as a guest's first file system ("newc", see the kernel's buffer-format.rst). */

export type Entry =
    | { path: string; kind: "folder" }
    | { path: string; kind: "file"; data: Buffer; mode?: number }
    | { path: string; kind: "link"; target: string };

const KIND_BITS = { folder: 0o040000, file: 0o100000, link: 0o120000 };

/** One archive with these entries, in their order: a folder goes before what is in it. Owned by root, dated 1970. */
export function cpio(entries: readonly Entry[]): Buffer {
    return Buffer.concat([...entries.flatMap((entry, index) => member(entry, index + 1)), ...member(TRAILER, 0)]);
}

const TRAILER: Entry = { path: "TRAILER!!!", kind: "file", data: Buffer.alloc(0), mode: 0 };

function member(entry: Entry, inode: number): Buffer[] {
    const data = entry.kind === "file" ? entry.data : Buffer.from(entry.kind === "link" ? entry.target : "");
    const permissions = entry.kind === "file" ? (entry.mode ?? 0o644) : 0o755;
    const name = Buffer.from(`${entry.path}\0`);
    const fields = [inode, KIND_BITS[entry.kind] | permissions, 0, 0, 1, 0, data.length, 0, 0, 0, 0, name.length, 0];
    const header = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`);
    return [padded(Buffer.concat([header, name])), padded(data)];
}

/** Header with name, and data, each end on a multiple of four bytes. */
function padded(bytes: Buffer): Buffer {
    return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}
