/** Who may open a tap, as numbers: `ip` prints the names that this host has for them. */
import { z } from "zod";
import type { Host } from "../host";
import type { Link } from "../host/links";

/** A number, or the name that the host has for it. */
const Printed = z.union([z.number(), z.string()]).optional().catch(undefined);

/** User and group of a tap; absent where nobody but root may open it. */
export async function ownersOf(host: Host, { data }: Link): Promise<{ uid?: number; gid?: number }> {
    const [uid, gid] = await Promise.all([
        numberOf(host, "passwd", Printed.parse(data.user)),
        numberOf(host, "group", Printed.parse(data.group)),
    ]);
    return { ...(uid === undefined ? {} : { uid }), ...(gid === undefined ? {} : { gid }) };
}

/** Taps of one owner share one look-up. */
async function numberOf(
    host: Host,
    database: "passwd" | "group",
    printed: string | number | undefined,
): Promise<number | undefined> {
    if (typeof printed !== "string") return printed;
    return host.read(["getent", "--", database, printed], (text) => {
        // name:password:number:...
        const number = Number(text.split(":")[2]);
        return Number.isInteger(number) ? number : undefined;
    });
}
