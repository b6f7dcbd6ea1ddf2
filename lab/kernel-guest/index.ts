/** A guest with Debian's full kernel and this machine's files, for what this machine's own kernel lacks. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createInterface } from "node:readline";
import { lastLines, PLAIN_ENV } from "../commands";
import type { Progress } from "../progress";
import { kernelImage } from "./image";
import { machineCommand, type MachineSize } from "./machine";
import { portSockets } from "./sockets";
import { parseAnswer, requestLine } from "./talk";

export interface KernelGuestRun extends Partial<MachineSize> {
    /** Program and arguments; started as root, its standard input empty. */
    argv: readonly string[];
    /** The program's whole environment; by default plain folders and language. */
    env?: Readonly<Record<string, string>>;
    /** By default the root folder. */
    cwd?: string;
    /** Kernel modules to load first. Links of most kinds load theirs by themselves. */
    modules?: readonly string[];
    /** Longest time from the start of the machine to the end of the program [ms]. */
    timeoutMs: number;
    /** Called when the guest has booted and the program begins. */
    onStart?: () => void;
    /** Called with what the program prints, as it prints it. */
    onOutput?: (stream: "stdout" | "stderr", text: string) => void;
    /** Ends the guest before its time. */
    signal?: AbortSignal;
}

/** What is kept of the guest's console for a message [characters]. */
const CONSOLE_KEPT = 64 * 1024;

/** Fetches the guest's kernel and starts nothing. Quick when it is there. */
export async function prepareKernelGuest(progress: Progress): Promise<void> {
    await kernelImage(progress);
}

/**
 * Boots a guest, runs one program in it and ends it. The program sees this machine's files (all but /run); what it writes
 * is kept in the guest's RAM and gone with it. The guest ends with the process that called it, however that ends.
 *
 * @param run by default with 2 CPUs and 2048 MiB
 * @returns   the program's exit status (128 + signal number where a signal ended it)
 * @throws    Error when the guest does not boot, a module cannot be loaded, the time is over or `signal` says so
 */
export async function runInKernelGuest(run: KernelGuestRun, progress: Progress): Promise<number> {
    const { argv, cpus = 2, memoryMiB = 2048, env = PLAIN_ENV, cwd = "/", modules = [] } = run;
    const image = await kernelImage(progress);
    const request = requestLine(image.modules, modules, { argv, env, cwd });

    const id = randomBytes(8).toString("hex");
    const { connected, close } = await portSockets(id);
    const [program = "", ...args] = machineCommand(image, { cpus, memoryMiB }, id);
    const machine = spawn(program, args, { cwd: "/", env: PLAIN_ENV, stdio: ["ignore", "pipe", "pipe"] });
    const gone = new Promise((resolve) => machine.on("close", resolve));
    let said = "";
    for (const stream of ["stdout", "stderr"] as const) {
        machine[stream].setEncoding("utf8").on("data", (text: string) => (said = (said + text).slice(-CONSOLE_KEPT)));
        void connected[stream].then((socket) =>
            socket.setEncoding("utf8").on("data", (text: string) => run.onOutput?.(stream, text)),
        );
    }
    let timer: NodeJS.Timeout | undefined;
    try {
        return await new Promise<number>((resolve, reject) => {
            const fail = (what: string) =>
                reject(
                    new Error(`The kernel guest ${what}. Its console says:\n${lastLines(plain(said)) || "(nothing)"}`),
                );
            timer = setTimeout(() => fail(`has not ended after ${run.timeoutMs / 1000} s`), run.timeoutMs);
            const abort = () => fail("was ended before its time");
            if (run.signal?.aborted) abort();
            run.signal?.addEventListener("abort", abort, { once: true });
            machine.on("error", ({ message }) => fail(`could not be started (${message}); is util-linux installed?`));
            machine.on("close", (code, signal) => fail(`ended by itself (${code ?? signal})`));
            void connected.control.then((socket) => {
                socket.write(request);
                const lines = createInterface({ input: socket });
                lines.on("error", () => undefined); // of the socket: the machine's end is told by the machine
                lines.on("line", (line) => {
                    const answer = parseAnswer(line);
                    if (answer?.kind === "started") run.onStart?.();
                    if (answer?.kind === "ended") resolve(answer.exitCode);
                    if (answer?.kind === "unloadable")
                        fail(`cannot load the kernel module ${answer.module}: ${answer.reason}`);
                });
            });
        });
    } finally {
        clearTimeout(timer);
        machine.kill("SIGKILL");
        await gone;
        await close();
    }
}

/** A console's text without returns and the sequences that move its cursor. */
const plain = (text: string) => text.replace(/\r|\x1b\[[0-9;?]*[A-Za-z]/g, "");
