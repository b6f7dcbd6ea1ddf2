/** `kvmnet audit`: judges a host as it runs, by the rules of the pack. It changes nothing there. */
import { openHost } from "../../provider/host";
import { HostRef } from "../../schemas/host-ref";
import { parsed } from "../../schemas/problems";
import { audit, PARTS } from "../audit";
import { type JudgeOptions, judging, orUnusable, tell, unusable } from "../told";

export interface AuditOptions extends JudgeOptions {
    without: string[];
    guestAgent?: boolean;
}

/** @returns 0 when nothing that counts was found, 1 when something was, 2 when it could not be told */
export const run = (called: string, options: AuditOptions): Promise<number> =>
    orUnusable(() => audited(called, options));

async function audited(called: string, { without, guestAgent = false, ...options }: AuditOptions): Promise<number> {
    const asked = judging(options);
    const parts = PARTS.filter((part) => without.includes(part));
    const unknown = without.filter((part) => !(PARTS as readonly string[]).includes(part));
    const wrong = unknown.map(
        (part) => `--without: there is no part ${JSON.stringify(part)}; there are ${PARTS.join(", ")}.`,
    );
    if (Array.isArray(asked)) return unusable([...asked, ...wrong]);
    if (wrong.length > 0) return unusable(wrong);

    const host = await openHost(parsed(HostRef, called, "host"));
    try {
        const { profile } = asked;
        const { notes, partial, ...judged } = await audit(host, { called, profile, without: parts, guestAgent });
        for (const note of notes) process.stderr.write(`${note}\n`);
        return await tell(judged, { ...asked, partial });
    } finally {
        host.close();
    }
}
