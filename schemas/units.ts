/** The words of the trade, each defined once: its bounds, its unit, its message, its canonical spelling. */
import { z } from "zod";
import { RATE_HELP, rateText, SIZE_HELP, sizeText } from "./amounts";
import { interfaceText } from "./ip-text";
import { vlanRange, vlanText } from "./vlan-range";

/** Longest interface name [bytes]: IFNAMSIZ (16, linux/if.h) less the closing NUL. */
export const MAX_IFNAME = 15;

/** Prefixes that libvirt keeps for its own devices: it drops a target name that starts with one (formatdomain). */
const RESERVED_PREFIXES = ["vnet", "vif", "macvtap", "macvlan"];

/**
 * Name of a network interface or bridge, 1 to 15 bytes.
 *
 * The kernel itself takes `x;id` and `-x`; we do not, because names travel into other programs' arguments.
 */
export const IfName = z
    .string("an interface name is text of 1 to 15 characters out of A-Z a-z 0-9 _ . -")
    .refine((name) => /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}$/.test(name), {
        error:
            "an interface name has 1 to 15 characters out of A-Z a-z 0-9 _ . - and starts with a letter, digit or _; " +
            "shorten or rename it",
        abort: true,
    })
    .refine((name) => !RESERVED_PREFIXES.some((prefix) => name.startsWith(prefix)), {
        error: `names starting with ${RESERVED_PREFIXES.join(", ")} are reserved by libvirt, which drops them; use for example tap-web0`,
    })
    .refine((name) => !["all", "default"].includes(name), {
        error: "all and default are names of the kernel's own settings; choose another name",
    })
    .describe("Name of a network interface: 1 to 15 characters out of A-Z a-z 0-9 _ . -.");

/** Logical name of a guest, NIC or VLAN: what people and logs call it. */
export const Label = z.string("a name is text").regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/, {
    error: "a name has 1 to 63 characters out of A-Z a-z 0-9 _ . - and starts with a letter or digit",
});

/** 802.1Q VLAN identifier. 0 and 4095 are reserved by IEEE 802.1Q, so neither names a VLAN. */
export const VlanId = z
    .int("a VLAN id is a whole number from 1 to 4094")
    .min(1, "a VLAN id is 1 to 4094: 0 is reserved for priority tags")
    .max(4094, "a VLAN id is 1 to 4094: 4095 is reserved")
    .describe("VLAN id [802.1Q], 1 to 4094.");

/** Descriptors in one virtio-net ring. QEMU takes powers of two from 256 to 1024 (hw/net/virtio-net.c). */
export const GuestRing = z
    .literal([256, 512, 1024], {
        error: "a virtio-net ring has 256, 512 or 1024 descriptors; 4096 and 8192 are sizes of physical NIC rings",
    })
    .describe("Ring size [descriptors]: 256, 512 or 1024.");

/** Queue pairs of one virtio NIC. A tap has at most 256 (drivers/net/tun.c MAX_TAP_QUEUES). */
export const Queues = z
    .int("queues is a whole number of queue pairs from 1 to 256")
    .min(1, "a NIC has 1 to 256 queue pairs; use 1 for a single queue")
    .max(256, "a tap has at most 256 queue pairs; use the number of vCPUs, at most 8 unless measured")
    .describe("Queue pairs [count], 1 to 256.");

/** IPv4 needs 68 bytes (RFC 791); the kernel's tap driver takes at most 65521 (65535 less the Ethernet header). */
export const Mtu = z
    .int("an MTU is a whole number of bytes from 68 to 65521")
    .min(68, "an MTU is 68 to 65521 bytes; 1500 is usual, 9000 for jumbo frames")
    .max(65521, "an MTU is 68 to 65521 bytes; 1500 is usual, 9000 for jumbo frames")
    .describe("Largest packet [byte], 68 to 65521.");

/** Unicast MAC address, in lower case with colons. */
export const Mac = z
    .string("a MAC address is text such as 52:54:00:12:34:56")
    .refine((mac) => /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(mac), {
        error: "a MAC address is six pairs of hexadecimal digits with colons, such as 52:54:00:12:34:56",
        abort: true,
    })
    .refine((mac) => (parseInt(mac.slice(0, 2), 16) & 1) === 0, {
        error: "a NIC needs a unicast MAC address: the first byte must be even, such as 52:54:00:12:34:56",
    })
    .refine((mac) => !/^00(:00){5}$/.test(mac), {
        error: "the all-zero MAC address names no NIC; leave mac out to derive one",
    })
    .overwrite((mac) => mac.toLowerCase())
    .describe("Unicast MAC address, six pairs of hexadecimal digits.");

/** Host address with its prefix length, IPv4 or IPv6: `10.0.0.11/24`. */
export const AddressWithPrefix = z
    .string("an address is text such as 10.0.0.11/24 or fd00::11/64")
    .refine((text) => interfaceText(text) !== undefined, {
        error: "an address is IPv4 or IPv6 with its prefix length and without a zone, such as 10.0.0.11/24 or fd00::11/64",
    })
    .describe("Address with prefix length, such as 10.0.0.11/24.");

/** Generation of PCI Express whose packets are of any size: what a lane carries follows from its rate and line code. */
export const PcieGeneration = z
    .int("pcieGeneration is a whole number from 1 to 5")
    .min(1, "pcieGeneration is at least 1")
    .max(5, "pcieGeneration is at most 5");

/** Lanes of a PCI Express slot, as a card uses them. */
export const PcieLanes = z.literal([1, 2, 4, 8, 16], { error: "pcieLanes is 1, 2, 4, 8 or 16" });

/** Absolute path of a file on the host. */
export const HostPath = z.string("a path is text").regex(/^\/[^\p{Cc}\p{Cs}\uFFFE\uFFFF]*$/u, {
    error: "a path on the host is absolute, starts with / and has no control characters",
});

function amount(spell: (input: string | number) => string | undefined, help: string) {
    return z.union([z.string(), z.number()], { error: help }).transform((input, context) => {
        const text = spell(input);
        if (text !== undefined) return text;
        context.issues.push({ code: "custom", input, message: help });
        return z.NEVER;
    });
}

/** A rate in its canonical spelling (`2Gbit`); TypeScript may write a number of bit/s. Prefixes are decimal. */
export const Rate = amount(rateText, RATE_HELP).describe(
    'Rate, such as "2Gbit" or "250 MB/s" [bit/s where it is a number].',
);

/** A size in its canonical spelling (`64KiB`); TypeScript may write a number of bytes. */
export const Size = amount(sizeText, SIZE_HELP).describe(
    'Size, such as "64KiB" or "1 MB" [byte where it is a number].',
);

/** VLANs of a trunk in the canonical spelling. */
export const VlanList = vlanList(1);
/** With 0, which stands for frames without a tag. */
export const TrunkList = vlanList(0);

function vlanList(least: 0 | 1) {
    return z
        .array(
            z.union([z.string(), z.number()], { error: 'a VLAN list holds ids and ranges, such as ["10", "20-29"]' }),
            {
                error: 'a VLAN list is an array such as ["10", "20-29"]',
            },
        )
        .transform((entries, context) => {
            const ranges: [number, number][] = [];
            for (const [index, entry] of entries.entries()) {
                const range = vlanRange(String(entry), least);
                if (range) ranges.push(range);
                else
                    context.issues.push({
                        code: "custom",
                        input: entry,
                        path: [index],
                        message: `a VLAN list entry is an id from ${least} to 4094 or an ascending range such as "20-29"`,
                    });
            }
            return vlanText(ranges);
        })
        .describe('VLAN ids and ranges, such as ["10", "20-29"].');
}
