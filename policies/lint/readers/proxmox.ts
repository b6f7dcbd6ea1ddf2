/** VM configuration of Proxmox VE, as in /etc/pve/qemu-server/100.conf (qm.conf(5)); snapshots in it are passed over. */
import { basename } from "node:path";
import { known, type Maybe, maybe, NotKnown } from "../../known";
import { PROXMOX_VM, type ProxmoxVm } from "../../nics/proxmox";
import { type ReadSource, Unreadable } from "../source";

export const readProxmox: ReadSource = ({ file, text }) => {
    const settings = new Map<string, { value: string; line: number }>();
    for (const [index, raw] of text.split("\n").entries()) {
        const line = raw.trim();
        if (line.startsWith("[")) break;
        if (line === "" || line.startsWith("#")) continue;
        const [, key, value] = /^([a-z][a-z0-9_-]*):\s*(.*)$/i.exec(line) ?? [];
        if (key === undefined || value === undefined)
            throw new Unreadable(`${file}:${index + 1} is no setting of a Proxmox VM: one is \`key: value\`.`);
        settings.set(key, { value, line: index + 1 });
    }
    // A container, which no QEMU runs: its NICs are of no model (pct.conf(5)).
    if (settings.has("rootfs")) return [];
    const said = (key: string) => settings.get(key)?.value;
    const count = (key: string): Maybe<number> => {
        const value = said(key) ?? "1";
        return /^\d{1,6}$/.test(value) ? Number(value) : new NotKnown(`${key} is no number`);
    };
    const vm: ProxmoxVm = {
        vcpus: maybe(() =>
            said("vcpus") === undefined ? known(count("cores")) * known(count("sockets")) : known(count("vcpus")),
        ),
        arch: said("arch"),
        isKvm: said("kvm") !== "0",
        machine: machineOf(said("machine")),
        nics: [...settings].flatMap(([key, { value, line }]) =>
            /^net\d{1,2}$/.test(key) ? [{ key, value, line, tap: tapOf(file, key) }] : [],
        ),
    };
    return [
        {
            type: PROXMOX_VM,
            name: said("name") ?? basename(file, ".conf"),
            props: { proxmoxVm: vm },
            position: { file, line: vm.nics[0]?.line ?? 1, column: 1 },
        },
    ];
};

/** `pc-i440fx-7.2+pve1`, `pc-q35-6.0`; undefined where the newest is taken. */
function machineOf(machine: string | undefined): number | undefined {
    const [, version] = /-(\d{1,3}\.\d{1,3})/.exec(machine ?? "") ?? [];
    return version === undefined ? undefined : Number(version);
}

/** Proxmox VE names the tap of `net0` of VM 100 tap100i0. */
function tapOf(file: string, key: string): string | undefined {
    const [, id] = /^(\d{3,9})\.conf$/.exec(basename(file)) ?? [];
    return id === undefined ? undefined : `tap${id}i${key.slice("net".length)}`;
}
