/** How a lab is. */
import { readdirSync } from "node:fs";
import { basename } from "node:path";
import { labPaths } from "../schemas/lab-paths";
import { DAEMONS, silentDaemons, type Daemon } from "./host/daemons";
import { liveRecord } from "./record";

export type LabStatus = { name: string; up: false } | LabUpStatus;

interface LabUpStatus {
    name: string;
    up: true;
    /** Its first process, as the machine numbers it. */
    pid: number;
    /** ISO 8601. */
    since: string;
    /** Whether each daemon answers. */
    daemons: Record<Daemon, boolean>;
    /** Guests that run. */
    guests: string[];
    ovsdbSocket: string;
    libvirtSocket: string;
}

/** How this lab is; asks its daemons, not only its record. */
export async function labStatus(name: string): Promise<LabStatus> {
    const record = liveRecord(name);
    if (!record) return { name, up: false };
    const silent = await silentDaemons(name);
    const answers = DAEMONS.map((daemon) => [daemon, !silent.includes(daemon)]);
    const { pid, since } = record;
    const { ovsdbSocket, libvirtSocket } = labPaths(name);
    const daemons = Object.fromEntries(answers) as Record<Daemon, boolean>;
    return { name, up: true, pid, since, daemons, guests: runningGuests(name), ovsdbSocket, libvirtSocket };
}

/** libvirt keeps a file for each guest while it runs. */
function runningGuests(name: string): string[] {
    try {
        const files = readdirSync(`${labPaths(name).folder}/libvirt/qemu`);
        return files
            .filter((file) => file.endsWith(".xml"))
            .map((file) => basename(file, ".xml"))
            .sort();
    } catch {
        return [];
    }
}
