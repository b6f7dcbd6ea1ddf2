/** The kernel's links: read in bulk by `ip -json`, changed in batches by `ip -batch` (iproute2 6.1). */
import { z } from "zod";
import { HostError, quoted } from "./errors";
import type { Place } from "./place";
import { Window, type Verdict } from "./window";

/** One link as our resources see it. Its name is the host's: any bytes but `/`, `:` and white space. */
export interface Link {
    name: string;
    mac?: string;
    mtu: number;
    alias?: string;
    /** The bridge or bond that it is plugged into. */
    master?: string;
    /** `bridge`, `tun`, `veth`, ...; absent on hardware and loopback. */
    kind?: string;
    stp?: boolean;
    tap?: { multiQueue: boolean; vnetHdr: boolean };
}

/** Words of one line for `ip -batch`, checked one by one. */
export type Line = readonly string[];

interface Change {
    subject: string;
    lines: Line[];
}

export class Kernel {
    private readonly reads = new Window<undefined, Map<string, Link>>(async (asked) => {
        const links = await this.readAll();
        return asked.map(() => ({ result: links }));
    });
    private readonly changes = new Window<Change, void>((asked) => this.changeAll(asked));

    constructor(private readonly place: Place) {}

    /** All links by name; one bulk read serves whoever asks at the same moment. */
    links(): Promise<Map<string, Link>> {
        return this.reads.add(undefined);
    }

    /**
     * Runs the lines in order and stops at the first that fails. Changes of the same moment share one process; the
     * change whose line failed gets the error, the others go on.
     *
     * @throws HostError refused with the kernel's words
     */
    change(subject: string, ...lines: Line[]): Promise<void> {
        lines.flat().forEach(checkWord);
        return this.changes.add({ subject, lines });
    }

    private async readAll(): Promise<Map<string, Link>> {
        const { code, stdout, stderr } = await this.place.run(["ip", "-json", "-details", "link", "show"]);
        if (code !== 0) throw refused(`links of ${this.place.where}`, stderr);
        return parseLinks(stdout);
    }

    private async changeAll(asked: Change[]): Promise<Verdict<void>[]> {
        const verdicts = asked.map((): Verdict<void> => ({ result: undefined }));
        let lines = asked.flatMap(({ lines }, owner) => lines.map((words) => ({ owner, text: words.join(" ") })));
        while (lines.length > 0) {
            const { code, stderr } = await this.place.run(
                ["ip", "-batch", "-"],
                lines.map(({ text }) => `${text}\n`).join(""),
            );
            if (code === 0) break;
            const failed = lines[failedLine(stderr) - 1];
            if (!failed) {
                // `ip` gave up without a line number, so what was done is unknown: everybody looks again.
                for (const { owner } of lines)
                    verdicts[owner] = { error: refused((asked[owner] as Change).subject, stderr) };
                break;
            }
            verdicts[failed.owner] = { error: refused((asked[failed.owner] as Change).subject, stderr) };
            lines = lines.slice(lines.indexOf(failed) + 1).filter(({ owner }) => owner !== failed.owner);
        }
        return verdicts;
    }
}

/** Number of the line at which `ip -batch` stopped, counted from 1; 0 where it does not say. */
function failedLine(stderr: string): number {
    return Number(/^Command failed -:(\d+)$/m.exec(stderr)?.[1] ?? 0);
}

/** A word that could not be one of ours is a fault of ours: quotes, `#` and spaces have a meaning to `ip -batch`. */
export function checkWord(word: string): void {
    if (!/^[A-Za-z0-9_.:/@+-]{1,255}$/.test(word))
        throw new HostError(
            "bug",
            "a change of links",
            `${JSON.stringify(word)} is no word for ip -batch`,
            "Please report this.",
        );
}

const IpLink = z.object({
    ifname: z.string(),
    mtu: z.number().default(0),
    address: z.string().optional(),
    ifalias: z.string().optional(),
    master: z.string().optional(),
    linkinfo: z
        .object({ info_kind: z.string().optional(), info_data: z.record(z.string(), z.unknown()).optional() })
        .optional(),
});

/** @throws HostError bug on what is not the output of `ip -json link` */
export function parseLinks(text: string): Map<string, Link> {
    let entries: z.output<typeof IpLink>[];
    try {
        // An empty answer has no brackets, and links that vanish while `ip` lists them leave `{}`.
        const list = z.array(z.unknown()).parse(JSON.parse(text.trim() || "[]"));
        entries = list.filter((entry) => JSON.stringify(entry) !== "{}").map((entry) => IpLink.parse(entry));
    } catch (error) {
        throw new HostError(
            "bug",
            "the list of links",
            "`ip -json` printed what cannot be read",
            "Please report this with the version of iproute2.",
            error,
        );
    }
    return new Map(entries.map((entry) => [entry.ifname, toLink(entry)]));
}

function toLink({ ifname, mtu, address, ifalias, master, linkinfo }: z.output<typeof IpLink>): Link {
    const data = linkinfo?.info_data ?? {};
    const kind = linkinfo?.info_kind;
    return {
        name: ifname,
        mtu,
        mac: address?.toLowerCase(),
        alias: ifalias,
        master,
        kind,
        ...(kind === "bridge" ? { stp: data.stp_state === 1 } : {}),
        ...(kind === "tun" && data.type === "tap"
            ? { tap: { multiQueue: data.multi_queue === true, vnetHdr: data.vnet_hdr === true } }
            : {}),
    };
}

const refused = (subject: string, stderr: string) =>
    new HostError(
        "refused",
        subject,
        `the kernel said: ${quoted(stderr.replace(/^Command failed -:\d+$/m, ""))}`,
        /not permitted/i.test(stderr) ? "Run as root." : "Correct what it names, then run the same command again.",
    );
