/** Rules for what a guest's NIC is known by: the name of its tap, and its MAC address. */
import { known } from "../known";
import { hasOthersTap } from "../nics/guest-nic";
import { guestNics } from "../nics/reader";
import { rule } from "../rule";
import { tunedClassic, tunedDomain } from "./examples";
import { FORMATDOMAIN } from "./manuals";

/** Prefixes of names that libvirt makes itself; it drops a target name that starts with one. */
const RESERVED = /^(vnet|vif|macvtap|macvlan)/;

const tapNameReserved = rule({
    id: "tap-name-reserved",
    title: "A tap's name does not start like one of libvirt's own.",
    severity: "medium",
    level: { default: "mandatory" },
    why: "libvirt drops a target name that starts with vnet, vif, macvtap or macvlan: the tap gets another name at each start, and state and host differ.",
    sources: [
        "libvirt formatdomain, Overriding the target element",
        "dmacvicar/terraform-provider-libvirt#1326",
        "tried: vnet77 vanished",
    ],
    url: `${FORMATDOMAIN}#overriding-the-target-element`,
    tags: ["nic", "names"],
    proof: { file: "test/live/bad-nics.spec.ts", shows: "whose tap is named as libvirt's own gets another one" },
    appliesTo: guestNics,
    parameters: {},
    judge(nic) {
        const tap = known(nic.tap);
        if (tap === undefined || !RESERVED.test(tap)) return undefined;
        // Of a tap that others make libvirt keeps the name, or it would not find it.
        if (hasOthersTap(nic)) return undefined;
        // XML of a guest that runs shows the name that libvirt gave.
        if (known(nic.guest.said("runningId")) !== undefined) return undefined;
        return { found: "its tap has a name that libvirt keeps for itself", set: "Set a name such as tap-web0." };
    },
    fix: "Name it for example tap-web0.",
    examples: {
        good: [tunedDomain({ target: { dev: "tap-web0" } }), tunedClassic("")],
        bad: [tunedDomain({ target: { dev: "vnet77" } }), tunedDomain({ target: { dev: "macvtap0" } })],
    },
});

const nicMacMulticast = rule({
    id: "nic-mac-multicast",
    title: "A NIC's MAC address is a unicast one.",
    severity: "high",
    level: { default: "mandatory" },
    why: "The lowest bit of the first byte makes an address a group's: switches flood it, and libvirt refuses to start the guest with it.",
    sources: ["IEEE 802, 8.2.2", "libvirt src/util/virmacaddr.c"],
    url: `${FORMATDOMAIN}#network-interfaces`,
    tags: ["nic", "mac", "start"],
    proof: { file: "test/live/bad-nics.spec.ts", shows: "does not start with a MAC address of a group" },
    appliesTo: guestNics,
    parameters: {},
    judge(nic) {
        const mac = known(nic.mac);
        if (mac === undefined || !/^[0-9a-f]{2}:/i.test(mac) || (parseInt(mac.slice(0, 2), 16) & 1) === 0)
            return undefined;
        return {
            found: "its MAC address is a multicast one",
            set: "Set an address whose first byte is even, such as 52:54:00:12:34:56.",
        };
    },
    fix: "Use an address whose first byte is even.",
    examples: {
        good: [tunedDomain({ mac: { address: "52:54:00:12:34:56" } })],
        bad: [tunedDomain({ mac: { address: "53:54:00:12:34:56" } })],
    },
});

const nicMacForeign = rule({
    id: "nic-mac-foreign",
    title: "A NIC's MAC address is QEMU's or a locally administered one.",
    severity: "low",
    level: { default: "advisory" },
    why: "An address under the prefix of a hardware maker may be that of a real NIC on the same network one day; then both lose frames.",
    sources: [
        "IEEE 802, 8.2.2: the second lowest bit of the first byte marks local administration",
        "QEMU's own prefix is 52:54:00",
    ],
    url: `${FORMATDOMAIN}#network-interfaces`,
    tags: ["nic", "mac"],
    appliesTo: guestNics,
    parameters: {},
    judge(nic) {
        const mac = known(nic.mac);
        if (mac === undefined || !/^[0-9a-f]{2}:/i.test(mac)) return undefined;
        if ((parseInt(mac.slice(0, 2), 16) & 2) !== 0) return undefined;
        return {
            found: "its MAC address is under a hardware maker's prefix",
            set: "Set an address under 52:54:00, or another locally administered one.",
        };
    },
    fix: "Use an address under 52:54:00, or leave it to kvmnet, which derives one.",
    examples: {
        good: [
            tunedDomain({ mac: { address: "52:54:00:12:34:56" } }),
            tunedDomain({ mac: { address: "02:00:00:00:00:01" } }),
        ],
        bad: [tunedDomain({ mac: { address: "00:1b:21:00:00:01" } })],
    },
});

export const identityRules = [tapNameReserved, nicMacMulticast, nicMacForeign];
