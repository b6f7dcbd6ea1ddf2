/** Where a lab's programs and guests write what they have to say. */
import { readdirSync } from "node:fs";
import { basename } from "node:path";
import { LABS_ROOT, labPaths } from "../schemas/lab-paths";
import { daemonLog, DAEMONS } from "./host/daemons";

export interface LabLog {
    /** A daemon (`ovsdb-server`, `ovs-vswitchd`, `libvirtd`), `qemu` for what QEMU says of a guest, `console` for what a guest says. */
    kind: string;
    /** The guest it is about. */
    guest?: string;
    path: string;
}

/** The logs of a lab: all, or those of one kind, or those about one guest. */
export function labLogs(name: string, which?: string): LabLog[] {
    const { folder } = labPaths(name);
    const perGuest = (kind: string, inside: string): LabLog[] =>
        filesIn(inside)
            .filter((file) => file.endsWith(".log"))
            .map((file) => ({ kind, guest: basename(file, ".log"), path: `${inside}/${file}` }));
    const logs = [
        ...DAEMONS.map((daemon): LabLog => ({ kind: daemon, path: daemonLog(name, daemon) })),
        ...perGuest("qemu", `${folder}/log/libvirt/qemu`),
        ...perGuest("console", `${folder}/consoles`),
    ];
    if (!filesIn(LABS_ROOT).includes(name))
        throw new Error(`There is no lab ${name}, so it has no logs. Start it: kvmnet lab up ${name}`);
    if (which === undefined) return logs;
    const chosen = logs.filter(({ kind, guest }) => kind === which || guest === which);
    if (chosen.length > 0) return chosen;
    const known = [...new Set(logs.flatMap(({ kind, guest }) => [kind, ...(guest ? [guest] : [])]))];
    throw new Error(`The lab ${name} has no log called ${which}. It has: ${known.join(", ")}.`);
}

function filesIn(folder: string): string[] {
    try {
        return readdirSync(folder).sort();
    } catch {
        return [];
    }
}
