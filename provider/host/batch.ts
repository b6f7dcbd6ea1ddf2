/** Changes by `ip -batch`, `bridge -batch` and `tc -batch`: what arrives at the same moment shares one process. */
import type { Line } from "../plan";
import { HostError, quoted } from "./errors";
import type { Place } from "./place";
import { Window, type Verdict } from "./window";

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
    ) {
        super(
            "refused",
            subject,
            `the kernel said: ${quoted(stderr.replace(/^Command failed -:\d+$/m, ""))}`,
            /not permitted/i.test(stderr) ? "Run as root." : "Correct what it names, then run the same command again.",
        );
    }
}

export class Batch {
    private readonly changes = new Window<Change, void>((asked) => this.changeAll(asked));

    /** @param program `ip`, `bridge` or `tc` @param written called when something may have changed */
    constructor(
        private readonly place: Place,
        private readonly program: "ip" | "bridge" | "tc",
        private readonly written: () => void,
    ) {}

    /**
     * Runs the lines in order and stops at the first that is refused; changes of others go on.
     *
     * @throws LineRefused with the kernel's words
     */
    change(subject: string, lines: Line[]): Promise<void> {
        lines.flat().forEach(checkWord);
        return this.changes.add({ subject, lines });
    }

    private async changeAll(asked: Change[]): Promise<Verdict<void>[]> {
        const verdicts = asked.map((): Verdict<void> => ({ result: undefined }));
        let lines = asked.flatMap(({ lines }, owner) =>
            lines.map((words, at) => ({ owner, at, text: words.join(" ") })),
        );
        try {
            while (lines.length > 0) {
                const { code, stderr } = await this.place.run(
                    [this.program, "-batch", "-"],
                    lines.map(({ text }) => `${text}\n`).join(""),
                );
                if (code === 0) break;
                const failed = lines[failedLine(stderr) - 1];
                if (!failed) {
                    // It gave up without a line number, so what was done is unknown: everybody looks again.
                    for (const { owner } of lines)
                        verdicts[owner] = {
                            error: new LineRefused((asked[owner] as Change).subject, undefined, stderr),
                        };
                    break;
                }
                verdicts[failed.owner] = {
                    error: new LineRefused((asked[failed.owner] as Change).subject, failed.at, stderr),
                };
                lines = lines.slice(lines.indexOf(failed) + 1).filter(({ owner }) => owner !== failed.owner);
            }
        } finally {
            this.written();
        }
        return verdicts;
    }
}

/** Number of the line at which the batch stopped, counted from 1; 0 where it does not say. */
function failedLine(stderr: string): number {
    return Number(/^Command failed -:(\d+)$/m.exec(stderr)?.[1] ?? 0);
}

/** A word that could not be one of ours is a fault of ours: quotes, `#` and spaces have a meaning to a batch. */
export function checkWord(word: string): void {
    if (!/^[A-Za-z0-9_.:/@+,=-]{1,255}$/.test(word))
        throw new HostError(
            "bug",
            "a change of links",
            `${JSON.stringify(word)} is no word for ip -batch`,
            "Please report this.",
        );
}
