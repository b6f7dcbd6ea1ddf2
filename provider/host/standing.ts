/** A program of iproute2 that stays and answers one line after another: starting one costs far more than what it does. */
import { closeSync, fstatSync, ftruncateSync, readSync } from "node:fs";
import { HostError, quoted } from "./errors";
import { parseIproute } from "./iproute-json";
import type { Place } from "./place";
import { counted, cutShort, unlinkedFile, type Started } from "./run";

/** Longest wait for an answer [ms]. */
const TIMEOUT_MS = 60_000;
/** An answer may have this many bytes; 10,000 links have a tenth of it. While one is awaited it is looked at this often [ms]. */
const [MOST_BYTES, LOOK_MS] = [64 * 1024 * 1024, 250];
/** What it complains of is kept to this length [characters]. */
const MOST_WORDS = 2_000;
/** No object of iproute2's: with `-force` it complains of this line, by its number, and goes on. */
const NO_OBJECT = "kvmnet";

/** For lines that only read: one that is sent twice, or cut off, does no harm. */
export class Standing<Answer> {
    private talk: Promise<Talk<Answer>> | undefined;

    /**
     * @param argv such as `ip -json -force -batch -`, which answers each line with one JSON text
     * @param read what a parsed answer says; not asked again for one that is printed as the one before it
     */
    constructor(
        private readonly place: Place,
        private readonly argv: string[],
        private readonly read: (json: unknown) => Answer,
    ) {}

    /**
     * The answer to a line, read. The program is started by the first, and anew where it has ended.
     *
     * @throws HostError refused with its words, unreachable where it cannot be started or does not answer within a minute,
     *         lost where it is ended
     */
    async ask(line: string): Promise<Answer> {
        const isFirst = this.talk === undefined;
        try {
            return await this.asked(line);
        } catch (error) {
            // It may have ended before it was asked, as with a lab that was restarted: its successor answers.
            if (isFirst || !(error instanceof HostError)) throw error;
            return this.asked(line);
        }
    }

    close(): void {
        void this.talk?.then(
            (talk) => talk.close(),
            () => undefined,
        );
        this.talk = undefined;
    }

    private async asked(line: string): Promise<Answer> {
        const talk = (this.talk ??= this.started());
        try {
            return await (await talk).ask(line);
        } catch (error) {
            if (this.talk === talk) this.close();
            throw error;
        }
    }

    private async started(): Promise<Talk<Answer>> {
        const subject = `\`${this.argv.join(" ")}\` on ${this.place.where}`;
        const printed = unlinkedFile("a+");
        try {
            return new Talk(await this.place.start(this.argv, printed), printed, subject, this.read);
        } catch (error) {
            closeSync(printed);
            throw error;
        }
    }
}

/**
 * One run of the program. It prints into a file: it writes each link by itself, and through a pipe we would be woken for
 * every one. That it has answered a line it tells by its complaint of the next, which is none of its own.
 */
class Talk<Answer> {
    private last: Promise<unknown> = Promise.resolve();
    private waiting: { resolve: () => void; reject: (error: HostError) => void } | undefined;
    private former: { line: string; text: Buffer; answer: Answer } | undefined;
    /** Lines that it was told, and what it complained of since the last answer. */
    private lines = 0;
    private words = "";
    private timers: NodeJS.Timeout[] = [];
    private ended: HostError | undefined;

    /** @param printed file that takes what it prints; ours to close */
    constructor(
        private readonly child: Started,
        private readonly printed: number,
        private readonly subject: string,
        private readonly read: (json: unknown) => Answer,
    ) {
        child.on("error", (error) => this.end(this.error("unreachable", `it fails (${quoted(error)})`)));
        child.on("close", (code, signal) => {
            if (signal === null) this.end(this.error("refused", `it ended with ${code}: ${quoted(this.words)}`));
            else this.end(cutShort(subject, signal));
        });
        child.stdin.on("error", () => undefined);
        child.stderr.on("data", (chunk: Buffer) => this.hear(chunk.toString()));
        // It keeps nobody from ending: it ends by itself when we are gone.
        child.unref();
        this.keepAlive(false);
    }

    /** One after another, so that the file holds one answer. */
    ask(line: string): Promise<Answer> {
        const answer = this.last.then(async () => {
            await this.answered(line);
            return this.answer(line);
        });
        this.last = answer.catch(() => undefined);
        return answer;
    }

    close(): void {
        this.end(this.error("unreachable", "it was closed here"));
    }

    private answered(line: string): Promise<void> {
        return new Promise((resolve, reject) => {
            if (this.ended) return reject(this.ended);
            this.waiting = { resolve, reject };
            this.keepAlive(true);
            this.lines += 2;
            this.child.stdin.write(`${line}\n${NO_OBJECT}\n`);
        });
    }

    private hear(words: string): void {
        this.words = `${this.words}${words}`.slice(-MOST_WORDS);
        if (!this.waiting || !this.words.includes(failed(this.lines))) return;
        const { resolve, reject } = this.waiting;
        const [refusal, ...more] = this.words.split(failed(this.lines - 1));
        this.waiting = undefined;
        this.words = "";
        this.keepAlive(false);
        if (more.length === 0) return resolve();
        reject(this.error("refused", `it failed: ${quoted(refusal)}`));
    }

    /** Most that is asked has not changed since it was asked before, and reading many links takes longer than comparing them. */
    private answer(line: string): Answer {
        const { former } = this;
        const text = this.taken();
        if (former?.line === line && former.text.equals(text)) return former.answer;
        const answer = this.read(this.parsed(text));
        this.former = { line, text, answer };
        return answer;
    }

    private parsed(text: Buffer): unknown {
        try {
            return parseIproute(text.toString("utf8"));
        } catch (error) {
            throw this.error("refused", `it printed what is no JSON (${quoted(error)})`);
        }
    }

    /** What the file holds, which is empty again after it. */
    private taken(): Buffer {
        if (this.ended) throw this.ended;
        const text = Buffer.allocUnsafe(fstatSync(this.printed).size);
        const length = readSync(this.printed, text, 0, text.length, 0);
        ftruncateSync(this.printed);
        return text.subarray(0, length);
    }

    /** While an answer is awaited it keeps the process alive, and has its time and its size. */
    private keepAlive(waits: boolean): void {
        for (const timer of this.timers.splice(0)) clearTimeout(timer);
        counted([this.child.stdin, this.child.stderr], waits);
        if (!waits) return;
        this.timers.push(
            setTimeout(() => this.end(this.error("unreachable", "it does not answer within 60 s")), TIMEOUT_MS),
            setInterval(() => {
                if (fstatSync(this.printed).size > MOST_BYTES)
                    this.end(this.error("refused", `it printed more than ${MOST_BYTES} bytes`));
            }, LOOK_MS),
        );
    }

    private end(error: HostError): void {
        if (this.ended) return;
        this.ended = error;
        this.keepAlive(false);
        // Without input it ends by itself; one that hangs is a starter whose program may hang.
        for (const stream of [this.child.stdin, this.child.stderr]) stream.destroy();
        this.child.kill("SIGKILL");
        closeSync(this.printed);
        this.waiting?.reject(this.ended);
    }

    private error(kind: "refused" | "unreachable", fact: string): HostError {
        return new HostError(kind, this.subject, fact, "Install iproute2 there, and run as root.");
    }
}

/** How a batch complains of a line (iproute2 lib/utils.c, do_batch). */
const failed = (line: number) => `Command failed -:${line}\n`;
