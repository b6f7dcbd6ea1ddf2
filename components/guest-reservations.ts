/** What guests' NICs have a DHCP service reserve for them. */
import type * as pulumi from "@pulumi/pulumi";
import { ReservedName, type DhcpServer } from "../schemas/dhcp";
import { addressText, networkOf } from "../schemas/ip-text";
import { entriesOf, type Say } from "../schemas/named";
import { LinuxBridge } from "./linux-bridge";
import type { TunedVirtioNic } from "./tuned-virtio-nic";
import type { VirtualMachine } from "./virtual-machine";

type Reservations = DhcpServer["reservations"];

/** What a NIC declares for itself, and the name under which dnsmasq is told of it. */
export interface Claim {
    guest: string;
    nic: string;
    name: string;
    reservation: Reservations[string];
}

/** The network of a DHCP service: by the service's own address, and by what it is plugged into. */
export interface ServedNetwork {
    address: string;
    vlan?: string | number;
    bridge?: LinuxBridge | pulumi.Input<string>;
}

/** A guest's own name stands for its NIC in the network; where it has several, each has its own behind it. */
export function claimsOf(guests: readonly VirtualMachine[], network: ServedNetwork): Claim[] {
    return [...new Set(guests)].flatMap(({ domainName, nics }) => {
        const served = Object.entries(nics).filter(([, nic]) => isServed(nic, network));
        return served.map(([nic, { decided, address }]) => ({
            guest: domainName,
            nic,
            name: (served.length > 1 ? `${domainName}-${nic}` : domainName).replace(/[^A-Za-z0-9-]/g, "-"),
            reservation: { mac: decided.mac, ...(address !== undefined && familyOf(address)) },
        }));
    });
}

/** Tells of each NIC that dnsmasq could not tell from another, and of the address that the service has itself. */
export function checkClaims(claims: Claim[], service: { address: string; reservations: unknown }, say: Say): void {
    const own = addressText(String(service.address).split("/")[0] ?? "");
    const names = new Map<string, Claim>();
    const addresses = new Map<string, Claim>();
    const byHand = new Map(entriesOf(service.reservations as Reservations));
    for (const claim of claims) {
        const path = ["guests", claim.guest, "nics", claim.nic];
        const unfit = ReservedName.safeParse(claim.name).error?.issues[0];
        if (unfit) say(path, `dnsmasq would be told the name ${claim.name}: ${unfit.message}`);
        const twin = names.get(claim.name);
        if (twin) say(path, `its name for dnsmasq is ${claim.name}, as that of ${shown(twin)}; rename one of them`);
        const written = byHand.get(claim.name)?.mac;
        if (written !== undefined && String(written).toLowerCase() !== claim.reservation.mac)
            say(
                ["reservations", claim.name],
                `${shown(claim)} has this name and another MAC address; give the reservation another name, or leave the guest out of guests`,
            );
        names.set(claim.name, claim);

        const address = claim.reservation.address ?? claim.reservation.ipv6Address;
        if (address === undefined) continue;
        const holder = addresses.get(address);
        if (address === own) say([...path, "address"], `${address} is the service's own address; set another one`);
        else if (holder) say([...path, "address"], `${address} is that of ${shown(holder)} already; set another one`);
        addresses.set(address, claim);
    }
}

/** What is written by hand for a NIC stands in place of what it declares. */
export const withClaims = (claims: Claim[], byHand: Reservations): Reservations => ({
    ...Object.fromEntries(claims.map(({ name, reservation }) => [name, reservation])),
    ...byHand,
});

const shown = ({ guest, nic }: Claim) => `NIC ${nic} of guest ${guest}`;

function isServed({ network: nic, address }: TunedVirtioNic, network: ServedNetwork): boolean {
    const alike = (nic.bridge === undefined) === (network.bridge === undefined) && nic.vlan === network.vlan;
    if (!nic.dhcp || !alike) return false;
    return address === undefined ? mayBeOne(nic.bridge, network.bridge) : isWithin(network.address, address);
}

/** Of a bridge that another resource names nobody knows which one it is. */
function mayBeOne(one: ServedNetwork["bridge"], other: ServedNetwork["bridge"]): boolean {
    const known =
        (one instanceof LinuxBridge && other instanceof LinuxBridge) ||
        (typeof one === "string" && typeof other === "string");
    return !known || one === other;
}

/** By the network's prefix length: the guest may have another. */
function isWithin(own: string, address: string): boolean {
    const [alone, prefix] = [address.split("/")[0], own.split("/")[1]];
    return networkOf(`${alone}/${prefix}`) === networkOf(own);
}

function familyOf(address: string) {
    const [text = address] = address.split("/");
    const alone = addressText(text) ?? text;
    return alone.includes(":") ? { ipv6Address: alone } : { address: alone };
}
