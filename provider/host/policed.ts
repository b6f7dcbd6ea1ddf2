/** Links that the kernel polices: whose filters hold what comes in to a rate (tc-police(8)), read in bulk by iproute2 6.1. */
import { z } from "zod";
import { parseList } from "./links";

/** What such filters hang on: a queueing discipline of one of these kinds. */
const KINDS = ["ingress", "clsact"];
const Qdisc = z.looseObject({ kind: z.string(), dev: z.string().optional() });

/** @param printed runs a program and gives what it printed */
export async function readPoliced(
    printed: (argv: string[], input?: string) => Promise<string>,
): Promise<ReadonlySet<string>> {
    const list = await printed(["tc", "-json", "qdisc", "show", "ingress"]);
    const links = parseList(list, Qdisc, "queueing disciplines", "`tc -json qdisc`").flatMap(({ kind, dev }) =>
        dev !== undefined && KINDS.includes(kind) ? [dev] : [],
    );
    if (links.length === 0) return new Set();
    const lines = links.map((link) => `filter show dev ${link} ingress\n`).join("");
    // Each answer is a line. A link that went meanwhile ends it all, and then nothing is told.
    const answers = (await printed(["tc", "-json", "-batch", "-"], lines)).trim().split("\n");
    return new Set(links.filter((_, index) => answers[index]?.includes('"kind":"police"')));
}
