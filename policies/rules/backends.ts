/** Rules for what a NIC is plugged into: macvtap, vhost-user, VLANs and filters by libvirt. */
import { known, NotKnown, placeOf } from "../known";
import { type GuestNic, onOpenVSwitch, toChange } from "../nics/guest-nic";
import { guestNics } from "../nics/reader";
import { rule } from "../rule";
import { made, tunedClassic, tunedDomain, vhostUserDomain } from "./examples";
import { FORMATDOMAIN } from "./manuals";
import { tagged } from "./tagged";

const macvtapMode = rule({
    id: "macvtap-mode",
    title: "A macvtap NIC says its mode.",
    severity: "medium",
    level: { default: "mandatory" },
    why: "Without a mode libvirt takes vepa, which sends every frame to the outer switch and needs one that sends it back (hairpin); guests of one host then do not hear each other.",
    sources: ["libvirt formatdomain, Direct attachment to physical interface"],
    url: `${FORMATDOMAIN}#direct-attachment-to-physical-interface`,
    tags: ["nic", "macvtap"],
    proof: { file: "test/live/bad-nics.spec.ts", shows: "on macvtap without a mode is given vepa" },
    appliesTo: guestNics,
    parameters: {},
    judge(nic) {
        if (known(nic.backend) !== "direct" || known(nic.said("directMode")) !== undefined) return undefined;
        return { found: "its macvtap has no mode", set: toChange(nic, "directMode", "bridge") };
    },
    fix: 'Say "bridge", or "passthrough" for a NIC of the guest\'s own.',
    examples: {
        good: [
            tunedDomain({ source: { direct: { dev: "eth1", mode: "bridge" } } }),
            tunedDomain({ source: { bridge: { bridge: "br0" } } }),
        ],
        bad: [tunedDomain({ source: { direct: { dev: "eth1" } } })],
    },
});

const macvtapPassthrough = rule({
    id: "sec-macvtap-passthrough",
    title: "A guest does not choose the addresses that its host's NIC answers to.",
    severity: "medium",
    level: { default: "advisory" },
    why: "In mode passthrough, and with trustGuestRxFilters, the guest sets MAC address, multicast groups and VLANs of the host's NIC.",
    sources: ["libvirt formatdomain, trustGuestRxFilters"],
    url: `${FORMATDOMAIN}#network-interfaces`,
    tags: ["security", "macvtap"],
    appliesTo: guestNics,
    parameters: {},
    judge(nic) {
        if (known(nic.said("trustGuestRxFilters")) === "yes")
            return { found: "it trusts the guest's receive filters", set: toChange(nic, "trustGuestRxFilters") };
        if (known(nic.backend) !== "direct" || known(nic.said("directMode")) !== "passthrough") return undefined;
        return { found: "its macvtap is in mode passthrough", set: toChange(nic, "directMode", "bridge") };
    },
    fix: "Use mode bridge, or exempt the NIC with the reason why its guest may.",
    examples: {
        good: [tunedDomain({ source: { direct: { dev: "eth1", mode: "bridge" } } })],
        bad: [
            tunedDomain({ source: { direct: { dev: "eth1", mode: "passthrough" } } }),
            tunedDomain({ source: { bridge: { bridge: "br0" } }, trustGuestRxFilters: "yes" }),
        ],
    },
});

const vhostuserSharedMem = rule({
    id: "vhostuser-shared-mem",
    title: "A guest with vhost-user shares its memory.",
    severity: "high",
    level: { default: "mandatory" },
    why: "The switch reads the guest's memory from another process. libvirt defines a guest without shared memory all the same, and the NIC then fails when the guest starts.",
    sources: ["Open vSwitch, topics/dpdk/vhost-user", "tried: virsh define takes it without complaint"],
    url: `${FORMATDOMAIN}#vhost-user-interface`,
    tags: ["nic", "vhost-user", "start"],
    proof: { notShown: "The switch of a lab has no DPDK, so no guest there is behind a vhost-user switch." },
    appliesTo: guestNics,
    parameters: {},
    judge(nic) {
        if (known(nic.backend) !== "vhostuser") return undefined;
        const shared = [nic.guest.said("memoryAccess"), nic.guest.said("cellAccess")].map(known).includes("shared");
        if (shared) return undefined;
        return {
            found: "it is a vhost-user NIC, and its guest's memory is not shared",
            set: "Set memoryBacking.memoryAccess.mode to \"shared\" (XML: <memoryBacking><access mode='shared'/></memoryBacking>), with huge pages for DPDK.",
        };
    },
    fix: "Give the guest shared memory, in huge pages for a DPDK switch.",
    examples: {
        good: [vhostUserDomain({}), tunedDomain({ source: { bridge: { bridge: "br0" } } })],
        bad: [vhostUserDomain({}, {}, { memoryBacking: { memoryHugePages: {} } })],
    },
});

const vhostuserMode = rule({
    id: "vhostuser-mode",
    title: "QEMU is the server of a vhost-user socket, or connects again.",
    severity: "high",
    level: { default: "mandatory" },
    why: "With QEMU as the client a restart of the switch ends the NIC until the guest restarts, unless it reconnects. dpdkvhostuser ports, which are the server, are deprecated in Open vSwitch.",
    sources: [
        "Open vSwitch, topics/dpdk/vhost-user",
        "libvirt formatdomain, vhost-user interface (reconnect since 4.1)",
    ],
    url: `${FORMATDOMAIN}#vhost-user-interface`,
    tags: ["nic", "vhost-user"],
    proof: {
        file: "test/live/bad-nics.spec.ts",
        shows: "that is the client of a vhost-user socket does not start without the switch",
    },
    appliesTo: guestNics,
    parameters: {},
    judge(nic) {
        if (known(nic.backend) !== "vhostuser" || known(nic.said("socketMode")) !== "client") return undefined;
        const found = "QEMU is the client of its vhost-user socket";
        if (known(nic.said("reconnect")) === "yes")
            return { found, set: toChange(nic, "socketMode", "server"), remark: true };
        return { found: `${found} and does not reconnect`, set: toChange(nic, "socketMode", "server") };
    },
    fix: "Make QEMU the server and the port a dpdkvhostuserclient.",
    examples: {
        good: [vhostUserDomain({ path: "/run/vhu0", mode: "server" })],
        bad: [vhostUserDomain({ path: "/run/vhu0", mode: "client" })],
    },
});

const vhostuserSocket = rule({
    id: "sec-vhostuser-socket",
    title: "A vhost-user socket lies in a folder that only the switch and QEMU enter.",
    severity: "high",
    level: { default: "advisory", security: "mandatory" },
    why: "Whoever connects to the socket reads and writes the guest's memory.",
    sources: ["QEMU docs/interop/vhost-user.rst: the front end hands over file descriptors of guest memory"],
    url: "https://www.qemu.org/docs/master/interop/vhost-user.html",
    tags: ["security", "vhost-user"],
    appliesTo: guestNics,
    parameters: {},
    judge(nic) {
        if (known(nic.backend) !== "vhostuser") return undefined;
        const path = known(nic.said("socketPath"));
        if (path === undefined || !/^\/(tmp|var\/tmp|dev\/shm|home)\//.test(path)) return undefined;
        return {
            found: "its vhost-user socket lies in a folder that everybody may enter",
            set: "Move the socket below /run or /var/lib, into a folder of mode 0750 that belongs to root and QEMU's group.",
        };
    },
    fix: "Keep the socket in a folder of mode 0750 below /run.",
    examples: {
        good: [vhostUserDomain({ path: "/run/openvswitch/v" })],
        bad: [vhostUserDomain({ path: "/tmp/v" })],
    },
});

/** What libvirt hands no VLAN to, in words of its own. */
const WITHOUT_VLANS: Readonly<Partial<Record<string, string>>> = {
    bridge: "on a Linux bridge",
    network: "on a network of libvirt's own",
    direct: "on a macvtap that is not in mode passthrough",
};

/** Whether libvirt hands on a NIC's VLAN (src/conf/domain_conf.c, virDomainActualNetDefValidate). @throws NotKnown */
function takesVlan(nic: GuestNic, libvirt: number): boolean {
    switch (known(nic.backend)) {
        case undefined:
        case "hostdev":
            return true;
        case "direct":
            return known(nic.said("directMode")) === "passthrough";
        case "bridge":
            return libvirt >= 11 || onOpenVSwitch(nic);
        case "network":
            if (!nic.network) throw new NotKnown("the network that it is on was not read");
            return false;
        default:
            return false;
    }
}

const vlanBackend = rule({
    id: "vlan-backend",
    title: "A VLAN tag stands only on a NIC whose switch takes it.",
    severity: "critical",
    level: { default: "mandatory" },
    why: "libvirt hands a VLAN to Open vSwitch and to virtual functions alone, and since 11.0 to a plain Linux bridge. For any other NIC it defines the domain, and the guest does not start, or its frames go untagged.",
    sources: ["libvirt formatdomain, Setting VLAN tag", "libvirt issues 157 and 767", "tried: libvirt 9.0 defines it"],
    url: `${FORMATDOMAIN}#setting-vlan-tag-on-supported-network-types-only`,
    tags: ["nic", "vlan"],
    proof: {
        file: "test/live/bad-nics.spec.ts",
        shows: "with a VLAN on a plain bridge does not start, and does on Open vSwitch",
    },
    appliesTo: guestNics,
    parameters: {
        libvirt: {
            describe: "Major version of libvirt on the hosts; 11 and newer take VLANs on Linux bridges.",
            value: { default: 9 },
            minimum: 1,
            maximum: 99,
        },
    },
    judge(nic, { libvirt }) {
        // Proxmox VE plugs the tap and sets the VLAN by itself.
        if (nic.written.line === "proxmox" || known(nic.said("vlanTag")) === undefined) return undefined;
        if (takesVlan(nic, libvirt)) return undefined;
        const backend = known(nic.backend) ?? "";
        return {
            found: `it has a VLAN tag ${WITHOUT_VLANS[backend] ?? `on a NIC of type ${backend}`}`,
            set: "Plug it into an Open vSwitch bridge, or let kvmnet's BridgePort or Port carry the VLAN.",
        };
    },
    fix: "Use Open vSwitch, or a VLAN-aware bridge whose port has the VLAN.",
    examples: {
        good: [
            tunedDomain({
                source: { bridge: { bridge: "br0" } },
                virtualPort: { params: { openVSwitch: {} } },
                vlan: { tags: [{ id: 100 }] },
            }),
            tunedDomain({ managed: true, source: { hostdev: {} }, vlan: { tags: [{ id: 100 }] } }),
        ],
        bad: [
            tunedDomain({ source: { bridge: { bridge: "br0" } }, vlan: { tags: [{ id: 100 }] } }),
            tunedDomain({ source: { ethernet: {} }, target: { dev: "tap0" }, vlan: { tags: [{ id: 100 }] } }),
            tunedDomain({ source: { user: {} }, vlan: { tags: [{ id: 100 }] } }),
            tunedDomain({ source: { direct: { dev: "eth1", mode: "bridge" } }, vlan: { tags: [{ id: 100 }] } }),
        ],
    },
});

const vlanRange = rule({
    id: "vlan-range",
    title: "A VLAN id is 1 to 4094.",
    severity: "critical",
    level: { default: "mandatory" },
    why: "802.1Q reserves 0 for priority tags and 4095 for implementations. Open vSwitch takes both without a word; what they then carry is no VLAN.",
    sources: ["IEEE 802.1Q, 9.6", "tried: ovs-vsctl takes 0 and 4095"],
    url: `${FORMATDOMAIN}#setting-vlan-tag-on-supported-network-types-only`,
    tags: ["vlan", "security"],
    proof: { file: "test/live/bad-nics.spec.ts", shows: "is given VLAN 4095 by libvirt and the switch without a word" },
    appliesTo: tagged,
    parameters: {},
    judge({ tags, trunks, set }) {
        const place = placeOf(tags, (tag) => !/^\d{1,4}$/.test(tag) || Number(tag) < 1 || Number(tag) > 4094);
        const which = tags.length > 1 ? `VLAN id number ${place + 1}` : "VLAN id";
        if (place >= 0) return { found: `its ${which} is outside of 1 to 4094`, set };
        // VLAN 0 of a trunk is what has no tag.
        const beyond = known(trunks).some((range) =>
            String(range)
                .split("-")
                .map(Number)
                .some((id) => id > 4094),
        );
        return beyond ? { found: "its trunks go beyond VLAN 4094", set } : undefined;
    },
    fix: "Use an id from 1 to 4094.",
    examples: {
        good: [tunedDomain({ vlan: { tags: [{ id: 4094 }] } })],
        bad: [
            tunedDomain({ vlan: { tags: [{ id: 4095 }] } }),
            tunedDomain({ vlan: { tags: [{ id: 0 }] } }),
            made("ovs:Port", { name: "tap0", bridge: "br0", tag: 4095 }),
        ],
    },
});

const nwfilterOnOvs = rule({
    id: "sec-nwfilter-on-ovs",
    title: "A filter of libvirt stands where it acts.",
    severity: "high",
    level: { default: "advisory", security: "mandatory" },
    why: "libvirt's network filters are ebtables and iptables rules on a Linux bridge; frames in Open vSwitch do not pass them, so the guest is as free as without.",
    sources: ["libvirt formatnwfilter: filters are instantiated by ebtables, iptables and ip6tables"],
    url: "https://libvirt.org/formatnwfilter.html",
    tags: ["security", "spoofing"],
    appliesTo: guestNics,
    parameters: {},
    judge(nic) {
        if (known(nic.said("filter")) === undefined || !onOpenVSwitch(nic)) return undefined;
        return {
            found: "it has a filter of libvirt, and Open vSwitch carries it",
            set: "Use flows of kvmnet's Flows or port security of VlanTap, and take the filter away.",
        };
    },
    fix: "Filter by OpenFlow on Open vSwitch.",
    examples: {
        good: [
            tunedDomain({
                source: { bridge: { bridge: "br0" } },
                filterRef: { filter: "clean-traffic", parameters: [{ name: "IP", value: "10.0.0.5" }] },
            }),
        ],
        bad: [
            tunedDomain({
                source: { bridge: { bridge: "br0" } },
                virtualPort: { params: { openVSwitch: {} } },
                vlan: { tags: [{ id: 10 }] },
                filterRef: { filter: "no-mac-spoofing" },
            }),
        ],
    },
});

const cleanTrafficNeedsIp = rule({
    id: "sec-clean-traffic-needs-ip",
    title: "The filter clean-traffic is told the guest's address.",
    severity: "medium",
    level: { default: "advisory" },
    why: "Without the parameter IP the filter takes the first address that the guest sends from, which is the guest's choice.",
    sources: ["libvirt formatnwfilter, Automatic IP address detection"],
    url: "https://libvirt.org/formatnwfilter.html#automatic-ip-address-detection",
    tags: ["security", "spoofing"],
    appliesTo: guestNics,
    parameters: {},
    judge(nic) {
        const filter = known(nic.said("filter"));
        if (filter === undefined || !filter.startsWith("clean-traffic")) return undefined;
        if (known(nic.said("filterParameter")) !== undefined) return undefined;
        return {
            found: "its filter is told no address",
            set: "Give the filter the parameter IP with the guest's address, or CTRL_IP_LEARNING=dhcp with a DHCPSERVER.",
        };
    },
    fix: "Give the filter the parameter IP.",
    examples: {
        good: [
            tunedDomain({ filterRef: { filter: "clean-traffic", parameters: [{ name: "IP", value: "10.0.0.5" }] } }),
        ],
        bad: [tunedDomain({ filterRef: { filter: "clean-traffic" } })],
    },
});

const riskyVirtioFeatures = rule({
    id: "sec-risky-virtio-features",
    title: "Hash reports and in-device RSS of virtio-net stay off unless wanted.",
    severity: "medium",
    level: { default: "advisory" },
    why: "These parts of QEMU's device had memory faults that a guest could reach (CVE-2023-6693 in the hash report), and without a driver that uses them they bring nothing.",
    sources: ["CVE-2023-6693", "QEMU issues 3879 and 4166"],
    url: `${FORMATDOMAIN}#setting-nic-driver-specific-options`,
    tags: ["security", "nic"],
    appliesTo: guestNics,
    parameters: {},
    judge(nic) {
        const on = (["rss", "rssHashReport"] as const).find((field) => known(nic.said(field)) === "on");
        return on && { found: `its driver has ${on} on`, set: toChange(nic, on) };
    },
    fix: "Take the setting away.",
    examples: {
        good: [tunedDomain({ driver: { rss: "off" } })],
        bad: [tunedDomain({ driver: { rssHashReport: "on" } }), tunedClassic('<driver rss="on"/>')],
    },
});

export const backendRules = [
    macvtapMode,
    macvtapPassthrough,
    vhostuserSharedMem,
    vhostuserMode,
    vhostuserSocket,
    vlanBackend,
    vlanRange,
    nwfilterOnOvs,
    cleanTrafficNeedsIp,
    riskyVirtioFeatures,
];
