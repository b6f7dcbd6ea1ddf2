/** An `ip -batch` that was started before it is needed: to start one takes longer than what most changes of links do. */
import { counted, ended, type Ran, type Started } from "./run";
import type { Turnout } from "./window";

const PROGRAM = ["ip", "-batch", "-"];
/**
 * Most that it is given [bytes]: a socket takes that whole, so that one whose starter is killed reads all of it or nothing.
 * A Unix socket keeps 208 KiB that nobody has read yet (net.core.wmem_default), its buffers' own size counted.
 */
const MOST_BYTES = 64 * 1024;
/** After a batch with more than this [bytes] there is work enough: to start another program would hold that up by 5 ms. */
const SMALL_BYTES = 16 * 1024;

/** Each batch is a process of its own, for `ip` keeps in mind which link had a name: after it another is started for the next. */
export class SpareBatch {
    private spare: Promise<Started> | undefined;
    private isClosed = false;

    /**
     * @param start   starts a program that is told lines and listened to
     * @param turnout the steps under way
     */
    constructor(
        private readonly start: (argv: string[]) => Promise<Started>,
        private readonly turnout: Turnout,
    ) {}

    /** Whether a program with this input is a batch for it. */
    takes(argv: readonly string[], input: string | undefined): input is string {
        return input !== undefined && input.length <= MOST_BYTES && argv.join(" ") === PROGRAM.join(" ");
    }

    /**
     * Runs lines as a batch.
     *
     * @throws HostError unreachable where it cannot be started, Overdue where it does not end in time, lost where it is ended
     */
    async run(input: string): Promise<Ran> {
        const spare = this.spare;
        this.spare = undefined;
        const ready = await spare?.catch(() => undefined);
        const child = ready && isAlive(ready) ? ready : await this.start(PROGRAM);
        counted(handlesOf(child), true);
        const ran = ended(child, "ip");
        child.stdin.on("error", () => undefined).end(input);
        if (input.length <= SMALL_BYTES) this.prepareInTime();
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

    /** To start one holds up a step that is alone by 2 ms; where others come all the time, there is no better moment. */
    private prepareInTime(): void {
        if (this.turnout.expected > 1) this.prepare();
        else this.turnout.whenAtRest(() => this.prepare());
    }

    /** Starts one for the next batch; what goes wrong with it is found by that, which starts its own. */
    private prepare(): void {
        if (this.isClosed || this.spare) return;
        const spare = this.start(PROGRAM);
        this.spare = spare;
        const forget = () => {
            if (this.spare === spare) this.spare = undefined;
        };
        spare.then((child) => {
            child.on("error", forget).on("close", forget);
            child.stdin.on("error", forget);
            // It keeps nobody from ending: it reads the end of its input when we are gone.
            counted(handlesOf(child), false);
        }, forget);
    }
}

const isAlive = ({ exitCode, signalCode }: Started): boolean => exitCode === null && signalCode === null;

const handlesOf = (child: Started) => [child, child.stdin, child.stdout, child.stderr].filter((one) => one !== null);
