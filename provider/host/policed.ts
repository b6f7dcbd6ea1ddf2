/** Links that the kernel polices: whose filters hold what comes in to a rate (tc-police(8)), read in bulk by iproute2 6.1. */
import { z } from "zod";
import { HostError, quoted } from "./errors";
import { parseList } from "./links";
import type { Place } from "./place";

/** What such filters hang on: a queueing discipline of one of these kinds. */
const KINDS = ["ingress", "clsact"];
const Qdisc = z.looseObject({ kind: z.string(), dev: z.string().optional() });

/** @throws HostError refused where it cannot be told */
export async function readPoliced(place: Place): Promise<ReadonlySet<string>> {
    const list = await printed(place, ["tc", "-json", "qdisc", "show", "ingress"]);
    const links = parseList(list, Qdisc, "queueing disciplines", "`tc -json qdisc`").flatMap(({ kind, dev }) =>
        dev !== undefined && KINDS.includes(kind) ? [dev] : [],
    );
    if (links.length === 0) return new Set();
    const lines = links.map((link) => `filter show dev ${link} ingress\n`).join("");
    // Each answer is a line. A link that went meanwhile ends it all, and then nothing is told.
    const answers = (await printed(place, ["tc", "-json", "-batch", "-"], lines)).trim().split("\n");
    return new Set(links.filter((_, index) => answers[index]?.includes('"kind":"police"')));
}

async function printed(place: Place, argv: string[], input?: string): Promise<string> {
    const { code, stdout, stderr } = await place.run(argv, input);
    if (code === 0) return stdout;
    throw new HostError(
        "refused",
        `\`${argv.join(" ")}\` on ${place.where}`,
        `it failed: ${quoted(stderr)}`,
        "Install iproute2 there, and run as root.",
    );
}
