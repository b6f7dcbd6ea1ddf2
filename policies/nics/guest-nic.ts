/** One NIC of a guest as libvirt will be told of it, whichever line of @pulumi/libvirt it was written in. */
import { known, type Maybe, maybe, NotKnown } from "../known";
import type { Place } from "../rule";
import { type GuestField, type NicField, placeOf, type Said } from "./said";

export interface GuestNic {
    guest: {
        /** Virtual CPUs [count]. */
        vcpus: Maybe<number>;
        /** libvirt's name of the architecture; undefined takes the host's. */
        arch: Maybe<string | undefined>;
        /** All else that the domain says. */
        said: Said<GuestField>;
    };
    /** Lower case; undefined leaves it to libvirt. */
    mac: Maybe<string | undefined>;
    /** Interface on the host. */
    tap: Maybe<string | undefined>;
    /** libvirt's interface type, such as `bridge` or `vhostuser`; undefined where nothing is said. */
    backend: Maybe<string | undefined>;
    /** Undefined leaves it to libvirt. */
    model: Maybe<string | undefined>;
    /** Queue pairs [count]. */
    queues: Maybe<number>;
    /** Receive ring [descriptors]. */
    rxRing: Maybe<number>;
    /** All else that the interface says. */
    said: Said<NicField>;
    /** libvirt's network that it is on; absent where it is on none, or that was not read. */
    network?: {
        /** Whether the network itself is limited toward its guests. */
        isLimited: boolean;
    };
    /** Where the user wrote it. */
    written:
        | { line: "classic" }
        | { line: "native"; index: number }
        | { line: "xml"; row: number; column: number }
        | { line: "proxmox"; key: string; row: number };
    /** How messages name it, where it is no NIC of a guest. */
    label?: string;
    /** Place among the guest's NICs, from 0. */
    index: number;
}

/** What QEMU does where nobody says: one queue pair, and 256 descriptors (hw/net/virtio-net.c). */
export const UNSAID = { queues: 1, rxRing: 256, vcpus: 1 };

/** On these libvirt takes virtio for a NIC without a model (qemu_postparse.c, qemuDomainDefaultNetModel). */
const VIRTIO_BY_DEFAULT = { backends: ["vhostuser", "vdpa"], archs: ["aarch64", "riscv64", "s390x", "loongarch64"] };
const X86 = ["x86_64", "i686"];

/** Domain types behind which QEMU stands; Xen, LXC and others have NICs and defaults of their own. */
const OF_QEMU = ["kvm", "qemu", "hvf"];

/**
 * The model that the guest sees; undefined where QEMU makes no NIC: a host's device passed through, a guest of Xen or LXC.
 *
 * A NIC without one gets libvirt's default: rtl8139 on x86, which is what a host is where nobody names another.
 */
export function modelOf(nic: GuestNic): Maybe<string | undefined> {
    return maybe(() => {
        if (known(nic.backend) === "hostdev" || !OF_QEMU.includes(known(nic.guest.said("type")) ?? "kvm"))
            return undefined;
        const model = known(nic.model);
        if (model !== undefined) return model;
        if (VIRTIO_BY_DEFAULT.backends.includes(known(nic.backend) ?? "")) return "virtio";
        const arch = known(nic.guest.arch) ?? "x86_64";
        if (X86.includes(arch)) return "rtl8139";
        if (VIRTIO_BY_DEFAULT.archs.includes(arch)) return "virtio";
        throw new NotKnown("it has no model, and which one libvirt takes on this architecture is not known here");
    });
}

/** libvirt's names of QEMU's virtio NIC: the last two say in which versions of virtio it speaks (virDomainNetIsVirtioModel). */
const VIRTIO = ["virtio", "virtio-transitional", "virtio-non-transitional"];

/** Whether the guest sees a virtio NIC, of whichever kind. @throws NotKnown */
export const isVirtio = (nic: GuestNic): boolean => VIRTIO.includes(known(modelOf(nic)) ?? "");

/** `NIC 52:54:00:12:34:56 on tap-web0`: by its MAC and tap where they are there and well formed, else by its place. */
export function nameOf({ mac, tap, index, label }: GuestNic): string {
    if (label !== undefined) return label;
    const names = [
        typeof mac === "string" && /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(mac) ? mac : undefined,
        typeof tap === "string" && /^[\w.-]{1,15}$/.test(tap) ? `on ${tap}` : undefined,
    ].filter((name) => name !== undefined);
    return `NIC ${names.length ? names.join(" ") : `number ${index + 1}`}`;
}

/** Where a field stands in Proxmox's `netN`; absent for what Proxmox VE chooses by itself. */
const PROXMOX_OPTIONS: Readonly<Partial<Record<NicField, string>>> = {
    mtu: "mtu",
    vlanTag: "tag",
    vlanTrunk: "trunks",
    inAverage: "rate",
    inPeak: "rate",
    outAverage: "rate",
};

const SETTINGS = {
    model: {
        ours: "model",
        proxmox: (key: string) => `Begin ${key} with virtio= in place of its model.`,
    },
    queues: {
        ours: "queues",
        proxmox: (key: string, value: string) => `Set queues=${value} in ${key}.`,
    },
    rxRing: {
        ours: "rxRing",
        proxmox: () => `Take machine away, or set it to 7.1 or newer: Proxmox VE then sets 1024 by itself.`,
    },
};

/** Whether others than libvirt make its tap and name it, as kvmnet does: `no` in XML, false in the 0.9 line. */
export const hasOthersTap = (nic: GuestNic): boolean => ["no", "false"].includes(String(nic.said("targetManaged")));

/** A tap is for one queue or for several, and its user says the same, or is refused (Linux drivers/net/tun.c, tun_set_iff). */
const QUEUES_OF_TAP =
    "libvirt does not make its tap: make that with multi_queue for several queues (multiQueue of kvmnet's Tap), and without for one.";

/** Sentences that say where to write a value. */
export function toSet(nic: GuestNic, setting: keyof typeof SETTINGS, value: string | number): string {
    const place = placeToSet(nic, setting, value);
    return setting === "queues" && hasOthersTap(nic) ? `${place} ${QUEUES_OF_TAP}` : place;
}

function placeToSet({ written }: GuestNic, setting: keyof typeof SETTINGS, value: string | number): string {
    const { ours, proxmox } = SETTINGS[setting];
    if (written.line === "proxmox") return proxmox(written.key, String(value));
    const element = placeOf(setting, "xml").replace('..."', `${value}"/`);
    const place =
        written.line === "native"
            ? `Set devices.interfaces[${written.index}].${placeOf(setting, "native")} to ${JSON.stringify(value)}`
            : written.line === "xml"
              ? `Write ${element} into this interface`
              : `Let the stylesheet in xml.xslt write ${element} into this interface`;
    if (written.line === "xml") return `${place}.`;
    return `${place}; for a NIC of kvmnet's VirtualMachine set ${ours}: ${JSON.stringify(value)}.`;
}

/** The same for a field that kvmnet's own components leave alone; without a value it says to take the field away. */
export function toChange({ written }: GuestNic, field: NicField, value?: string | number): string {
    if (written.line === "proxmox") {
        const option = PROXMOX_OPTIONS[field] ?? field;
        return value === undefined ? `Take ${option} away from ${written.key}.` : `Change ${option} in ${written.key}.`;
    }
    const place = placeOf(field, written.line);
    switch (written.line) {
        case "native":
            return value === undefined
                ? `Set nothing at devices.interfaces[${written.index}].${place}.`
                : `Set devices.interfaces[${written.index}].${place} to ${JSON.stringify(value)}.`;
        case "xml":
            return value === undefined ? `Take ${place} away.` : `Write ${place.replace("...", String(value))}.`;
        case "classic":
            return value === undefined
                ? `Let the stylesheet in xml.xslt write no ${place}.`
                : `Let the stylesheet in xml.xslt write ${place.replace("...", String(value))}.`;
    }
}

/** Where it is written, where that is a file. */
export function atOf({ written }: GuestNic): Place | undefined {
    if (written.line === "xml") return { line: written.row, column: written.column };
    return written.line === "proxmox" ? { line: written.row, column: 1 } : undefined;
}

/** A number that the interface says; undefined where nothing is said. @throws NotKnown */
export function numberSaid(nic: GuestNic, field: NicField): number | undefined {
    const text = known(nic.said(field));
    if (text === undefined) return undefined;
    if (!/^\s*\d{1,9}\s*$/.test(text)) throw new NotKnown(`its ${field} is no whole number`);
    return Number(text);
}

/** Whether Open vSwitch carries the NIC by libvirt's own virtualport. @throws NotKnown */
export function onOpenVSwitch(nic: GuestNic): boolean {
    const port = known(nic.said("openVSwitch"));
    return port === "openvswitch" || port === "present";
}
