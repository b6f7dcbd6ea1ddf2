/** A program of iproute2 that stays and answers one line after another: starting one costs far more than what it does. */
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { HostError, quoted } from "./errors";
import { JsonSplitter } from "./ovsdb/framing";
import type { Place } from "./place";

/** Longest wait for an answer [ms]. */
const TIMEOUT_MS = 60_000;
/** What it complains of is shown to this length [characters]. */
const MOST_WORDS = 2_000;

interface Asked<Answer> {
    line: string;
    resolve: (answer: Answer) => void;
    reject: (error: unknown) => void;
}

/** For lines that only read: one that is sent twice, or cut off, does no harm. */
export class Standing<Answer> {
    private talk: Promise<Talk<Answer>> | undefined;

    /**
     * @param argv a program that reads lines on stdin and answers each with one JSON text
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
     * @throws HostError refused with its words, unreachable where it cannot be started or does not answer within a minute
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
        return new Talk(await this.place.start(this.argv), subject, this.read);
    }
}

/** One run of the program. */
class Talk<Answer> {
    private readonly splitter = new JsonSplitter((text) => text);
    private readonly asked: Asked<Answer>[] = [];
    private former: { line: string; text: Buffer; answer: Answer } | undefined;
    private words = "";
    private timer: NodeJS.Timeout | undefined;
    private ended: HostError | undefined;

    constructor(
        private readonly child: ChildProcessWithoutNullStreams,
        private readonly subject: string,
        private readonly read: (json: unknown) => Answer,
    ) {
        child.on("error", (error) => this.end("unreachable", `it fails (${quoted(error)})`));
        child.on("close", (code) => this.end("refused", `it ended with ${code ?? "a signal"}: ${quoted(this.words)}`));
        child.stdin.on("error", () => undefined);
        child.stderr.on("data", (chunk: Buffer) => {
            this.words = `${this.words}${chunk.toString()}`.slice(-MOST_WORDS);
        });
        child.stdout.on("data", (chunk: Buffer) => this.take(chunk));
        // It keeps nobody from ending: it ends by itself when we are gone.
        child.unref();
        this.keepAlive(false);
    }

    ask(line: string): Promise<Answer> {
        return new Promise((resolve, reject) => {
            if (this.ended) return reject(this.ended);
            this.asked.push({ line, resolve, reject });
            if (this.asked.length === 1) this.keepAlive(true);
            this.child.stdin.write(`${line}\n`);
        });
    }

    close(): void {
        this.end("unreachable", "it was closed here");
    }

    private take(chunk: Buffer): void {
        try {
            for (const text of this.splitter.push(chunk)) this.answer(text);
        } catch (error) {
            this.end("refused", `it printed what is no JSON (${quoted(error)})`);
        }
        this.keepAlive(this.asked.length > 0);
    }

    /** Most that is asked has not changed since it was asked before, and reading many links takes longer than comparing them. */
    private answer(text: Buffer): void {
        const { former } = this;
        const isFormer = former?.line === this.asked[0]?.line && former?.text.equals(text);
        const json: unknown = isFormer ? undefined : JSON.parse(text.toString("utf8"));
        const asked = this.asked.shift();
        if (!asked) return;
        if (former && isFormer) return asked.resolve(former.answer);
        try {
            const answer = this.read(json);
            this.former = { line: asked.line, text, answer };
            asked.resolve(answer);
        } catch (error) {
            asked.reject(error);
        }
    }

    /** While an answer is awaited it keeps the process alive, and has its time. */
    private keepAlive(waits: boolean): void {
        clearTimeout(this.timer);
        for (const stream of [this.child.stdin, this.child.stdout, this.child.stderr]) {
            const socket = stream as unknown as { ref?(): void; unref?(): void };
            if (waits) socket.ref?.();
            else socket.unref?.();
        }
        if (waits) this.timer = setTimeout(() => this.end("unreachable", "it does not answer within 60 s"), TIMEOUT_MS);
    }

    private end(kind: "refused" | "unreachable", fact: string): void {
        if (this.ended) return;
        this.ended = new HostError(kind, this.subject, fact, "Install iproute2 there, and run as root.");
        this.keepAlive(false);
        // Without a listener it ends by itself; one that hangs is a starter whose program may hang.
        for (const stream of this.child.stdio.slice(0, 3)) stream?.destroy();
        this.child.kill("SIGKILL");
        for (const { reject } of this.asked.splice(0)) reject(this.ended);
    }
}
