/** Starts a program: arguments as a list, never a shell, and a program once started is not cut off half way. */
import { spawn, type ChildProcess, type ChildProcessByStdio, type SpawnOptions } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, openSync, closeSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { searchPath } from "../../schemas/search-path";
import { HostError, quoted } from "./errors";

export interface Ran {
    code: number;
    stdout: string;
    stderr: string;
}

/** Longest that a program may take, and that one which was killed for it takes to be gone [ms]. */
const [TIMEOUT_MS, GONE_MS] = [60_000, 5_000];

/** When a program is killed that ends itself after a time that a caller chose [ms]. */
export const killedAfter = (withinMs = 0): number => Math.max(TIMEOUT_MS, withinMs + GONE_MS);

const ENVIRONMENT = { LC_ALL: "C", PATH: searchPath(process.env.PATH) };

/**
 * @param input stdin as a whole: a file, so that a program whose starter is killed still reads all of it, not a part
 * @throws HostError unreachable when the program cannot be started, Overdue when it does not end in time, lost when it is ended
 */
export function runProgram(argv: string[], input?: string, timeoutMs?: number): Promise<Ran> {
    const [program = "", ...rest] = argv;
    const stdin = input === undefined ? "ignore" : unlinkedFile("r", input);
    // A group of its own: Ctrl-C at the terminal reaches us, and we decide what still ends.
    const child = spawn(program, rest, { stdio: [stdin, "pipe", "pipe"], env: ENVIRONMENT, detached: true });
    if (typeof stdin === "number") closeSync(stdin);
    return ended(child, program, timeoutMs);
}

/** By which a program ends itself when the time is over that it was given: it has said so. */
const OWN_ALARM = "SIGALRM";

/**
 * A program was killed when its time was over, and is gone: what it has done is not known. It is not run again, as one that
 * somebody else ended is: what hangs once hangs again, and each time takes a minute.
 */
export class Overdue extends HostError {
    constructor(program: string, timeoutMs: number) {
        super("unreachable", program, tooLong(timeoutMs), LOOK_THERE);
    }
}

/**
 * What a program that was started has said when it ends. One whose time is over is killed with all that it has started.
 *
 * @throws HostError unreachable when it fails or cannot even be killed, Overdue when its time is over, lost when somebody
 *         ended it: what it has done, and what it would have said, is not known
 */
export function ended(child: ChildProcess, program: string, timeoutMs = TIMEOUT_MS): Promise<Ran> {
    return new Promise((resolve, reject) => {
        const failed = (fact: string, cause?: unknown) => reject(notRun(program, fact, cause));
        const out: Buffer[] = [];
        const err: Buffer[] = [];
        let isOverdue = false;
        child.stdout?.on("data", (chunk: Buffer) => out.push(chunk));
        child.stderr?.on("data", (chunk: Buffer) => err.push(chunk));
        let timer = setTimeout(() => {
            isOverdue = true;
            killGroup(child);
            const stays = new HostError(
                "unreachable",
                program,
                `${tooLong(timeoutMs)} and cannot be killed`,
                LOOK_THERE,
            );
            timer = setTimeout(() => reject(stays), GONE_MS);
        }, timeoutMs);
        child.on("error", (error) => {
            clearTimeout(timer);
            failed(`cannot be started (${quoted(error)})`, error);
        });
        child.on("close", (code, signal) => {
            clearTimeout(timer);
            if (isOverdue) return reject(new Overdue(program, timeoutMs));
            if (signal !== null && signal !== OWN_ALARM) return reject(cutShort(program, signal));
            resolve({ code: code ?? 1, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() });
        });
    });
}

const tooLong = (timeoutMs: number) => `does not end within ${timeoutMs / 1000} s`;
const LOOK_THERE = "Look for what holds it up on the host, then run the same command again.";

/** `nsenter` starts the program that it is given, and leaves it behind where it alone is killed. */
function killGroup({ pid }: ChildProcess): void {
    try {
        if (pid !== undefined) process.kill(-pid, "SIGKILL");
    } catch {
        // All of the group have ended.
    }
}

/** Whether our process waits for these: a program, or a stream to or from it. */
export function counted(handles: readonly unknown[], counts: boolean): void {
    for (const handle of handles as { ref?(): void; unref?(): void }[])
        if (counts) handle.ref?.();
        else handle.unref?.();
}

/** A program that stays: it is told things, and what it complains of is read here. */
export type Started = ChildProcessByStdio<Writable, Readable | null, Readable>;

/**
 * Starts a program that stays; what becomes of it is the caller's.
 *
 * @param stdout file that takes what it prints; absent where that is read here
 * @throws HostError unreachable when it cannot be started
 */
export async function startProgram(argv: string[], stdout?: number): Promise<Started> {
    const [program = "", ...rest] = argv;
    const options: SpawnOptions = { stdio: ["pipe", stdout ?? "pipe", "pipe"], env: ENVIRONMENT, detached: true };
    const child = spawn(program, rest, options) as Started;
    try {
        await once(child, "spawn");
        return child;
    } catch (error) {
        throw notRun(program, `cannot be started (${quoted(error)})`, error);
    }
}

/** Somebody has ended it, as the kernel does where memory is short. */
export const cutShort = (subject: string, signal: string) =>
    new HostError(
        "lost",
        subject,
        `was ended by ${signal} before it was done`,
        "Look for what ended it (the kernel's log tells it of a lack of memory), then run the same command again.",
    );

const notRun = (program: string, fact: string, cause?: unknown) =>
    new HostError("unreachable", program, fact, "Check that it is installed and that you may run it.", cause);

/** A file that nobody else can open, and that is gone with the last who has it open. @param text what it holds at first */
export function unlinkedFile(flags: "r" | "a+", text = ""): number {
    let folder: string | undefined;
    try {
        folder = mkdtempSync(join(tmpdir(), "kvmnet-"));
        const path = join(folder, "file");
        writeFileSync(path, text, { mode: 0o600 });
        return openSync(path, flags);
    } catch (error) {
        const fact = `no temporary file can be made (${quoted(error)})`;
        throw new HostError(
            "unreachable",
            "kvmnet",
            fact,
            `Make room in ${tmpdir()} and let us write there, or set TMPDIR.`,
            error,
        );
    } finally {
        if (folder !== undefined) rmSync(folder, { recursive: true });
    }
}
