/** Which CPUs serve the queues of a link (RPS, XPS): masks under /sys/class/net/LINK/queues. */
import { cpuList, cpusOf } from "../../schemas/cpu-list";
import type { Place } from "./place";

/** CPU lists by the number of the queue; absent is a queue that has none to set. */
export interface QueueCpus {
    rps: string[];
    xps: string[];
}

/** @param link a name that our schemas take */
export async function readQueueCpus(place: Place, link: string): Promise<QueueCpus> {
    const folder = `/sys/class/net/${link}/queues/`;
    const files = ["--include=rps_cpus", "--include=xps_cpus"];
    const options = ["--recursive", "--no-messages", "--with-filename", "--null"];
    const { stdout } = await place.run(["grep", ...options, ...files, "", folder]);
    return parseQueueCpus(stdout);
}

/** @param text lines `.../rx-0/rps_cpus NUL 0000000f` */
function parseQueueCpus(text: string): QueueCpus {
    const found: QueueCpus = { rps: [], xps: [] };
    for (const line of text.split("\n")) {
        const [, direction, queue, mask = ""] =
            /\/queues\/([rt])x-(\d{1,5})\/[rx]ps_cpus\0([0-9a-f,]+)$/.exec(line) ?? [];
        if (queue !== undefined) found[direction === "r" ? "rps" : "xps"][Number(queue)] = cpusOfMask(mask);
    }
    return found;
}

export const queuePath = (link: string, kind: keyof QueueCpus, queue: number | string): string =>
    `/sys/class/net/${link}/queues/${kind === "rps" ? "rx" : "tx"}-${queue}/${kind}_cpus`;

/** CPUs of a mask: hexadecimal, in groups of 32 bits parted by commas (bitmap_parse in lib/bitmap-str.c). */
export function cpusOfMask(mask: string): string {
    const bits = mask
        .split(",")
        .map((group, index) => (index === 0 ? group : group.padStart(8, "0")))
        .join("");
    const value = BigInt(`0x${bits || "0"}`);
    const cpus: number[] = [];
    for (let cpu = 0; value >> BigInt(cpu); cpu++) if ((value >> BigInt(cpu)) & 1n) cpus.push(cpu);
    return cpuList(cpus);
}

/** @param list a CPU list that our schemas take */
export function maskOf(list: string): string {
    const value = (cpusOf(list) ?? []).reduce((mask, cpu) => mask | (1n << BigInt(cpu)), 0n);
    const digits = value.toString(16);
    return (
        digits
            .padStart(Math.ceil(digits.length / 8) * 8, "0")
            .match(/.{8}/g)
            ?.join(",") ?? "0"
    );
}
