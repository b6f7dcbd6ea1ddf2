/** Where a host's programs run and its switch database listens: on this machine, or inside a lab's namespaces. */
import { readFile } from "node:fs/promises";
import { labPaths } from "../../schemas/lab-paths";
import { LabRecord } from "../../schemas/lab-record";
import type { HostRef } from "../../schemas/host-ref";
import { HostError } from "./errors";
import { killedAfter, runProgram, startProgram, type Ran, type Started } from "./run";
import { SpareBatch } from "./spare-batch";
import { Turnout } from "./window";

export interface Place {
    /** As people call it: `this machine`, `lab sample`. */
    where: string;
    ovsdbSocket: string;
    /** Folder of this machine in which the host's journal and settings of ours lie; root's alone. */
    stateFolder: string;
    /** When a lab came up, in its machine's words: it does so anew without a boot of the machine. */
    cameUp?: string;
    /** `SSH_CONNECTION` of whoever started us, where they are on the host itself. */
    sshConnection?: string;
    /**
     * Runs a program there.
     *
     * @param input    what it reads on stdin, as a whole, even if we are killed meanwhile
     * @param withinMs how long one that asks the switch waits for it, where a caller wants another than the usual [ms]
     */
    run(argv: string[], input?: string, withinMs?: number): Promise<Ran>;
    /** Starts a program there that stays; it ends with the place. @param stdout file here that takes what it prints, where nobody listens */
    start(argv: string[], stdout?: number): Promise<Started>;
    /** Ends what stays there by itself. */
    close(): void;
}

/**
 * @param turnout the steps under way there
 * @throws HostError unreachable when the lab is not up
 */
export async function placeOf(ref: HostRef, turnout = new Turnout()): Promise<Place> {
    if (ref.kind === "local")
        return {
            where: "this machine",
            ovsdbSocket: "/var/run/openvswitch/db.sock",
            stateFolder: "/var/lib/kvmnet",
            ...(process.env.SSH_CONNECTION === undefined ? {} : { sshConnection: process.env.SSH_CONNECTION }),
            ...programs(turnout, (argv) => Promise.resolve(argv)),
        };

    const { record, ovsdbSocket, hostState } = labPaths(ref.name);
    const { startTime } = await livingLab(ref.name, record);
    const entered = async (argv: string[]) => {
        // Asked each time: after a restart of the lab the old number may be any process of the machine.
        const { pid } = await livingLab(ref.name, record);
        return ["nsenter", "--target", String(pid), "--net", "--mount", "--pid", "--", ...argv];
    };
    return {
        where: `lab ${ref.name}`,
        ovsdbSocket,
        stateFolder: hostState,
        cameUp: startTime,
        ...programs(turnout, entered),
    };
}

/** @param there the command line that runs another one there */
function programs(
    turnout: Turnout,
    there: (argv: string[]) => Promise<string[]>,
): Pick<Place, "run" | "start" | "close"> {
    const start = async (argv: string[], stdout?: number) => startProgram(await there(argv), stdout);
    const batch = new SpareBatch(start, turnout);
    return {
        run: async (argv, input, withinMs) =>
            batch.takes(argv, input) ? batch.run(input) : runProgram(await there(argv), input, killedAfter(withinMs)),
        start,
        close: () => batch.close(),
    };
}

async function livingLab(name: string, path: string): Promise<LabRecord> {
    try {
        const record = LabRecord.parse(JSON.parse(await readFile(path, "utf8")));
        if ((await startTimeOf(record.pid)) === record.startTime) return record;
    } catch {
        // No record, or one that cannot be read, is a lab that is not up.
    }
    throw new HostError("unreachable", `lab ${name}`, "it is not up", `Start it with \`kvmnet lab up ${name}\`.`);
}

/** Field 22 of /proc/PID/stat, counted after the command's closing parenthesis (proc(5)). */
async function startTimeOf(pid: number): Promise<string | undefined> {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    const [state, ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // What was killed stays as a zombie until its parent looks: it is no lab any more.
    return state === "Z" ? undefined : fields[18];
}
