/** Changes by `ip -batch` and its like: what arrives at the same moment shares one process. */
import { randomInt } from "node:crypto";
import type { Batcher, Line } from "../plan";
import { HostError, quoted } from "./errors";
import { lackOf } from "./kernel-features";
import type { Link } from "./links";
import type { Place } from "./place";
import { Overdue, type Ran } from "./run";
import { Window, type Turnout, type Verdict } from "./window";

interface Change {
    subject: string;
    lines: Line[];
}

/** A line was refused: those before it are done, those after it are not. */
export class LineRefused extends HostError {
    constructor(
        subject: string,
        /** Index of the refused line among the lines of its change; undefined where the program did not tell. */
        readonly at: number | undefined,
        stderr: string,
        /** The refused line. */
        line = "",
    ) {
        super(
            "refused",
            subject,
            `the kernel said: ${quoted(stderr.replace(/^Command failed -:\d+$/m, "")).replace(/\.$/, "")}`,
            lackOf(line, stderr) ??
                (/not permitted/i.test(stderr)
                    ? "Run as root."
                    : "Correct what it names, then run the same command again."),
        );
    }
}

/** The program was ended at work: which of the lines were carried out is not known. Of the same kind as what tells of it. */
export class BatchCut extends HostError {
    constructor(subject: string, { kind, fact, next, cause }: HostError) {
        super(kind, subject, `the program for it ${fact}`, next, cause);
    }
}

export class Batch {
    private readonly changes: Window<Change, void>;

    /**
     * @param program with the options that it has beside `-batch`
     * @param links   the links as they are
     * @param written called when something may have changed
     * @param turnout whom the batches may expect
     */
    constructor(
        private readonly place: Place,
        private readonly program: Batcher,
        private readonly links: () => Promise<ReadonlyMap<string, Link>>,
        private readonly written: () => void,
        turnout?: Turnout,
    ) {
        this.changes = new Window<Change, void>((asked) => this.changeAll(asked), turnout);
    }

    /**
     * Runs the lines in order and stops at the first that is refused; changes of others go on.
     *
     * @throws LineRefused with the kernel's words
     */
    change(subject: string, lines: Line[]): Promise<void> {
        lines.flat().forEach(checkWord);
        return this.changes.add({ subject, lines }, lines.length);
    }

    private async changeAll(asked: Change[]): Promise<Verdict<void>[]> {
        const verdicts = asked.map((): Verdict<void> => ({ result: undefined }));
        const all = asked.flatMap(({ lines }, owner) =>
            lines.map((words, at): Entry => ({
                owners: [owner],
                at,
                text: words.join(" "),
                removes: isRemoval(words),
            })),
        );
        const removers = asked.map((change) => this.program === "ip" && removesOnly(change));
        const isRemovers = ({ owners: [owner = 0] }: Entry) => removers[owner] === true;
        const removals = all.filter(isRemovers);
        const many = removals.length >= MANY_REMOVALS;
        try {
            await this.run(asked, many ? all.filter((entry) => !isRemovers(entry)) : all, verdicts);
            if (many) await this.run(asked, inOneGo(removals, await this.unusedGroup()), verdicts);
        } finally {
            this.written();
        }
        return verdicts;
    }

    /** Undefined where the program was ended, by somebody or because its time was over. */
    private async ran(asked: Change[], entries: Entry[], verdicts: Verdict<void>[]): Promise<Ran | undefined> {
        const input = entries.map(({ text }) => `${text}\n`).join("");
        try {
            return await this.place.run([...this.program.split(" "), "-batch", "-"], input);
        } catch (error) {
            if (!(error instanceof HostError) || (error.kind !== "lost" && !(error instanceof Overdue))) throw error;
            for (const owner of entries.flatMap(({ owners }) => owners))
                verdicts[owner] = { error: new BatchCut((asked[owner] as Change).subject, error) };
            return undefined;
        }
    }

    /**
     * Runs the lines; one that is refused takes the rest of its owners' lines with it, and the others go on. A link that is
     * gone needs no removal: it went with the one that it stood on, with its other end, or by a killed run's last program.
     */
    private async run(asked: Change[], entries: Entry[], verdicts: Verdict<void>[]): Promise<void> {
        const refuse = ({ owners, at, text }: Entry, stderr: string, told: boolean) => {
            for (const owner of owners)
                verdicts[owner] = {
                    error: new LineRefused((asked[owner] as Change).subject, told ? at : undefined, stderr, text),
                };
        };
        for (let left = entries; left.length > 0;) {
            const ran = await this.ran(asked, left, verdicts);
            if (!ran || ran.code === 0) return;
            const { stderr } = ran;
            const failed = left[failedLine(stderr) - 1];
            if (!failed) {
                // It gave up without a line number, so what was done is unknown: everybody looks again.
                for (const entry of left) refuse(entry, stderr, false);
                return;
            }
            const after = left.slice(left.indexOf(failed) + 1);
            if (failed.removes && isGone(stderr)) {
                left = after;
                continue;
            }
            refuse(failed, stderr, true);
            left = after
                .map((entry) => ({ ...entry, owners: entry.owners.filter((owner) => !failed.owners.includes(owner)) }))
                .filter(({ owners }) => owners.length > 0);
        }
    }

    /** Number of a group that no link is in. */
    private async unusedGroup(): Promise<number> {
        const used = new Set([...(await this.links()).values()].map(({ group }) => group));
        for (;;) {
            const group = randomInt(0x4000_0000, 0x7fff_ffff);
            if (!used.has(String(group))) return group;
        }
    }
}

/** One line, and whose it is. */
interface Entry {
    owners: number[];
    /** Its place in its owner's change. */
    at: number;
    text: string;
    /** Whether it takes links away, and nothing else. */
    removes: boolean;
}

/** From this many on links are removed together. */
const MANY_REMOVALS = 8;

const isRemoval = ([object, verb, keyword, , ...more]: Line): boolean =>
    `${object} ${verb} ${keyword}` === "link delete dev" && more.length === 0;

const removesOnly = ({ lines }: Change) => lines.every(isRemoval);

/** What iproute2 says of a name that it does not find, and the kernel of one that went meanwhile or of an empty group. */
const isGone = (stderr: string): boolean => /^(Cannot find device |RTNETLINK answers: No such device$)/m.test(stderr);

/**
 * The kernel waits some 20 ms for each link that is removed alone, and once for a whole group (rtnl_group_dellink in
 * net/core/rtnetlink.c): 1,000 taps took 20 s one by one, and 0.3 s so.
 */
const inOneGo = (removals: Entry[], group: number): Entry[] => [
    ...removals.map(({ text, ...entry }) => ({
        ...entry,
        text: `${text.replace("link delete", "link set")} group ${group}`,
    })),
    {
        owners: [...new Set(removals.flatMap(({ owners }) => owners))],
        at: 0,
        text: `link delete group ${group}`,
        removes: true,
    },
];

/** Number of the line at which the batch stopped, counted from 1; 0 where it does not say. */
function failedLine(stderr: string): number {
    return Number(/^Command failed -:(\d+)$/m.exec(stderr)?.[1] ?? 0);
}

/** Quotes, `#` and spaces have a meaning to a batch. */
export const isWord = (text: string): boolean => /^[A-Za-z0-9_.:/@+,=-]{1,255}$/.test(text);

/** A word that could not be one of ours is a fault of ours. */
export function checkWord(word: string): void {
    if (!isWord(word))
        throw new HostError(
            "bug",
            "a change of the network",
            `${JSON.stringify(word)} is no word for ip -batch`,
            "Please report this.",
        );
}
