/** Where the interrupts of a host's NICs come to, and who moves them. */
import { cpuList, cpusOf } from "../../schemas/cpu-list";
import { NotKnown } from "../../policies/known";
import type { Resource } from "../../policies/inputs";
import { IRQBALANCE } from "../../policies/rules/interrupts";
import { textsOf } from "../../provider/host/files";
import type { Hardware } from "../../provider/host/hardware";
import type { Place } from "../../provider/host/place";
import { cpusOfMask } from "../../provider/host/queue-cpus";

/** An interrupt and the CPUs that it comes to, or may come to where the kernel does not tell which. */
export interface Interrupt {
    number: number;
    cpus: string;
}

/**
 * Interrupts of NICs that have some of their own (MSI).
 *
 * @param hardware by the links' names
 */
export async function interruptsOf(
    place: Place,
    hardware: ReadonlyMap<string, Hardware>,
): Promise<Map<string, Interrupt[]>> {
    const folders = [...hardware].flatMap(([name, { physical, driver }]) => {
        if (!physical) return [];
        const device = `/sys/class/net/${name}/device/`;
        // Behind a virtio NIC is the device of its bus, which has the interrupts.
        return [{ name, folder: `${device}${driver === "virtio_net" ? "../" : ""}msi_irqs/` }];
    });
    if (folders.length === 0) return new Map();
    const { stdout } = await place.run([
        ...["grep", "--recursive", "--no-messages", "--files-with-matches", ""],
        ...folders.map(({ folder }) => folder),
    ]);
    const owned = stdout.split("\n").flatMap((path) => {
        const of = folders.find(({ folder }) => path.startsWith(folder));
        const number = of && path.slice(of.folder.length);
        return of && /^\d{1,6}$/.test(number ?? "") ? [{ name: of.name, number: Number(number) }] : [];
    });
    const file = (number: number, name: string) => `/proc/irq/${number}/${name}_affinity_list`;
    const lists = await textsOf(
        place,
        owned.flatMap(({ number }) => [file(number, "effective"), file(number, "smp")]),
    );
    const found = new Map<string, Interrupt[]>();
    for (const { name, number } of owned) {
        // An interrupt that nobody asked for yet comes to no CPU.
        const cpus = lists.get(file(number, "effective")) ?? lists.get(file(number, "smp")) ?? "";
        if (cpus !== "") found.set(name, [...(found.get(name) ?? []), { number, cpus }]);
    }
    return found;
}

const SETTINGS = ["/etc/default/irqbalance", "/etc/sysconfig/irqbalance"];
const ISOLATED = ["/sys/devices/system/cpu/isolated", "/sys/devices/system/cpu/nohz_full"];

/** irqbalance on a host; absent is none. It leaves isolated CPUs alone where nothing else is said (cpuinfo in its sources). */
export async function irqbalanceOf(place: Place): Promise<Resource> {
    const [{ code, stdout }, texts] = await Promise.all([
        place.run(["pgrep", "--exact", "irqbalance"]).catch(() => ({ code: -1, stdout: "" })),
        textsOf(place, [...SETTINGS, ...ISOLATED]),
    ]);
    const running = code === 0 ? true : code === 1 ? false : new NotKnown("whether irqbalance runs cannot be told");
    // What it was started with counts, whatever its file has been made to say since.
    const settings = (await environmentOf(place, stdout)) ?? SETTINGS.map((path) => texts.get(path) ?? "").join("\n");
    const isolated = ISOLATED.flatMap((path) => cpusOf(texts.get(path) ?? "") ?? []).sort((a, b) => a - b);
    const said = (name: string, value: string) =>
        new RegExp(`^\\s*(?:export\\s+)?${name}=["']?(${value})["']?\\s*$`, "m").exec(settings)?.[1];
    // Beside a mask it does not look at the list (setup_banned_cpus in its cputree.c).
    const mask = said("IRQBALANCE_BANNED_CPUS", "[0-9a-fA-F,]+");
    const banned =
        mask === undefined
            ? (said("IRQBALANCE_BANNED_CPULIST", "[\\d,-]+") ?? cpuList(isolated))
            : cpusOfMask(mask.toLowerCase());
    return { type: IRQBALANCE, name: "irqbalance", props: { running, banned } };
}

/** What a process was started with, one setting a line; undefined where it cannot be read. @param pid as `pgrep` prints it */
async function environmentOf(place: Place, pid: string): Promise<string | undefined> {
    const [, number] = /^(\d+)$/m.exec(pid) ?? [];
    if (number === undefined) return undefined;
    const { code, stdout } = await place.run(["cat", `/proc/${number}/environ`]);
    return code === 0 ? stdout.split("\0").join("\n") : undefined;
}
