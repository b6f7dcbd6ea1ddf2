/** The kernel inside a compressed image: unpacked once here, it need not be unpacked at each boot under emulation. */

const ELF = Buffer.from("7f454c46", "hex");
/** LZ4's legacy frame, which Debian's cloud kernels are packed in: blocks of at most 8 MiB, each after its length. */
const LZ4_LEGACY = Buffer.from("02214c18", "hex");
const LZ4_BLOCK = 8 << 20;
const XZ = Buffer.from("fd377a585a00", "hex");

/**
 * The ELF kernel inside a bzImage, which QEMU starts as it is; the image itself where it is packed in another way.
 *
 * @param unxz unpacks a kernel that is packed by xz, as Debian's full one is: Node cannot
 */
export function unpackedKernel(image: Buffer, unxz?: (packed: Buffer) => Buffer): Buffer {
    const packed = payload(image);
    const startsWith = (magic: Buffer) => packed.subarray(0, magic.length).equals(magic);
    const kernel = startsWith(LZ4_LEGACY)
        ? unlz4(packed.subarray(LZ4_LEGACY.length))
        : startsWith(XZ) && unxz
          ? unxz(packed)
          : undefined;
    return kernel?.subarray(0, ELF.length).equals(ELF) ? kernel : image;
}

/** Where the boot header says that the packed kernel lies (Linux's boot.rst: setup_sects, payload_offset, payload_length). */
function payload(image: Buffer): Buffer {
    const start = ((image.readUInt8(0x1f1) || 4) + 1) * 512 + image.readUInt32LE(0x248);
    // The last four bytes are the unpacked size, not part of the stream.
    return image.subarray(start, start + image.readUInt32LE(0x24c) - 4);
}

function unlz4(frame: Buffer): Buffer {
    const blocks: Buffer[] = [];
    for (let at = 0; at + 4 <= frame.length;) {
        const length = frame.readUInt32LE(at);
        blocks.push(unlz4Block(frame.subarray(at + 4, at + 4 + length)));
        at += 4 + length;
    }
    return Buffer.concat(blocks);
}

/** One LZ4 block (lz4_Block_format.md): runs of literal bytes, each followed by a copy of earlier output. */
export function unlz4Block(input: Buffer): Buffer {
    const output = Buffer.allocUnsafe(LZ4_BLOCK);
    let from = 0;
    let to = 0;
    const extended = (length: number) => {
        if (length < 15) return length;
        let more: number;
        do {
            more = input[from++] ?? 0;
            length += more;
        } while (more === 255);
        return length;
    };
    while (from < input.length) {
        const token = input[from++] ?? 0;
        const literals = extended(token >> 4);
        input.copy(output, to, from, from + literals);
        from += literals;
        to += literals;
        // A block's last sequence is literals only.
        if (from >= input.length) break;
        const distance = input.readUInt16LE(from);
        from += 2;
        const end = to + extended(token & 15) + 4;
        // Source and target may overlap, so bytes are copied one by one.
        for (; to < end; to++) output[to] = output[to - distance] ?? 0;
    }
    return output.subarray(0, to);
}
