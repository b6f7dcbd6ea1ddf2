/** Guests in libvirt's XML. */
import { type Case, EVERY_VLAN, guest, nic, NO_MODEL } from "./cases";

const LIBVIRT = "libvirt/libvirt tests/qemuxmlconfdata";
const VIRT_MANAGER = "virt-manager/virt-manager tests/data/cli/compare";
const NIXVIRT = "AshleyYakeley/NixVirt checks/domain";
const DEPLOYER = "dorzheh/deployer config/metadata/libvirt/default_metadata_network.go";
const RECONNECT = "when the switch restarts, the client without reconnection has no network until the guest restarts";
const VIRTIO = "<model type='virtio'/>";
const MAC = (last: string) => `52:54:00:10:00:${last}`;

export const domains: Case[] = [
    {
        origin: `${LIBVIRT}/net-virtio-teaming.xml`,
        about: "Two failover pairs: a virtio NIC stands in for a virtual function while the guest migrates, and both have one address.",
        ...guest(
            [
                nic("user", MAC("01"), VIRTIO, "<teaming type='persistent'/><alias name='ua-one'/>"),
                nic("user", MAC("02"), VIRTIO, "<teaming type='persistent'/><alias name='ua-two'/>"),
                `<interface type='hostdev' managed='yes'><mac address='${MAC("01")}'/><source><address type='pci' domain='0' bus='3' slot='7' function='1'/></source><teaming type='transient' persistent='ua-one'/></interface>`,
                `<interface type='hostdev' managed='yes'><mac address='${MAC("02")}'/><source><address type='pci' domain='0' bus='3' slot='7' function='2'/></source><teaming type='transient' persistent='ua-two'/></interface>`,
            ],
            { type: "qemu", vcpus: 1 },
        ),
        mandatory: {},
        advisory: ["ring-undersized"],
        mended: "nic-mac-duplicate took the shared address of a pair for a mistake",
    },
    {
        origin: `${LIBVIRT}/net-openvswitch.xml`,
        about: "A NIC on Open vSwitch that carries three VLANs as a trunk, of the model rtl8139.",
        ...guest(
            [
                nic(
                    "network",
                    MAC("03"),
                    "<source network='plug'/><vlan trunk='yes'><tag id='42'/><tag id='48'/><tag id='456'/></vlan>",
                    "<virtualport type='openvswitch'/><model type='rtl8139'/>",
                ),
            ],
            { type: "qemu", vcpus: 1 },
        ),
        mandatory: { "nic-model-legacy": "an emulated 10/100 Mb/s card has no queues and no offloads" },
        advisory: ["sec-trunk-to-guest"],
    },
    {
        origin: `${LIBVIRT}/net-vhostuser-multiq.xml`,
        about: "vhost-user NICs with QEMU as server, and as client with and without reconnection; the guest's memory is shared.",
        ...guest(
            [
                nic("vhostuser", MAC("04"), "<source type='unix' path='/run/sw/a' mode='server'/>", VIRTIO),
                nic(
                    "vhostuser",
                    MAC("05"),
                    "<source type='unix' path='/run/sw/b' mode='client'><reconnect enabled='yes' timeout='10'/></source>",
                    VIRTIO,
                ),
                nic(
                    "vhostuser",
                    MAC("06"),
                    "<source type='unix' path='/run/sw/c' mode='client'><reconnect enabled='no'/></source>",
                    VIRTIO,
                    "<driver queues='4'/>",
                ),
            ],
            { type: "qemu", vcpus: 1, head: "<memoryBacking><access mode='shared'/></memoryBacking>" },
        ),
        mandatory: { "vhostuser-mode": RECONNECT },
        advisory: ["vhostuser-mode", "queues-over-vcpu"],
    },
    {
        origin: `${LIBVIRT}/net-vdpa-multiqueue.xml`,
        about: "A vDPA device with two queues for a guest of one vCPU.",
        ...guest([nic("vdpa", MAC("07"), "<source dev='/dev/vhost-vdpa-0'/>", VIRTIO, "<driver queues='2'/>")], {
            type: "qemu",
            vcpus: 1,
        }),
        mandatory: {},
        advisory: ["queues-over-vcpu"],
    },
    {
        origin: `${LIBVIRT}/net-user-passt.xml`,
        about: "User networking by passt with forwarded ports, and an rtl8139 behind it.",
        ...guest(
            [
                nic(
                    "user",
                    MAC("08"),
                    "<model type='rtl8139'/><backend type='passt'/><portForward proto='tcp'><range start='80'/></portForward>",
                ),
            ],
            { type: "qemu", vcpus: 1 },
        ),
        mandatory: { "nic-model-legacy": "an emulated 10/100 Mb/s card has no queues and no offloads" },
        advisory: [],
    },
    {
        origin: `${LIBVIRT}/net-mtu.xml`,
        about: "Two NICs of one NAT network with an MTU each, 1500 and 9000.",
        ...guest(
            [
                nic("network", MAC("09"), "<source network='nat'/>", VIRTIO, "<mtu size='1500'/>"),
                nic("network", MAC("0a"), "<source network='nat'/>", VIRTIO, "<mtu size='9000'/>"),
            ],
            { type: "qemu", vcpus: 1 },
        ),
        mandatory: {},
        advisory: ["ring-undersized"],
    },
    {
        origin: `${LIBVIRT}/net-virtio-disable-offloads.xml`,
        about: "A virtio NIC with every offload and mergeable buffers off, as for a guest that forwards.",
        ...guest(
            [
                nic(
                    "user",
                    "02:22:44:66:88:aa",
                    VIRTIO,
                    "<driver><host csum='off' gso='off' tso4='off' mrg_rxbuf='off'/><guest csum='off' tso4='off'/></driver>",
                ),
            ],
            { type: "qemu", vcpus: 1 },
        ),
        mandatory: {},
        advisory: ["offload-disabled"],
    },
    {
        origin: `${LIBVIRT}/net-mcast.xml`,
        about: "A NIC on a multicast group of QEMU's own, without a model.",
        ...guest([nic("mcast", MAC("0b"), "<source address='230.0.0.1' port='5558'/>")], { type: "qemu", vcpus: 1 }),
        mandatory: { "nic-model-explicit": NO_MODEL },
        advisory: [],
    },
    {
        origin: `${LIBVIRT}/net-coalesce.xml`,
        about: "virtio NICs of a NAT network with interrupt coalescing.",
        ...guest(
            [
                nic(
                    "network",
                    MAC("0c"),
                    "<source network='nat'/>",
                    VIRTIO,
                    "<coalesce><rx><frames max='7'/></rx></coalesce>",
                ),
            ],
            { type: "qemu", vcpus: 1 },
        ),
        mandatory: {},
        advisory: ["ring-undersized"],
    },
    {
        origin: `${LIBVIRT}/aarch64-virt-default-nic.xml`,
        about: "A guest of the ARM machine virt whose NIC has no model, where libvirt takes virtio.",
        ...guest([nic("user", MAC("0d"))], { type: "qemu", arch: "aarch64", vcpus: 1 }),
        mandatory: {},
        advisory: ["ring-undersized"],
    },
    {
        origin: "openvswitch/ovs Documentation/howto/libvirt.rst",
        about: "The how-to's NIC on an Open vSwitch bridge: virtualport, no VLAN, no model.",
        ...guest([nic("bridge", MAC("0e"), "<source bridge='ovsbr'/><virtualport type='openvswitch'/>")]),
        mandatory: { "nic-model-explicit": NO_MODEL, "trunk-unbounded": EVERY_VLAN },
        advisory: [],
    },
    {
        origin: "openvswitch/ovs Documentation/topics/dpdk/vhost-user.rst",
        about: "The DPDK page's guest: huge pages, a shared NUMA cell, two vhost-user NICs with two queues, vCPUs and emulator pinned to the same two CPUs.",
        ...guest(
            [
                nic(
                    "vhostuser",
                    "02:00:00:00:00:01",
                    "<source type='unix' path='/usr/local/var/run/openvswitch/a' mode='client'/>",
                    VIRTIO,
                    "<driver queues='2'><host mrg_rxbuf='on'/></driver>",
                ),
                nic(
                    "vhostuser",
                    "02:00:00:00:00:02",
                    "<source type='unix' path='/usr/local/var/run/openvswitch/b' mode='client'/>",
                    VIRTIO,
                    "<driver queues='2'><host mrg_rxbuf='on'/></driver>",
                ),
            ],
            {
                head:
                    "<memoryBacking><hugepages/></memoryBacking><cputune><vcpupin vcpu='0' cpuset='4'/><vcpupin vcpu='1' cpuset='5'/><emulatorpin cpuset='4,5'/></cputune>" +
                    "<cpu><numa><cell id='0' cpus='0-1' memory='4194304' memAccess='shared'/></numa></cpu>",
            },
        ),
        mandatory: { "vhostuser-mode": RECONNECT },
        advisory: ["pin-emulator", "ring-undersized"],
    },
    {
        origin: `${NIXVIRT}/template-linux-1/expected.xml`,
        about: "The template for a Linux guest: one virtio NIC on libvirt's bridge.",
        ...guest(["<interface type='bridge'><source bridge='virbr0'/><model type='virtio'/></interface>"], {
            vcpus: 4,
        }),
        mandatory: {},
        advisory: ["queues-missing", "ring-undersized", "vhost-explicit"],
    },
    {
        origin: `${NIXVIRT}/template-windows-1/expected.xml`,
        about: "The template for a Windows guest before its drivers are there: a NIC on libvirt's bridge, no model.",
        ...guest(["<interface type='bridge'><source bridge='virbr0'/></interface>"]),
        mandatory: { "nic-model-explicit": `${NO_MODEL}; e1000e is what such a guest has a driver for` },
        advisory: [],
    },
    {
        origin: `${NIXVIRT}/issues/expected.xml`,
        about: "Fields that were once lost on the way: a vhost-user NIC of a guest whose memory is not shared, and a NIC with five queues and no model.",
        ...guest(
            [
                "<interface type='vhostuser'><source mode='client' type='unix' path='/tmp/vhost.sock'><reconnect enabled='yes' timeout='10'/></source></interface>",
                "<interface type='network'><source network='default'/><driver name='vhost' queues='5' rx_queue_size='256' tx_queue_size='256'><host csum='off' gso='off'/></driver></interface>",
            ],
            { vcpus: 1 },
        ),
        mandatory: {
            "nic-model-explicit": NO_MODEL,
            "vhostuser-shared-mem": "the switch cannot map the guest's memory, and the NIC passes nothing",
        },
        advisory: ["queues-over-vcpu", "offload-disabled", "sec-vhostuser-socket"],
    },
    {
        origin: `${VIRT_MANAGER}/virt-install-linux2020.xml`,
        about: "What virt-install writes for a recent Linux: q35, one virtio NIC on a bridge.",
        ...guest([nic("bridge", MAC("10"), "<source bridge='br0'/>", VIRTIO, "<boot order='1'/>")]),
        mandatory: {},
        advisory: ["queues-missing", "ring-undersized", "vhost-explicit"],
    },
    {
        origin: `${VIRT_MANAGER}/virt-install-openbsd-defaults.xml`,
        about: "What virt-install writes for OpenBSD 4.9, which has no virtio: pcnet.",
        ...guest([nic("bridge", MAC("11"), "<source bridge='br0'/><model type='pcnet'/>")], { vcpus: 1 }),
        mandatory: {
            "nic-model-legacy":
                "pcnet is of the 10/100 Mb/s class; for such a guest it is exempted with that reason, or the profile legacy-lab is taken",
        },
        advisory: [],
    },
    {
        origin: `${VIRT_MANAGER}/virt-install-s390x-cdrom.xml`,
        about: "A guest of a mainframe with a virtio NIC.",
        ...guest([nic("bridge", MAC("12"), "<source bridge='br0'/>", VIRTIO)], { arch: "s390x" }),
        mandatory: {},
        advisory: ["queues-missing"],
    },
    {
        origin: `${VIRT_MANAGER}/virt-install-riscv64-cdrom.xml`,
        about: "An emulated RISC-V guest with a virtio NIC.",
        ...guest([nic("bridge", MAC("13"), "<source bridge='br0'/>", VIRTIO)], { type: "qemu", arch: "riscv64" }),
        mandatory: {},
        advisory: ["queues-missing"],
    },
    {
        origin: `${VIRT_MANAGER}/virt-install-default.xml`,
        about: "A container of libvirt's LXC driver: a NIC on a bridge, which has no model and needs none.",
        ...guest([nic("bridge", MAC("14"), "<source bridge='br0'/>")], { type: "lxc", vcpus: 1 }),
        mandatory: {},
        advisory: [],
        mended: "nic-model-explicit took the container for a guest of QEMU",
    },
    {
        origin: `${VIRT_MANAGER}/virt-install-xenpvh.xml`,
        about: "A PVH guest of Xen, whose NIC is netfront without being told.",
        ...guest([nic("bridge", MAC("15"), "<source bridge='br0'/>")], { type: "xen", vcpus: 1 }),
        mandatory: {},
        advisory: [],
        mended: "nic-model-explicit took Xen's guest for one of QEMU",
    },
    {
        origin: `${VIRT_MANAGER}/virt-install-vz-ct-template.xml`,
        about: "A container of Virtuozzo on a bridged network.",
        ...guest([nic("network", MAC("16"), "<source network='Bridged'/>")], { type: "vz", vcpus: 1 }),
        mandatory: {},
        advisory: [],
        mended: "nic-model-explicit took the container for a guest of QEMU",
    },
    {
        origin: `${VIRT_MANAGER}/virt-install-many-devices.xml`,
        about: "A NIC on Open vSwitch with one of libvirt's filters, which do not act there; and a macvtap that trusts its guest's filters.",
        ...guest([
            nic(
                "bridge",
                MAC("17"),
                "<source bridge='ovsbr'/><target dev='mytap0'/>",
                VIRTIO,
                "<virtualport type='openvswitch'/><filterref filter='clean-traffic'><parameter name='IP' value='10.0.0.5'/></filterref><driver name='qemu' queues='2'/>",
            ),
            `<interface type='direct' trustGuestRxFilters='yes'><mac address='${MAC("18")}'/><source dev='eth5' mode='vepa'/><target dev='mytap12'/><model type='virtio'/></interface>`,
        ]),
        mandatory: { "trunk-unbounded": EVERY_VLAN },
        advisory: ["sec-nwfilter-on-ovs", "sec-macvtap-passthrough", "vhost-explicit"],
    },
    {
        origin: "vagrant-libvirt/vagrant-libvirt lib/vagrant-libvirt/templates/public_interface.xml.erb",
        about: "A box's public NIC: macvtap in bridge mode on a link of the host.",
        ...guest([
            nic("direct", MAC("19"), "<source dev='eth0' mode='bridge'/>", VIRTIO, "<driver name='vhost' queues='2'/>"),
        ]),
        mandatory: {},
        advisory: ["ring-undersized"],
    },
    {
        origin: "vagrant-libvirt/vagrant-libvirt docs/configuration.markdown",
        about: "A box's public NIC on Open vSwitch, with an interface id.",
        ...guest([
            nic(
                "bridge",
                MAC("1a"),
                "<source bridge='br-ex'/>",
                VIRTIO,
                "<virtualport type='openvswitch'><parameters interfaceid='09b11c53-8b5c-4eeb-8f00-d84eaa0aaa4f'/></virtualport>",
            ),
        ]),
        mandatory: { "trunk-unbounded": EVERY_VLAN },
        advisory: ["queues-missing", "ring-undersized", "vhost-explicit"],
    },
    {
        origin: `${DEPLOYER} (bridged)`,
        about: "An appliance's NIC on a bridge, by vhost.",
        ...guest([nic("bridge", MAC("1b"), "<source bridge='br0'/>", VIRTIO, "<driver name='vhost'/>")], { vcpus: 1 }),
        mandatory: {},
        advisory: ["ring-undersized"],
    },
    {
        origin: `${DEPLOYER} (virtual network)`,
        about: "An appliance's NIC on a network of libvirt's, without a model.",
        ...guest(["<interface type='network'><source network='default'/></interface>"], { vcpus: 1 }),
        mandatory: { "nic-model-explicit": NO_MODEL },
        advisory: [],
    },
    {
        origin: `${DEPLOYER} (SR-IOV)`,
        about: "An appliance's virtual function, passed through.",
        ...guest(
            [
                `<interface type='hostdev' managed='yes'><mac address='${MAC("1d")}'/><source><address type='pci' domain='0x0000' bus='0x3' slot='0x10' function='0x2'/></source></interface>`,
            ],
            { vcpus: 4 },
        ),
        mandatory: {},
        advisory: [],
    },
    {
        origin: "libvirt/libvirt tests/qemustatusxml2xmldata/modern-in.xml",
        about: "A running guest's XML: libvirt has written in the tap's name, vnet0, and its own number.",
        file: "guest.xml",
        text: guest(
            [
                nic(
                    "network",
                    MAC("1e"),
                    "<source network='default' bridge='virbr0'/><target dev='vnet0'/>",
                    VIRTIO,
                    "<alias name='net0'/>",
                ),
            ],
            { vcpus: 1 },
        ).text.replace("<domain type='kvm'>", "<domain type='kvm' id='3'>"),
        mandatory: {},
        advisory: ["ring-undersized", "vhost-explicit"],
        mended: "tap-name-reserved refused the name that libvirt itself had given",
    },
    {
        origin: `${VIRT_MANAGER}/virt-install-loongarch64-cdrom.xml`,
        about: "A LoongArch guest with a virtio NIC.",
        ...guest([nic("bridge", MAC("1f"), "<source bridge='br0'/>", VIRTIO)], { arch: "loongarch64" }),
        mandatory: {},
        advisory: ["queues-missing"],
    },
    {
        origin: `${NIXVIRT}/win11/expected.xml`,
        about: "A Windows 11 guest of sixteen vCPUs with its virtio driver: one queue.",
        ...guest([nic("bridge", MAC("20"), "<source bridge='virbr0'/>", VIRTIO)], { vcpus: 16 }),
        mandatory: {},
        advisory: ["queues-missing", "ring-undersized", "vhost-explicit"],
    },
    {
        origin: `${VIRT_MANAGER}/virt-install-kvm-win2k3-cdrom.xml`,
        about: "What virt-install writes for Windows 2003: e1000.",
        ...guest([nic("bridge", MAC("21"), "<source bridge='br0'/><model type='e1000'/>")]),
        mandatory: {},
        advisory: ["nic-model-legacy"],
    },
    {
        origin: `${VIRT_MANAGER}/virt-install-kvm-win10.xml`,
        about: "What virt-install writes for Windows 10 before its drivers are there: e1000e.",
        ...guest([nic("bridge", MAC("22"), "<source bridge='br0'/><model type='e1000e'/>")]),
        mandatory: {},
        advisory: ["nic-model-legacy"],
    },
    {
        origin: "virt-manager/virt-manager tests/data/xmlparse/change-redirdev-in.xml",
        about: "A 32-bit guest with user networking and no model.",
        ...guest([nic("user", MAC("23"))], { arch: "i686", vcpus: 1 }),
        mandatory: { "nic-model-explicit": NO_MODEL },
        advisory: [],
    },
];
