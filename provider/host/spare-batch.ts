/** An `ip -batch` that was started before it is needed: to start one takes longer than what most changes of links do. */
import { HostError, quoted } from "./errors";
import type { Ran, Started } from "./run";

const PROGRAM = ["ip", "-batch", "-"];
/** Most that it is given [bytes]: a socket takes that whole, so that one whose starter is killed reads all of it or nothing. */
const MOST_BYTES = 16 * 1024;
/** Longest wait for its end [ms]. */
const TIMEOUT_MS = 60_000;

/** Each batch is a process of its own, for `ip` keeps in mind which link had a name: after it another is started for the next. */
export class SpareBatch {
    private spare: Promise<Started> | undefined;
    private isClosed = false;

    /** @param start starts a program that is told lines and listened to  @param where it runs, for messages */
    constructor(
        private readonly start: (argv: string[]) => Promise<Started>,
        private readonly where: string,
    ) {}

    /** Whether a program with this input is a batch for it. */
    takes(argv: readonly string[], input: string | undefined): input is string {
        return input !== undefined && input.length <= MOST_BYTES && argv.join(" ") === PROGRAM.join(" ");
    }

    /**
     * Runs lines as a batch.
     *
     * @throws HostError unreachable where it cannot be started or does not end within a minute
     */
    async run(input: string): Promise<Ran> {
        const spare = this.spare;
        this.spare = undefined;
        const ready = await spare?.catch(() => undefined);
        const child = ready && isAlive(ready) ? ready : await this.start(PROGRAM);
        const ran = this.ended(child, input);
        // While this one works the machine has time for it.
        if (!this.isClosed && !this.spare) this.prepare();
        return ran;
    }

    close(): void {
        this.isClosed = true;
        void this.spare?.then(
            (child) => child.stdin.destroy(),
            () => undefined,
        );
        this.spare = undefined;
    }

    /** Starts one for the next batch; what goes wrong with it is found by that, which starts its own. */
    private prepare(): void {
        const spare = this.start(PROGRAM);
        this.spare = spare;
        const forget = () => {
            if (this.spare === spare) this.spare = undefined;
        };
        spare.then((child) => {
            child.on("error", forget).on("close", forget);
            child.stdin.on("error", forget);
            // It keeps nobody from ending: it reads the end of its input when we are gone.
            counted(child, false);
        }, forget);
    }

    private ended(child: Started, input: string): Promise<Ran> {
        const subject = `\`${PROGRAM.join(" ")}\` on ${this.where}`;
        const unreachable = (fact: string) =>
            new HostError("unreachable", subject, fact, "Install iproute2 there, and run as root.");
        counted(child, true);
        return new Promise((resolve, reject) => {
            let stderr = "";
            const timer = setTimeout(() => {
                child.kill("SIGKILL");
                reject(unreachable("it does not end within 60 s"));
            }, TIMEOUT_MS);
            child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
            child.stdout?.resume();
            child.on("error", (cause) => reject(unreachable(`it fails (${quoted(cause)})`)));
            child.on("close", (code) => {
                clearTimeout(timer);
                resolve({ code: code ?? 1, stdout: "", stderr });
            });
            child.stdin.on("error", () => undefined).end(input);
        });
    }
}

const isAlive = ({ exitCode, signalCode }: Started): boolean => exitCode === null && signalCode === null;

/** Whether our process waits for it to end by itself. */
function counted(child: Started, counts: boolean): void {
    for (const one of [child, child.stdin, child.stdout, child.stderr]) {
        const handle = one as unknown as { ref?(): void; unref?(): void };
        if (counts) handle.ref?.();
        else handle.unref?.();
    }
}
