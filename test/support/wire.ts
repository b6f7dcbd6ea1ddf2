/** Guests that say frames and tell what they heard, and the frames that they say. */
import assert from "node:assert/strict";
import { resolve } from "node:path";
import { eventually } from "./eventually";

const SCRIPT = resolve(__dirname, "wire.py");

/** A frame that was heard: when [s], how long, and its bytes as far as they were kept. */
interface Heard {
    at: number;
    length: number;
    bytes: Buffer;
    /** The running number of its sender. */
    number: number;
}

export interface Talk {
    /** Frames sent, by stream. */
    sent: number[];
    heard: Heard[];
    /** Bytes heard in each whole second, in order. */
    bytes: number[];
}

/** What a guest says: a frame every so many milliseconds, or as fast as so many Mbit/s. */
export type Stream = [kind: "every" | "flood", amount: number, frame: Buffer];

/** Runs a program on the guests' host. */
type Run = (...argv: string[]) => Promise<string>;

let meetings = 0;

/**
 * Guests behind taps, each with what it says. The work begins when all of them are there, and none goes before its end:
 * whoever is late at the start misses nothing of it.
 */
export async function meeting<Name extends string>(
    run: Run,
    guests: Readonly<Record<Name, Stream[]>>,
    work: () => Promise<unknown>,
): Promise<Record<Name, Talk>> {
    const taps = Object.keys(guests) as Name[];
    const end = `/var/lib/wire-end-${process.pid}-${meetings++}`;
    const talks = Promise.all(taps.map(async (tap) => [tap, await guest(run, tap, end, guests[tap])] as const));
    // A tap has a carrier while somebody has it open.
    const isThere = async (tap: Name) => assert.equal(await run("cat", `/sys/class/net/${tap}/carrier`), "1", tap);
    try {
        await Promise.race([eventually(() => Promise.all(taps.map(isThere))), talks]);
        await work();
    } finally {
        await run("touch", end);
    }
    return Object.fromEntries(await talks) as Record<Name, Talk>;
}

/** A guest behind a tap, until the file is there. */
async function guest(run: Run, tap: string, end: string, streams: Stream[]): Promise<Talk> {
    const words = streams.flatMap(([kind, amount, frame]) => [kind, String(amount), frame.toString("hex")]);
    const text = await run("/usr/bin/python3", SCRIPT, tap, end, ...words);
    const told = JSON.parse(text) as {
        sent: number[];
        heard: [number, number, string, string][];
        bytes: Record<string, number>;
    };
    return {
        sent: told.sent,
        heard: told.heard.map(([at, length, bytes, last]) => ({
            at,
            length,
            bytes: Buffer.from(bytes, "hex"),
            number: parseInt(last, 16),
        })),
        bytes: Object.entries(told.bytes)
            .sort(([a], [b]) => Number(a) - Number(b))
            .map(([, bytes]) => bytes),
    };
}

const hex = (text: string) => Buffer.from(text.replace(/[: ]/g, ""), "hex");
const mac = (text: string) => hex(text);
const u16 = (value: number) => Buffer.from([value >> 8, value & 255]);
const v4 = (text: string) => Buffer.from(text.split(".").map(Number));

const BROADCAST = "ff:ff:ff:ff:ff:ff";

/** Addresses of a frame: to whom, and as whom. */
interface Between {
    to?: string;
    from: string;
    /** 802.1Q tag. */
    vlan?: number;
    /** Length of the whole frame without its tag [byte]. */
    length?: number;
}

/** An Ethernet frame with room for a number at its end. */
function ethernet(type: number, { to = BROADCAST, from, vlan, length = 64 }: Between, payload: Buffer): Buffer {
    const tag = vlan === undefined ? Buffer.alloc(0) : Buffer.concat([u16(0x8100), u16(vlan)]);
    const frame = Buffer.concat([mac(to), mac(from), tag, u16(type), payload]);
    return Buffer.concat([frame, Buffer.alloc(Math.max(length + tag.length - frame.length, 4))]);
}

/** A frame of an ethertype for experiments (IEEE 802.1, 0x88b5). */
export const plain = (between: Between): Buffer => ethernet(0x88b5, between, Buffer.alloc(0));

/** A frame behind priority tags (802.1Q, VID 0) of these ethertypes, the outermost first. */
export const behindTags = (frame: Buffer, ...types: (0x8100 | 0x88a8)[]): Buffer =>
    Buffer.concat([frame.subarray(0, 12), ...types.flatMap((type) => [u16(type), u16(0)]), frame.subarray(12)]);

/**
 * A frame of spanning tree by which its sender is to become the root, whatever other priorities are: of 802.1D-1998, or of
 * 802.1D-2004, whose designated port forwards.
 */
export function rootClaim(kind: "stp" | "rstp", from: string): Buffer {
    const id = Buffer.concat([u16(0), mac(from)]);
    const head = hex(kind === "stp" ? "42 42 03 0000 00 00 00" : "42 42 03 0000 02 02 3c");
    const times = hex("0000 1400 0200 0f00");
    const body = Buffer.concat([head, id, hex("00000000"), id, hex("8001"), times, hex(kind === "stp" ? "" : "00")]);
    return ethernet(body.length, { to: "01:80:c2:00:00:00", from }, body);
}

const arp = (between: Between, sender: { mac: string; ip: string }, target: string): Buffer =>
    ethernet(
        0x0806,
        between,
        Buffer.concat([hex("0001 0800 06 04 0002"), mac(sender.mac), v4(sender.ip), Buffer.alloc(6), v4(target)]),
    );

/** UDP to port 9, without a checksum. */
export function udp(between: Between, source: string, target: string): Buffer {
    const size = (between.length ?? 64) - 14;
    const head = Buffer.concat([hex("4500"), u16(size), hex("0000 4000 40 11 0000"), v4(source), v4(target)]);
    let sum = 0;
    for (let at = 0; at < 20; at += 2) sum += head.readUInt16BE(at);
    head.writeUInt16BE(~((sum & 0xffff) + (sum >> 16)) & 0xffff, 10);
    return ethernet(0x0800, between, Buffer.concat([head, u16(4000), u16(9), u16(size - 20), u16(0)]));
}

/** A message of neighbour discovery (RFC 4861, 4), whose ICMP checksum nobody on the way checks. */
function discovery(between: Between, source: string, ...parts: Buffer[]): Buffer {
    const body = Buffer.concat(parts);
    const head = Buffer.concat([
        hex("60000000"),
        u16(body.length),
        hex("3a ff"),
        v6(source),
        v6("ff020000000000000000000000000001"),
    ]);
    const { length = 14 + 40 + body.length + 4 } = between;
    return ethernet(0x86dd, { ...between, length }, Buffer.concat([head, body]));
}

/** The options that tell a link-layer address. */
const sourceAt = (at: string) => Buffer.concat([hex("01 01"), mac(at)]);
const targetAt = (at: string) => Buffer.concat([hex("02 01"), mac(at)]);

const [SOLICITATION, ADVERTISEMENT] = [hex("87 00 0000 00000000"), hex("88 00 0000 20000000")];
const ROUTER_ADVERTISEMENT = hex("86 00 0000 40 00 0708 00000000 00000000");
const REDIRECT = hex("89 00 0000 00000000");

/** An IPv6 address as 32 hexadecimal digits. */
const v6 = (digits: string) => hex(digits);

/** The tag that a frame has on the wire. */
export const vlanOf = ({ bytes }: Pick<Heard, "bytes">): number | undefined =>
    bytes.readUInt16BE(12) === 0x8100 ? bytes.readUInt16BE(14) & 0xfff : undefined;
export const fromOf = ({ bytes }: Pick<Heard, "bytes">): string =>
    (bytes.subarray(6, 12).toString("hex").match(/../g) ?? []).join(":");

/**
 * Frames of a guest that has 10.0.0.1 and fd00::1, each of another length: those that say so, and those that say somebody
 * else sent them.
 */
export function asOneself(own: string): [honest: Buffer[], spoofed: Buffer[]] {
    const [from, other] = [own, "52:54:00:00:00:99"];
    const target = { v6: "fd000000000000000000000000000001", other: "fd000000000000000000000000000099" };
    return [
        [
            udp({ from, length: 100 }, "10.0.0.1", "10.0.0.2"),
            arp({ from, length: 110 }, { mac: own, ip: "10.0.0.1" }, "10.0.0.2"),
            discovery({ from }, target.v6, ADVERTISEMENT, v6(target.v6), targetAt(own)),
            discovery({ from, length: 120 }, target.v6, SOLICITATION, v6(target.other), sourceAt(own)),
        ],
        [
            udp({ from: other, length: 200 }, "10.0.0.1", "10.0.0.2"),
            udp({ from, length: 210 }, "10.0.0.99", "10.0.0.2"),
            arp({ from, length: 220 }, { mac: own, ip: "10.0.0.99" }, "10.0.0.2"),
            arp({ from, length: 230 }, { mac: other, ip: "10.0.0.1" }, "10.0.0.2"),
            discovery({ from, length: 240 }, target.v6, ADVERTISEMENT, v6(target.other), targetAt(own)),
            discovery({ from, length: 250 }, target.v6, ADVERTISEMENT, v6(target.v6), targetAt(other)),
            discovery({ from, length: 260 }, target.v6, SOLICITATION, v6(target.other), sourceAt(other)),
            // Of two options of one kind a switch reads neither, and a neighbour the first.
            discovery({ from, length: 270 }, target.v6, SOLICITATION, v6(target.other), sourceAt(other), sourceAt(own)),
            discovery({ from, length: 280 }, target.v6, ADVERTISEMENT, v6(target.v6), targetAt(other), targetAt(own)),
            discovery({ from, length: 290 }, target.v6, ROUTER_ADVERTISEMENT, sourceAt(other)),
            discovery({ from, length: 300 }, target.v6, REDIRECT, v6(target.other), v6(target.v6), targetAt(other)),
        ],
    ];
}
