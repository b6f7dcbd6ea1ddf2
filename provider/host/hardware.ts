/** What the kernel tells of the hardware behind links, under /sys/class/net. */
import type { LinkFacts } from "../../schemas/facts";
import type { Files } from "./files";

export type Hardware = Pick<LinkFacts, "driver" | "busAddress" | "speed" | "duplex" | "numaNode" | "pcie"> & {
    /** Whether there is hardware at all. */
    physical: boolean;
    virtualFunctions?: number;
    virtualFunctionsMax?: number;
};

const FILES = [
    "speed",
    "duplex",
    "device/uevent",
    "device/numa_node",
    "device/current_link_speed",
    "device/current_link_width",
    "device/max_link_speed",
    "device/max_link_width",
    "device/sriov_numvfs",
    "device/sriov_totalvfs",
] as const;
type File = (typeof FILES)[number];

/**
 * The hardware of links by their names, read together.
 *
 * @param names as the host has them: what is no name in our sense is left out
 */
export async function readHardware(files: Files, names: string[]): Promise<Map<string, Hardware>> {
    const plain = names.filter((name) => /^[A-Za-z0-9_.-]{1,15}$/.test(name) && name !== "." && name !== "..");
    const texts = await files.read(plain.flatMap((name) => FILES.map((file) => `/sys/class/net/${name}/${file}`)));
    return new Map(
        plain.map((name, index) => {
            const own = texts.slice(index * FILES.length, (index + 1) * FILES.length);
            return [name, hardwareOf((file) => own[FILES.indexOf(file)])];
        }),
    );
}

function hardwareOf(text: (file: File) => string | undefined): Hardware {
    const number = (file: File) => {
        const value = text(file);
        return value !== undefined && /^\d{1,9}$/.test(value) ? Number(value) : undefined;
    };
    const event = text("device/uevent");
    const field = (name: string) => new RegExp(`^${name}=(.+)$`, "m").exec(event ?? "")?.[1];
    const duplex = text("duplex");
    const found = {
        driver: field("DRIVER"),
        busAddress: field("PCI_SLOT_NAME"),
        // -1 stands for unknown, and a link that is down has none; a tap says 10 whatever it does.
        speed: event === undefined ? undefined : number("speed"),
        duplex: event !== undefined && (duplex === "full" || duplex === "half") ? duplex : undefined,
        numaNode: number("device/numa_node"),
        pcie: pcieOf(text),
        virtualFunctions: number("device/sriov_numvfs"),
        virtualFunctionsMax: number("device/sriov_totalvfs"),
    };
    const told = Object.entries(found).filter(([, value]) => value !== undefined);
    return { physical: event !== undefined, ...Object.fromEntries(told) };
}

/** Generations by their transfers a second [GT/s]; the first two lose a fifth to 8b/10b, the next ones 2 of 130. */
const GENERATIONS: Readonly<Record<string, number>> = { "2.5": 1, "5": 2, "8": 3, "16": 4, "32": 5, "64": 6 };

function pcieOf(text: (file: File) => string | undefined): LinkFacts["pcie"] {
    const generation = (file: File) => {
        const [, rate = ""] = /^(\d+(?:\.\d+)?) GT\/s/.exec(text(file) ?? "") ?? [];
        return { rate: Number(rate), number: GENERATIONS[String(Number(rate))] };
    };
    const lanes = (file: File) => {
        const value = Number(text(file) ?? 0);
        return value > 0 && value < 255 ? value : undefined;
    };
    const [now, most] = [generation("device/current_link_speed"), generation("device/max_link_speed")];
    const width = lanes("device/current_link_width");
    if (now.number === undefined || width === undefined) return undefined;
    const maxLanes = lanes("device/max_link_width");
    const carried = now.number <= 2 ? 8 / 10 : 128 / 130;
    return {
        generation: now.number,
        lanes: width,
        ...(most.number === undefined ? {} : { maxGeneration: most.number }),
        ...(maxLanes === undefined ? {} : { maxLanes }),
        capacity: Math.round(now.rate * width * carried * 10) / 10,
    };
}
