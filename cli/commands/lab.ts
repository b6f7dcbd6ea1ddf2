/** `kvmnet lab up | status | exec | logs | down`: hosts of their own inside this machine. */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { readFileSync } from "node:fs";
import Table from "cli-table3";
import { commandInLab, environmentOf, labDown, labLogs, labStatus, labUp, listLabs, type LabStatus } from "../../lab";
import { labOf } from "../lab-backend";
import { plainProgress } from "../progress";
import { projectOf } from "../project";

/**
 * The lab that is meant where none is named: the one that the project of this folder builds in, or `sample`.
 *
 * @throws Error where the project's files cannot be read
 */
export function labMeant(folder = process.cwd()): string {
    const project = projectOf(folder);
    return (project && labOf(project)) ?? "sample";
}

export async function runUp(name = labMeant()): Promise<number> {
    const progress = plainProgress();
    await labUp(name, progress);
    progress.note(`The lab ${name} is up. Look around in it: kvmnet lab exec ${name} -- ovs-vsctl show`);
    return 0;
}

/** All labs, or one. Of one lab the status says whether it is well: 0 when all of it answers, 1 otherwise. */
export async function runStatus(name?: string, options: { json?: boolean } = {}): Promise<number> {
    const labs = name === undefined ? await listLabs() : [await labStatus(name)];
    if (options.json) process.stdout.write(`${JSON.stringify(name === undefined ? labs : labs[0], null, 2)}\n`);
    else process.stdout.write(`${labs.length === 0 ? "No lab is up. Start one: kvmnet lab up" : tableOf(labs)}\n`);
    return name === undefined || labs.every(isWell) ? 0 : 1;
}

const isWell = (lab: LabStatus) => lab.up && Object.values(lab.daemons).every(Boolean);

function tableOf(labs: readonly LabStatus[]): string {
    const table = new Table({
        head: ["lab", "state", "first process", "since", "guests"],
        style: { head: [], border: [] },
    });
    for (const lab of labs) {
        if (!lab.up) table.push([lab.name, "down", "", "", ""]);
        else table.push([lab.name, stateOf(lab.daemons), lab.pid, lab.since, lab.guests.join(", ") || "none"]);
    }
    return table.toString();
}

function stateOf(daemons: Record<string, boolean>): string {
    const silent = Object.keys(daemons).filter((daemon) => !daemons[daemon]);
    return silent.length === 0 ? "up" : `up, without ${silent.join(", ")}`;
}

/** Runs a program in the lab as if it had been called here; its exit status is ours. Without one: a shell. */
export function runExec(name: string, argv: readonly string[]): Promise<number> {
    const wanted = argv[0] === "--" ? argv.slice(1) : argv;
    const [program = "", ...args] = commandInLab(name, wanted.length > 0 ? wanted : ["bash"]);
    return new Promise((resolve, reject) => {
        const child = spawn(program, args, { stdio: "inherit", env: environmentOf() });
        // What a person types (Ctrl-C) reaches the program as well: it says what becomes of it.
        const ignore = () => undefined;
        const signals = ["SIGINT", "SIGQUIT"] as const;
        signals.forEach((signal) => process.on(signal, ignore));
        child.on("error", (error) => reject(new Error(`${program} could not be started: ${error.message}`)));
        child.on("exit", (code, signal) => {
            signals.forEach((name) => process.off(name, ignore));
            resolve(code ?? 128 + (signal ? constants.signals[signal] : 0));
        });
    });
}

/** Prints logs: all of a lab, or those of one daemon (`libvirtd` ...), of `qemu`, of all consoles, or of one guest. */
export function runLogs(name = labMeant(), which?: string): Promise<number> {
    for (const { kind, guest, path } of labLogs(name, which)) {
        process.stdout.write(`==> ${guest ? `${kind} of ${guest}` : kind} (${path})\n${textOf(path)}\n`);
    }
    return Promise.resolve(0);
}

function textOf(path: string): string {
    try {
        return readFileSync(path, "latin1");
    } catch {
        return "(nothing yet)\n";
    }
}

export async function runDown(name: string | undefined, options: { all?: boolean } = {}): Promise<number> {
    const progress = plainProgress();
    const names = options.all ? (await listLabs()).map((lab) => lab.name) : [name ?? labMeant()];
    for (const lab of names) {
        const ended = await progress.step(`Ending the lab ${lab}`, () => labDown(lab));
        if (!ended) progress.note(`The lab ${lab} was not up.`);
    }
    if (names.length === 0) progress.note("No lab is up.");
    return 0;
}
