/** Holds what was declared of a NIC against what the guest and the host say. Pure: what it judges was read before. */
import type { DeclaredNic } from "../../schemas/declared";

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
export interface SeenPlug {
    bridge?: string;
    vlan?: string;
}

/** One cell of the table: what was declared, what is there, and whether they agree. */
interface Cell {
    field: "model" | "queues" | "rings RX/TX" | "MTU" | "plug" | "VLAN" | "reaches";
    declared: string;
    seen: string;
    agrees: boolean;
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

/** @param reaches names of the guests that this NIC must reach, and those that it does reach */
export function verifyNic(
    declared: DeclaredNic,
    seen: SeenNic | undefined,
    plug: SeenPlug,
    reaches: { declared: string[]; seen: string[] },
): VerifiedNic {
    const cell = (field: Cell["field"], wanted: string, found: string | undefined): Cell => ({
        field,
        declared: wanted,
        seen: found ?? "absent",
        agrees: wanted === found,
    });
    const model = declared.model ?? "none";
    return {
        guest: declared.guest,
        nic: declared.nic,
        cells: [
            { ...cell("model", model, seen && modelOf(seen.driver)), agrees: seen?.driver === DRIVER_OF[model] },
            cell("queues", `${declared.queues}`, seen && `${seen.queues}`),
            cell("rings RX/TX", `${declared.rxRing}/${declared.txRing}`, seen && `${seen.rxRing}/${seen.txRing}`),
            cell("MTU", `${declared.mtu}`, seen && `${seen.mtu}`),
            cell("plug", declared.plug.bridge, plug.bridge),
            cell("VLAN", declared.plug.vlan === null ? "-" : `${declared.plug.vlan}`, plug.vlan),
            cell("reaches", listed(reaches.declared), listed(reaches.seen)),
        ],
    };
}

const modelOf = (driver: string) => (driver === "virtio_net" ? "virtio" : driver);
const listed = (guests: string[]) => (guests.length ? [...guests].sort().join(", ") : "nobody");

/** True where every cell of every NIC agrees; an empty table proves nothing, so it agrees only with an empty declaration. */
export const allAgree = (nics: VerifiedNic[]) => nics.every(({ cells }) => cells.every(({ agrees }) => agrees));
