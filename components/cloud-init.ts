/** What cloud-init in a guest reads at its first boot: who it is, and its network (cloud-init's NoCloud data source). */

/** A NIC as far as the guest must know it. */
export interface CloudInitNic {
    mac: string;
    /** MTU that the guest must set by itself [byte]; absent where its NIC tells it. */
    mtu?: number;
    /** ADDRESS/PREFIX, where the guest sets it by itself. */
    address?: string;
    dhcp: boolean;
    gateway?: string;
    nameservers?: string[];
}

/** Network configuration of version 2: each NIC is found by its MAC address, whatever the guest calls it. */
export function networkConfig(nics: Readonly<Record<string, CloudInitNic>>): string {
    const ethernets = Object.fromEntries(Object.entries(nics).map(([name, nic]) => [name, ethernet(nic)]));
    return yaml({ version: 2, ethernets });
}

function ethernet({ mac, mtu, address, dhcp, gateway, nameservers }: CloudInitNic) {
    const common = { match: { macaddress: mac }, ...(mtu !== undefined && { mtu }) };
    if (dhcp) return { ...common, dhcp4: true };
    return {
        ...common,
        // A NIC without an address is brought up all the same; a guest need not wait for it.
        ...(address === undefined ? { dhcp4: false, optional: true } : { addresses: [address] }),
        ...(gateway !== undefined && {
            routes: [{ to: gateway.includes(":") ? "::/0" : "0.0.0.0/0", via: gateway }],
        }),
        ...(nameservers?.length && { nameservers: { addresses: nameservers } }),
    };
}

/** Metadata: cloud-init runs again where the instance-id differs from that of its last boot. */
export const metaData = (guest: string, more: Readonly<Record<string, string>>): string =>
    yaml({ "instance-id": guest, "local-hostname": guest, ...more });

/** User data of a guest that is told nothing beside its name and network. */
export const NO_USER_DATA = "#cloud-config\n{}\n";

/**
 * YAML that says the same in versions 1.1, which cloud-init reads, and 1.2: what 1.1 alone takes for a number, a boolean or
 * a date is quoted. The package is loaded when it is needed: few guests have such a disk, and every program would load it.
 */
function yaml(content: object): string {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- an import() would make every guest a promise
    const { stringify } = require("yaml") as typeof import("yaml");
    return stringify(content, { compat: "yaml-1.1" });
}
