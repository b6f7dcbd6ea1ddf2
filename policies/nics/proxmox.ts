/** NICs of a VM of Proxmox VE: `virtio=52:54:00:12:34:56,bridge=vmbr0,tag=10,queues=4` (qm.conf(5), net[n]). */
import { type Maybe, NotKnown } from "../known";
import { type GuestNic, UNSAID } from "./guest-nic";
import { type NicField, saidOnce } from "./said";

/** A VM's configuration in a file. */
export const PROXMOX_VM = "proxmox:vm:Vm";

export interface ProxmoxVm {
    vcpus: Maybe<number>;
    arch: string | undefined;
    isKvm: boolean;
    /** Of the machine type that the VM is held at, such as 5.1; absent takes the host's newest. */
    machine: number | undefined;
    nics: { key: string; value: string; line: number; tap: string | undefined }[];
}

/** From this machine type on Proxmox VE gives virtio NICs these rings by itself (PVE/QemuServer.pm, print_netdevice_full). */
const RINGS_SINCE = 7.1;

export const proxmoxNics = ({ nics, vcpus, arch, isKvm, machine }: ProxmoxVm): GuestNic[] =>
    nics.map(({ key, value, line, tap }, index) => {
        const options = new Map(
            value.split(",").map((part): [string, string] => {
                const at = part.indexOf("=");
                return at < 0 ? [part.trim(), ""] : [part.slice(0, at).trim(), part.slice(at + 1).trim()];
            }),
        );
        const [first = "", mac = ""] = [...options][0] ?? [];
        const model = options.get("model") ?? first;
        const isVirtio = model === "virtio";
        const queues = options.get("queues");
        return {
            guest: {
                vcpus,
                arch,
                said: saidOnce((field) => (field === "type" ? (isKvm ? "kvm" : "qemu") : undefined)),
            },
            mac: (options.get("macaddr") ?? mac).toLowerCase() || undefined,
            tap,
            // Proxmox VE makes and plugs the tap itself, with VLAN and limit, whatever the bridge.
            backend: "ethernet",
            model: model || undefined,
            queues: queues === undefined ? UNSAID.queues : numberOf(queues, "queues"),
            rxRing: isVirtio && (machine ?? RINGS_SINCE) >= RINGS_SINCE ? 1024 : UNSAID.rxRing,
            said: saidOnce((field) => saidBy(options, field, isVirtio && isKvm)),
            written: { line: "proxmox", key, row: line },
            index,
        };
    });

/** Option of each field; absent for what Proxmox VE chooses by itself. `mtu=1` takes the bridge's, so it says nothing. */
const OPTIONS: Readonly<
    Partial<Record<NicField, (options: ReadonlyMap<string, string>) => Maybe<string | undefined>>>
> = {
    bridge: (options) => options.get("bridge"),
    mtu: (options) => (options.get("mtu") === "1" ? undefined : options.get("mtu")),
    vlanTag: (options) => options.get("tag"),
    vlanTrunk: (options) => (options.has("trunks") ? "yes" : undefined),
    inAverage: rateOf,
    inPeak: rateOf,
    outAverage: rateOf,
};

function saidBy(options: ReadonlyMap<string, string>, field: NicField, isVhost: boolean): Maybe<string | undefined> {
    if (field === "driver") return isVhost ? "vhost" : undefined;
    return OPTIONS[field]?.(options);
}

/** Megabytes a second there, kilobytes a second with libvirt. */
function rateOf(options: ReadonlyMap<string, string>): Maybe<string | undefined> {
    const rate = options.get("rate");
    if (rate === undefined) return undefined;
    return /^\d{1,6}(\.\d{1,6})?$/.test(rate)
        ? String(Math.round(Number(rate) * 1000))
        : new NotKnown("its rate is no number");
}

const numberOf = (text: string, what: string): Maybe<number> =>
    /^\d{1,6}$/.test(text) ? Number(text) : new NotKnown(`its ${what} is no whole number`);
