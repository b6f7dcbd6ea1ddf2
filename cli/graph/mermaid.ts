/** A declared environment as a Mermaid flowchart: the same text for the same environment, so that it can be committed. */
import { decideNic } from "../../components/decided-nic";
import { ifName } from "../../components/names";
import type { Environment } from "../../schemas/environment";

type Guest = Environment["guests"][string];
type Nic = Guest["nics"][string];

/** Guests with their NICs, each NIC's tap with its VLAN, and the switch or bridge it is plugged into. */
export function mermaid({ switches, bridges, guests }: Environment): string {
    const plugs = new Map<string, string>();
    const lines = ["flowchart LR"];
    const nics = Object.entries(guests).flatMap(([guest, { nics }], g) =>
        Object.entries(nics).map(([key, nic], n) => ({ id: `g${g}n${n}`, guest, key, nic })),
    );

    Object.entries(guests).forEach(([guest, { vcpus, memoryMiB }], g) => {
        lines.push(`    subgraph g${g}["${label(guest, `${counted(vcpus, "vCPU")}, ${memoryMiB} MiB`)}"]`);
        for (const { id, key, nic } of nics.filter((one) => one.guest === guest))
            lines.push(`        ${id}["${label(key, ...nicWords(nic, vcpus))}"]`);
        lines.push("    end");
    });
    Object.entries(switches).forEach(([name, { datapathType }], s) => {
        plugs.set(name, `s${s}`);
        lines.push(`    s${s}[["${label(name, `Open vSwitch, ${datapathType}`)}"]]`);
    });
    Object.entries(bridges).forEach(([name, { mtu }], b) => {
        plugs.set(name, `b${b}`);
        lines.push(`    b${b}[["${label(name, `Linux bridge, MTU ${mtu}`)}"]]`);
    });
    for (const { id, guest, key, nic } of nics) {
        const vlan = nic.switch === undefined ? "" : `|"${label(vlanWords(nic, switches[nic.switch]!.vlans))}"|`;
        lines.push(
            `    ${id} --- ${id}t(["${label(ifName(guest, key))}"]) ---${vlan} ${plugs.get(nic.switch ?? nic.bridge!)}`,
        );
    }
    return `${lines.join("\n")}\n`;
}

function nicWords(nic: Nic, vcpus: number): string[] {
    const { model, queues, rxRing, txRing, mtu } = decideNic(nic, vcpus, "").nic;
    const rings = model === "virtio" ? [`${counted(queues, "queue")}, RX ${rxRing}, TX ${txRing}`] : [];
    return [model ?? "no model", ...rings, `MTU ${mtu}`, ...(nic.address ? [nic.address] : [])];
}

function vlanWords({ vlan }: Nic, vlans: Record<string, number>): string {
    if (typeof vlan === "string") return `VLAN ${vlans[vlan]} (${vlan})`;
    const name = Object.keys(vlans).find((key) => vlans[key] === vlan);
    return name ? `VLAN ${vlan} (${name})` : `VLAN ${vlan}`;
}

const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? "" : "s"}`;

/** Lines of a label, with every character that Mermaid or HTML would read as its own written as a code. */
const label = (...lines: string[]) =>
    lines
        .map((line) => line.replace(/[^A-Za-z0-9 ,.:/()_-]/gu, (character) => `#${character.codePointAt(0)};`))
        .join("<br/>");
