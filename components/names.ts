/** Names and addresses out of logical names: stable, short enough, and different for different things. */
import { createHash } from "node:crypto";
import { IfName, MAX_IFNAME } from "../schemas/units";

/** Digits of a digest in a name: 36^8 values, so 10,000 names that begin alike meet with a chance of 1 in 50,000. */
const DIGEST_LENGTH = 8;

/**
 * Name of a network interface: same parts, same name, on every run.
 *
 * The parts joined by `-` where that is a name (not too long, not reserved by libvirt) and can be told from other
 * parts joined (`web-1` + `data` against `web` + `1-data`); else its beginning and a digest of the whole.
 */
export function ifName(...parts: [string, ...string[]]): string {
    const readable = parts.join("-");
    const unmistakable = parts.slice(1).every((part) => !part.includes("-"));
    if (unmistakable && IfName.safeParse(readable).success) return readable;

    const digest = digestOf(parts);
    const beginning = readable.replace(/[^A-Za-z0-9_.-]/g, "-").slice(0, MAX_IFNAME - DIGEST_LENGTH - 1);
    const short = `${beginning}-${digest}`;
    return IfName.safeParse(short).success ? short : `t-${beginning.slice(0, -2)}-${digest}`;
}

/**
 * MAC address of a guest's NIC, locally administered and unicast (52:54, as QEMU's): the same on every run.
 *
 * @param scope project and stack: guests called alike in two stacks may meet on one wire
 */
export function nicMac(scope: Scope, guest: string, nic: string): string {
    const bytes = createHash("sha256")
        .update(JSON.stringify([scope.project, scope.stack, guest, nic]))
        .digest();
    return ["52", "54", ...[...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, "0"))].join(":");
}

/** What tells one stack's guests from another's. */
export interface Scope {
    project: string;
    stack: string;
}

function digestOf(parts: string[]): string {
    const number = createHash("sha256").update(JSON.stringify(parts)).digest().readBigUInt64BE();
    return number.toString(36).padStart(DIGEST_LENGTH, "0").slice(-DIGEST_LENGTH);
}
