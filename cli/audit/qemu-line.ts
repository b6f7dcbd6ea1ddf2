/** What a running QEMU was told of its NICs: out of its command line, in libvirt's JSON and in the older key=value form. */

/** A NIC as QEMU has it. */
export interface QemuNic {
    /** libvirt's alias of the device: `net0`. */
    id: string;
    /** In lower case; absent where QEMU was told none. */
    mac?: string;
    /** In libvirt's word: `virtio`, `rtl8139`, ... */
    model: string;
    /** Queue pairs [count]. */
    queues: number;
    /** Rings of a virtio NIC [descriptors]; absent where QEMU was told nothing. */
    rxRing?: number;
    txRing?: number;
    /** `tap`, `vhost-user`, ...: who moves the packets on the host. */
    backend: string;
    /** Whether the kernel moves the packets of a tap. */
    vhost: boolean;
}

/** What libvirt says of a NIC, as far as it tells which device of the command line that is. */
interface LiveNic {
    alias?: string | undefined;
    mac?: string | undefined;
    model?: string | undefined;
    queues: number;
}

/**
 * The device that a NIC of a running guest is; undefined where the command line does not name it. One that was plugged in
 * later may have the alias of another that the line still names: libvirt takes the number after the highest in use
 * (qemuAssignDeviceNetAlias). Rings do not tell them apart, since something else may have set those.
 */
export const deviceOf = (nics: readonly QemuNic[], { alias, mac, model, queues }: LiveNic): QemuNic | undefined =>
    nics.find(
        (nic) =>
            nic.id === alias &&
            nic.mac === mac?.toLowerCase() &&
            (model === undefined || nic.model === model.replace(/^virtio-.*/, "virtio")) &&
            nic.queues === queues,
    );

type Option = Readonly<Record<string, string>>;

/** @param argv the command line as /proc/PID/cmdline has it @returns the NICs that libvirt gave an alias, in their order */
export function nicsOf(argv: readonly string[]): QemuNic[] {
    const options = (name: string) =>
        argv.flatMap((word, index) => (word === `-${name}` || word === `--${name}` ? [argv[index + 1] ?? ""] : []));
    const backends = new Map(options("netdev").map((text) => byId(optionOf(text, "type"))));
    const changes = options("set").flatMap((text) => /^device\.([^.]+)\.([^=]+)=(.*)$/s.exec(text) ?? []);
    const globals = options("global").flatMap((text) => /^([^.]+)\.([^=]+)=(.*)$/s.exec(text) ?? []);
    return options("device").flatMap((text): QemuNic[] => {
        const device = optionOf(text, "driver");
        const { id, driver = "", netdev } = device;
        const backend = netdev === undefined ? undefined : backends.get(netdev);
        if (id === undefined || !backend) return [];
        const told = { ...triples(globals, driver), ...device, ...triples(changes, id) };
        return [
            {
                id,
                ...(device.mac === undefined ? {} : { mac: device.mac.toLowerCase() }),
                model: modelOf(driver),
                queues: queuesOf(backend),
                ...ring("rxRing", told.rx_queue_size),
                ...ring("txRing", told.tx_queue_size),
                backend: backend.type ?? "",
                vhost: isOn(backend.vhost),
            },
        ];
    });
}

/** Values of `-set device.ID.KEY=VALUE` or `-global DRIVER.KEY=VALUE` for one of them, out of their matches in a row. */
function triples(matches: readonly string[], whose: string): Option {
    const values: Record<string, string> = {};
    for (let at = 0; at < matches.length; at += 4)
        if (matches[at + 1] === whose) values[matches[at + 2] ?? ""] = matches[at + 3] ?? "";
    return values;
}

/** `virtio-net-pci-non-transitional`, `virtio-net-ccw`, `i82551`: libvirt's names but for virtio. */
const modelOf = (driver: string) => (driver.startsWith("virtio-net") ? "virtio" : driver);

/** A tap has a file descriptor a queue pair, libvirt hands them over as `33:34:35`. */
function queuesOf({ fds, queues }: Option): number {
    if (fds !== undefined) return fds.split(":").length;
    return queues !== undefined && /^\d{1,4}$/.test(queues) ? Number(queues) : 1;
}

const ring = (name: "rxRing" | "txRing", text: string | undefined) =>
    text !== undefined && /^\d{1,9}$/.test(text) ? { [name]: Number(text) } : {};

const isOn = (text: string | undefined) => text === "on" || text === "true" || text === "yes";

const byId = (option: Option): [string, Option] => [option.id ?? "", option];

/**
 * One option: JSON, or `tap,id=hostnet0,vhost=on`, in which the first word may stand without its key and `,,` is a comma.
 *
 * @param implied key of the first word
 */
function optionOf(text: string, implied: string): Option {
    if (text.startsWith("{")) return ofJson(text);
    const words = text.replaceAll(",,", "\0").split(",");
    return Object.fromEntries(
        words.map((word, index) => {
            const at = word.indexOf("=");
            const whole = at < 0 && index === 0 ? [implied, word] : [word.slice(0, at), word.slice(at + 1)];
            return whole.map((part) => part.replaceAll("\0", ","));
        }),
    ) as Option;
}

function ofJson(text: string): Option {
    try {
        const entries = Object.entries(JSON.parse(text) as Record<string, unknown>);
        return Object.fromEntries(
            entries.flatMap(([key, value]) =>
                ["string", "number", "boolean"].includes(typeof value) ? [[key, String(value)]] : [],
            ),
        );
    } catch {
        return {};
    }
}
