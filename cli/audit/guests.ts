/** The running guests of a host: what libvirt's read-only connection tells, and the command lines of their QEMUs. */
import type { Place } from "../../provider/host/place";
import { effectiveXml } from "./effective";
import { nicsOf } from "./qemu-line";

/** A guest as it runs. */
interface RunningGuest {
    name: string;
    uuid: string;
    /** Its domain XML with the values that QEMU has. */
    xml: string;
}

interface Guests {
    guests: RunningGuest[];
    /** Whether the host has no guest that is off: such a one has no NIC and no port to be judged. */
    allRun: boolean;
    /** Sentences: what could not be read of whom. */
    unread: string[];
    /** Sentences: what was asked for and is not there. */
    notes: string[];
}

/** Where libvirt notes the process of each guest. */
const PIDS = "/run/libvirt/qemu";
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * @param askAgent asks the agents in the guests how many CPUs are on there; that takes a connection that may write
 * @throws Error where libvirt does not answer
 */
export async function runningGuests(place: Place, askAgent: boolean): Promise<Guests> {
    const listed = async (command: string) =>
        (await virsh(place, command)).split("\n").filter((line) => UUID.test(line));
    const [uuids, off] = await Promise.all([listed("list --uuid"), listed("list --inactive --uuid")]);
    const found: Guests = { guests: [], allRun: off.length === 0, unread: [], notes: [] };
    if (uuids.length === 0) return found;
    const [printed, stats, lines] = await Promise.all([
        virsh(place, uuids.map((uuid) => `dumpxml ${uuid}`).join("; ")),
        virsh(place, "domstats --vcpu --list-running"),
        commandLines(place),
    ]);
    const plugged = vcpusOf(stats);
    for (const xml of documentsOf(printed)) {
        const uuid = /<uuid>([^<]*)<\/uuid>/.exec(xml)?.[1] ?? "";
        const name = nameOf(xml);
        const line = lines.get(uuid);
        if (!line) found.unread.push(`The command line of the guest ${shown(name)} cannot be read; run this as root.`);
        const online = askAgent ? await onlineInGuest(place, uuid) : undefined;
        if (askAgent && online === undefined)
            found.notes.push(`The agent of the guest ${shown(name)} does not answer; what the host says is judged.`);
        found.guests.push({ name, uuid, xml: effectiveXml(xml, nicsOf(line ?? []), online ?? plugged.get(name)) });
    }
    return found;
}

/** Read-only, whatever is asked: libvirt refuses what would change something. The commands hold no text of anybody's. */
async function virsh(place: Place, commands: string): Promise<string> {
    return printed(place, ["virsh", "--readonly", "--quiet", "--connect", "qemu:///system", commands]);
}

/** @returns virtual CPUs that are on inside the guest [count]; undefined where its agent is silent */
async function onlineInGuest(place: Place, uuid: string): Promise<number | undefined> {
    const { code, stdout } = await place.run([
        ...["virsh", "--quiet", "--connect", "qemu:///system"],
        ...["guestvcpus", "--domain", uuid],
    ]);
    const online = code === 0 ? /^online\s*:\s*([\d,-]+)$/m.exec(stdout)?.[1] : undefined;
    return online === undefined ? undefined : countOf(online);
}

/** `0-3,8`: five. */
const countOf = (cpus: string) =>
    cpus.split(",").reduce((sum, range) => {
        const [from = 0, to = from] = range.split("-").map(Number);
        return sum + (to - from + 1);
    }, 0);

/** The command line of every QEMU that libvirt started, by the guest's UUID. */
async function commandLines(place: Place): Promise<Map<string, string[]>> {
    const grep = ["grep", "--no-messages", "--no-filename", "--text"];
    const { stdout: pids } = await place.run([...grep, "--recursive", "--include=*.pid", "", PIDS]);
    const paths = pids
        .split("\n")
        .filter((pid) => /^\d+$/.test(pid))
        .map((pid) => `/proc/${pid}/cmdline`);
    if (paths.length === 0) return new Map();
    const { stdout } = await place.run([
        ...["grep", "--no-messages", "--with-filename", "--text", "--null-data", "", ...paths],
    ]);
    const lines = new Map<string, string[]>();
    for (const word of stdout.split("\0")) {
        const at = word.indexOf(":");
        const path = word.slice(0, at);
        if (at > 0) lines.set(path, [...(lines.get(path) ?? []), word.slice(at + 1)]);
    }
    return new Map([...lines.values()].map((argv) => [argv[argv.indexOf("-uuid") + 1] ?? "", argv]));
}

async function printed(place: Place, argv: string[]): Promise<string> {
    const { code, stdout, stderr } = await place.run(argv);
    if (code === 0) return stdout;
    const words = stderr
        .replace(/^error: /gm, "")
        .trim()
        .split("\n")
        .join("; ");
    throw new Error(`libvirt on ${place.where} does not answer: ${words}.`);
}

/** libvirt prints one document after the other, each ending in a line of its own. */
const documentsOf = (text: string) =>
    text
        .split(/^<\/domain>$/m)
        .slice(0, -1)
        .map((document) => `${document.trimStart()}</domain>`);

const nameOf = (xml: string) => /^ {2}<name>([^<]*)<\/name>/m.exec(xml)?.[1] ?? "";

/** vCPUs that are plugged in, by the guest's name, out of `virsh domstats --vcpu`. */
function vcpusOf(stats: string): Map<string, number> {
    const counts = new Map<string, number>();
    let guest = "";
    for (const line of stats.split("\n")) {
        guest = /^Domain: '(.*)'$/.exec(line)?.[1] ?? guest;
        const current = /^\s*vcpu\.current=(\d+)$/.exec(line)?.[1];
        if (current !== undefined) counts.set(guest, Number(current));
    }
    return counts;
}

const shown = (name: string) => name.replace(/[^\x20-\x7e\u00a0-\u024f]/g, "?").slice(0, 120);
