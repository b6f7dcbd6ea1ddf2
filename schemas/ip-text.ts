/** IP addresses and networks, each in one spelling: that of RFC 5952 for IPv6, with its prefix length where it has one. */
import { Address4, Address6 } from "ip-address";
import { z } from "zod";

const ADDRESS_HELP = "an address is IPv4 or IPv6 without a prefix length, such as 192.0.2.1 or 2001:db8::1";
const INTERFACE_HELP = "an address is IPv4 or IPv6 with its prefix length, such as 10.0.0.11/24 or fd00::11/64";
const NETWORK_HELP =
    "a network is IPv4 or IPv6 with its prefix length, such as 10.0.0.0/8 or 2001:db8::/32; everything is 0.0.0.0/0 or ::/0";

export const isV6 = (text: string): boolean => text.includes(":");

/** Whether an IPv6 address in our spelling is one of fe80::/10, which says nothing without a link. */
export const isLinkLocal = (text: string): boolean => /^fe[89ab]/.test(text);

/** Bits of an address: 32 or 128. */
export const widthOf = (text: string): number => (isV6(text) ? 128 : 32);

/** Undefined for what is no address, and for one with a zone: `fe80::1%eth0` means another one on every link. */
function parsed(text: string): Address4 | Address6 | undefined {
    if (text.includes("%")) return undefined;
    if (Address4.isValid(text)) return new Address4(text);
    return Address6.isValid(text) ? new Address6(text) : undefined;
}

/** @returns `2001:db8::1`, or undefined for what is no address without a prefix length */
export const addressText = (text: string): string | undefined =>
    text.includes("/") ? undefined : parsed(text)?.correctForm();

/** @returns `10.0.0.11/24`, or undefined for what is no address with a prefix length */
export function interfaceText(text: string): string | undefined {
    const address = text.includes("/") ? parsed(text) : undefined;
    return address && `${address.correctForm()}/${address.subnetMask}`;
}

/** @returns `10.0.0.0/8`; an address alone is the network of itself; undefined for what is no network */
export function networkText(text: string): string | undefined {
    const address = parsed(text);
    return address && `${address.correctForm()}/${address.subnetMask}`;
}

/** The network that an address with its prefix length lies in. */
export function networkOf(text: string): string {
    const address = parsed(text);
    return address ? `${address.startAddress().correctForm()}/${address.subnetMask}` : text;
}

/** Whether an address lies in a network, both in our spelling. */
export const isWithin = (address: string, network: string): boolean =>
    isV6(address) === isV6(network) && networkOf(`${address}/${lengthOf(network)}`) === network;

/** Prefix length of a network in our spelling. */
export const lengthOf = (network: string): number => Number(network.split("/")[1]);

/** Text in one spelling, where it can be read. */
const spelled = (read: (text: string) => string | undefined, help: string) =>
    z
        .string(help)
        .refine((text) => read(text) !== undefined, { error: help, abort: true })
        .overwrite((text) => read(text) ?? text);

export const IpAddress = spelled(addressText, ADDRESS_HELP).describe("IPv4 or IPv6 address, such as 192.0.2.1.");

/** Address of an interface: bits beyond the prefix are the host's. */
export const InterfaceAddress = spelled(interfaceText, INTERFACE_HELP).describe(
    "Address with prefix length, such as 10.0.0.11/24.",
);

/** Addresses that share a prefix: no bit is set beyond it. */
export const IpNetwork = spelled(networkText, NETWORK_HELP)
    .refine((text) => networkOf(text) === text, {
        error: ({ input }) =>
            `a network has no bits beyond its prefix length; write ${networkOf(String(input))}, or give the address alone with /${widthOf(String(input))}`,
    })
    .describe("Network with prefix length, such as 10.0.0.0/8.");

/**
 * A link of the host that is there already, whoever made it: beside our own names it may have one that libvirt gave,
 * such as vnet0.
 */
export const LinkName = z
    .string("a link's name is text of 1 to 15 characters out of A-Z a-z 0-9 _ . -")
    .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}$/, {
        error:
            "a link's name has 1 to 15 characters out of A-Z a-z 0-9 _ . - and starts with a letter, digit or _; " +
            "name it as `ip link` shows it",
    })
    .refine((name) => !["all", "default"].includes(name), {
        error: "all and default are names of the kernel's own settings and no links; name one link",
    })
    .describe("Name of a link: 1 to 15 characters out of A-Z a-z 0-9 _ . -.");

/**
 * The address that comes `steps` after another in the same network: `10.0.0.12/24` one after `10.0.0.11/24`.
 *
 * @returns undefined where the network ends before it, or it would be its broadcast address
 */
export function addressAfter(text: string, steps: number): string | undefined {
    const first = parsed(text);
    if (!first) return undefined;
    const number = first.bigInt() + BigInt(steps);
    const last = first.endAddress().bigInt() - (isV6(text) || first.subnetMask > 30 ? 0n : 1n);
    if (number > last) return undefined;
    const family = isV6(text) ? Address6 : Address4;
    return `${family.fromBigInt(number).correctForm()}/${first.subnetMask}`;
}
