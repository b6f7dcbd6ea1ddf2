/** Holds what was declared of a NIC against what the guest and the host say. Pure: what it judges was read before. */
import type { DeclaredNic } from "../../schemas/declared";
import type { QemuNic } from "../audit/qemu-line";
import type { AgentNic } from "./agent";
import { causeOf } from "./causes";
import type { XmlNic } from "./domain";

/** What a guest says of one of its NICs, as far as a declaration can be held against it. */
export interface SeenNic {
    name: string;
    driver: string;
    queues: number;
    rxRing: number;
    txRing: number;
    mtu: number;
}

/** What the host says of the tap behind a NIC; absent parts are not there. */
interface SeenPlug {
    /** Who was asked of it. */
    kind?: "ovs" | "linux";
    bridge?: string;
    vlan?: string;
    /** Policing of the port that limits nothing [kbit/s]. */
    idlePolicing?: number;
}

/**
 * Who was asked: the guest itself once it had booted, QEMU's agent in it now, libvirt's domain XML, the command line of
 * QEMU, the kernel, Open vSwitch.
 */
type Witness = "guest" | "guest agent" | "domain XML" | "QEMU" | "kernel" | "Open vSwitch";

/** What one of them says of a value. */
interface Said {
    by: Witness;
    value: string;
}

/** One cell of the table: what was declared, what each witness says, and whether all of them agree. */
interface Cell {
    field: "model" | "queues" | "rings RX/TX" | "MTU" | "plug" | "VLAN" | "reaches" | "vhost" | "policing";
    declared: string;
    /** What is there; where the witnesses differ, what each of them says. */
    seen: string;
    agrees: boolean;
    /** Each witness that had something to say. */
    said: Said[];
    /** The likely cause of a difference, and what to do, where it is known. */
    cause?: string;
}

export interface VerifiedNic {
    guest: string;
    nic: string;
    cells: Cell[];
}

/** Driver by which a Linux guest shows which model it was given. */
const DRIVER_OF: Record<string, string> = {
    virtio: "virtio_net",
    e1000: "e1000",
    e1000e: "e1000e",
    // libvirt's own choice on x86 where no model is named
    none: "8139cp",
    rtl8139: "8139cp",
};

/** What all but the guest say of a NIC; absent parts could not be asked or are not there. */
export interface HostSays {
    plug: SeenPlug;
    /** MTU of the tap, by the kernel [byte]. */
    tapMtu?: number;
    agent?: AgentNic;
    xml?: XmlNic;
    qemu?: QemuNic;
}

/** @param reaches names of the guests that this NIC must reach, and those that it does reach */
export function verifyNic(
    declared: DeclaredNic,
    seen: SeenNic | undefined,
    { plug, tapMtu, agent, xml, qemu }: HostSays,
    reaches: { declared: string[]; seen: string[] },
): VerifiedNic {
    const model = declared.model ?? "none";
    const virtio = declared.model === "virtio";
    const rings = (nic: { rxRing?: number; txRing?: number } | undefined) =>
        nic?.rxRing === undefined ? undefined : `${nic.rxRing}/${nic.txRing ?? 256}`;
    const text = (value: number | undefined) => (value === undefined ? undefined : `${value}`);
    const drivers = [seen?.driver, agent?.driver].filter((driver) => driver !== undefined);
    const by = plug.kind === "linux" ? "kernel" : "Open vSwitch";
    const cells: Cell[] = [
        {
            ...cell("model", model, {
                guest: seen && modelOf(seen.driver),
                "guest agent": agent?.driver && modelOf(agent.driver),
                QEMU: qemu && qemu.model,
            }),
            agrees:
                drivers.length > 0 &&
                drivers.every((driver) => driver === DRIVER_OF[model]) &&
                (!qemu || qemu.model === modelOf(DRIVER_OF[model])),
        },
        cell("queues", `${declared.queues}`, {
            guest: text(seen?.queues),
            "guest agent": text(agent?.queues),
            "domain XML": text(xml?.queues),
            QEMU: text(qemu?.queues),
        }),
        cell("rings RX/TX", `${declared.rxRing}/${declared.txRing}`, {
            guest: seen && `${seen.rxRing}/${seen.txRing}`,
            "domain XML": virtio ? rings(xml) : undefined,
            QEMU: virtio ? rings(qemu) : undefined,
        }),
        cell("MTU", `${declared.mtu}`, {
            guest: text(seen?.mtu),
            "guest agent": text(agent?.mtu),
            "domain XML": text(xml?.mtu),
            kernel: text(tapMtu),
        }),
        cell("plug", declared.plug.bridge, { [by]: plug.bridge }),
        cell("VLAN", declared.plug.vlan === null ? "-" : `${declared.plug.vlan}`, { [by]: plug.vlan }),
        cell("reaches", listed(reaches.declared), { guest: listed(reaches.seen) }),
        // Only a limit that is none is told: no NIC is declared with policing.
        ...(plug.idlePolicing === undefined
            ? []
            : [cell("policing", "none", { "Open vSwitch": `${plug.idlePolicing} kbit/s` })]),
        // Only a domain that asks for vhost can be without it.
        ...(xml?.driver === "vhost" && qemu ? [cell("vhost", "in the kernel", { QEMU: movedBy(qemu) })] : []),
    ];
    return {
        guest: declared.guest,
        nic: declared.nic,
        cells: cells.map((one) => {
            const cause = one.agrees ? undefined : causeOf(one, { seen, xml, qemu });
            return cause === undefined ? one : { ...one, cause };
        }),
    };
}

const movedBy = ({ vhost, backend }: QemuNic) => (vhost || backend !== "tap" ? "in the kernel" : "in userspace");

function cell(field: Cell["field"], declared: string, by: Partial<Record<Witness, string | undefined>>): Cell {
    const said = Object.entries(by).flatMap(([witness, value]): Said[] =>
        value === undefined ? [] : [{ by: witness as Witness, value }],
    );
    const values = new Set(said.map(({ value }) => value));
    return {
        field,
        declared,
        seen:
            values.size > 1 ? said.map(({ by, value }) => `${value} (${by})`).join(", ") : (said[0]?.value ?? "absent"),
        agrees: values.size === 1 && values.has(declared),
        said,
    };
}

const modelOf = (driver = "") => ({ virtio_net: "virtio", "8139cp": "rtl8139" })[driver] ?? driver;
const listed = (guests: string[]) => (guests.length ? [...guests].sort().join(", ") : "nobody");

/** True where every cell of every NIC agrees; an empty table proves nothing, so it agrees only with an empty declaration. */
export const allAgree = (nics: VerifiedNic[]) => nics.every(({ cells }) => cells.every(({ agrees }) => agrees));
