/** Rules for how packets pass between a guest's NIC and its host: vhost, mergeable buffers, offloads. */
import { known } from "../known";
import { isVirtio, numberSaid, toChange } from "../nics/guest-nic";
import { guestNics } from "../nics/reader";
import { rule } from "../rule";
import { tunedClassic, tunedDomain } from "./examples";
import { FORMATDOMAIN } from "./manuals";

/** Interface types whose packets vhost-net can move. */
const TAPS = ["bridge", "network", "ethernet", "direct"];

const vhostExplicit = rule({
    id: "vhost-explicit",
    title: "A virtio NIC of a KVM guest says that vhost-net moves its packets.",
    severity: "medium",
    level: { default: "advisory", throughput: "mandatory" },
    why:
        "libvirt falls back to QEMU's own loop in silence where vhost_net is missing on the host. Naming the driver vhost makes that an " +
        "error at start; naming qemu gives it up on purpose.",
    sources: ["libvirt formatdomain, Setting NIC driver-specific options"],
    url: `${FORMATDOMAIN}#setting-nic-driver-specific-options`,
    tags: ["nic", "performance"],
    appliesTo: guestNics,
    parameters: {},
    judge(nic) {
        if (known(nic.guest.said("type")) !== "kvm") return undefined;
        if (!isVirtio(nic) || !TAPS.includes(known(nic.backend) ?? "")) return undefined;
        const driver = known(nic.said("driver"));
        if (driver === "vhost") return undefined;
        const set = toChange(nic, "driver", "vhost");
        return driver === undefined
            ? { found: "its driver has no name", set, remark: true }
            : { found: `its driver is ${driver}`, set };
    },
    fix: 'Name the driver "vhost", and load vhost_net on the host.',
    examples: {
        good: [
            tunedDomain(
                { model: { type: "virtio" }, source: { bridge: { bridge: "br0" } }, driver: { name: "vhost" } },
                { type: "kvm" },
            ),
            tunedDomain({ source: { bridge: { bridge: "br0" } } }, { type: "qemu" }),
        ],
        bad: [
            tunedDomain({ source: { bridge: { bridge: "br0" } }, driver: { name: "qemu" } }, { type: "kvm" }),
            tunedClassic('<driver name="qemu"/>'),
        ],
    },
});

const jumboMrgRxbuf = rule({
    id: "jumbo-mrg-rxbuf",
    title: "A NIC with jumbo frames keeps mergeable receive buffers.",
    severity: "high",
    level: { default: "mandatory" },
    why: "Without mergeable buffers a frame must fit into one descriptor chain of its own, and jumbo frames by vhost-user do not arrive at all.",
    sources: ["Open vSwitch, topics/dpdk/jumbo-frames", "libvirt formatdomain, mrg_rxbuf"],
    url: `${FORMATDOMAIN}#setting-nic-driver-specific-options`,
    tags: ["nic", "mtu"],
    proof: {
        notShown: "The switch of a lab has no DPDK, so no guest there is behind a vhost-user switch.",
    },
    appliesTo: guestNics,
    parameters: {},
    judge(nic) {
        const mtu = numberSaid(nic, "mtu");
        if (mtu === undefined || mtu <= 1500 || known(nic.said("mrgRxbuf")) !== "off") return undefined;
        return { found: `its MTU is ${mtu} and mrg_rxbuf is off`, set: toChange(nic, "mrgRxbuf") };
    },
    fix: "Take mrg_rxbuf=off away.",
    examples: {
        good: [
            tunedDomain({ mtu: { size: 9000 } }),
            tunedDomain({ mtu: { size: 1500 }, driver: { host: { mrgRxBuf: "off" } } }),
        ],
        bad: [
            tunedDomain({ mtu: { size: 9000 }, driver: { host: { mrgRxBuf: "off" } } }),
            tunedClassic('<mtu size="9000"/><driver><host mrg_rxbuf="off"/></driver>'),
        ],
    },
});

const OFFLOADS = ["hostCsum", "hostGso", "hostTso4", "hostTso6", "guestCsum", "guestTso4", "guestTso6"] as const;

const offloadDisabled = rule({
    id: "offload-disabled",
    title: "Checksum and segmentation offloads stay on.",
    severity: "low",
    level: { default: "advisory" },
    why: "With offloads off every frame of the MTU is built and checked by itself: in one measurement TCP between two namespaces on a Linux bridge fell to 1/3.7.",
    sources: ["libvirt formatdomain, Setting NIC driver-specific options", "own measurement, ratio of one run"],
    url: `${FORMATDOMAIN}#setting-nic-driver-specific-options`,
    tags: ["nic", "performance"],
    appliesTo: guestNics,
    parameters: {},
    judge(nic) {
        const off = OFFLOADS.filter((field) => known(nic.said(field)) === "off");
        const [first] = off;
        if (first === undefined) return undefined;
        return { found: `its offloads ${off.join(", ")} are off`, set: toChange(nic, first) };
    },
    fix: "Take the setting away, unless the guest forwards packets with DPDK.",
    examples: {
        good: [tunedDomain({ driver: { host: { csum: "on" } } }), tunedClassic("<driver/>")],
        bad: [
            tunedDomain({ driver: { host: { gso: "off" } } }),
            tunedClassic('<driver><guest csum="off" tso4="off"/></driver>'),
        ],
    },
});

export const packetPathRules = [vhostExplicit, jumboMrgRxbuf, offloadDisabled];
