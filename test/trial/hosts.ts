/** Hosts by netplan and nmstate, networks of libvirt, and VMs of Proxmox VE. */
import { stringify } from "yaml";
import type { Case } from "./cases";

const NETPLAN = "canonical/netplan examples";
const NMSTATE = "nmstate/nmstate examples";

const netplan = (network: object) => ({
    file: "50-host.yaml",
    text: stringify({ network: { version: 2, ...network } }),
});
const nmstate = (...interfaces: object[]) => ({ file: "state.yml", text: stringify({ interfaces }) });
const proxmox = (...lines: string[]) => ({ file: "100.conf", text: `${lines.join("\n")}\n` });

export const hosts: Case[] = [
    {
        origin: `${NETPLAN}/openvswitch.yaml`,
        about: "An Open vSwitch bridge with a patch, a NIC and a bond that holds the patch's other end; its controller answers on this machine.",
        ...netplan({
            openvswitch: { ports: [["patch0-1", "patch1-0"]] },
            ethernets: { eth0: { addresses: ["10.5.32.26/20"] }, eth1: {} },
            bonds: {
                bond0: {
                    interfaces: ["patch1-0", "eth1"],
                    openvswitch: { lacp: "passive" },
                    parameters: { mode: "balance-tcp" },
                },
            },
            bridges: {
                ovs0: {
                    interfaces: ["patch0-1", "eth0", "bond0"],
                    openvswitch: {
                        controller: { addresses: ["unix:/run/openvswitch/ovs0.mgmt"] },
                        "fail-mode": "secure",
                    },
                },
            },
        }),
        mandatory: {},
        advisory: ["trunk-unbounded"],
        mended: "trunk-unbounded took the patch for a port to a guest, and bond-monitor the switch's own bond for one of the kernel",
    },
    {
        origin: `${NETPLAN}/bonding.yaml`,
        about: "Two NICs as an active-backup bond whose links are watched.",
        ...netplan({
            ethernets: { enp3s0: {}, enp4s0: {} },
            bonds: {
                bond0: {
                    interfaces: ["enp3s0", "enp4s0"],
                    parameters: { mode: "active-backup", primary: "enp3s0", "mii-monitor-interval": 100 },
                },
            },
        }),
        mandatory: {},
        advisory: [],
    },
    {
        origin: `${NETPLAN}/bridge_vlan.yaml`,
        about: "A bridge over a VLAN of a NIC, with an address of the host's.",
        ...netplan({
            ethernets: { enp0s25: { dhcp4: true } },
            vlans: { vlan15: { id: 15, link: "enp0s25" } },
            bridges: { br0: { addresses: ["10.3.99.25/24"], interfaces: ["vlan15"] } },
        }),
        mandatory: {},
        advisory: [],
    },
    {
        origin: `${NETPLAN}/bonding_router.yaml`,
        about: "A router with three bonds: LACP, active-backup, and balance-rr between two machines.",
        ...netplan({
            ethernets: { enp1s0: {}, enp2s0: {}, enp3s0: {}, enp4s0: {}, enp5s0: {}, enp6s0: {} },
            bonds: {
                "bond-lan": {
                    interfaces: ["enp2s0", "enp3s0"],
                    addresses: ["192.168.93.2/24"],
                    parameters: { mode: "802.3ad", "mii-monitor-interval": 1 },
                },
                "bond-wan": {
                    interfaces: ["enp1s0", "enp4s0"],
                    addresses: ["192.168.1.252/24"],
                    parameters: { mode: "active-backup", "mii-monitor-interval": 1 },
                },
                "bond-conntrack": {
                    interfaces: ["enp5s0", "enp6s0"],
                    addresses: ["192.168.254.2/24"],
                    parameters: { mode: "balance-rr", "mii-monitor-interval": 1 },
                },
            },
        }),
        mandatory: {},
        advisory: ["bond-mode", "bond-hash"],
    },
    {
        origin: `${NETPLAN}/vxlan.yaml`,
        about: "Two VXLANs of an EVPN fabric under a bridge each, at 8950 bytes.",
        ...netplan({
            ethernets: { lo: { addresses: ["192.168.10.10/32"] } },
            bridges: { br1: { interfaces: ["vxlan1"] }, br1005: { interfaces: ["vxlan1005"] } },
            tunnels: {
                vxlan1: { mode: "vxlan", id: 1, link: "lo", mtu: 8950, port: 4789, local: "192.168.10.10" },
                vxlan1005: { mode: "vxlan", id: 1005, link: "lo", mtu: 8950, port: 4789, local: "192.168.10.10" },
            },
        }),
        mandatory: {},
        advisory: [],
    },
    {
        origin: `${NMSTATE}/ovsbridge_create.yml`,
        about: "An Open vSwitch bridge with a NIC and an internal port that holds the host's address, without VLANs.",
        ...nmstate(
            { name: "eth1", type: "ethernet", state: "up" },
            {
                name: "ovs0",
                type: "ovs-interface",
                state: "up",
                ipv4: { enabled: true, address: [{ ip: "192.0.2.1", "prefix-length": 24 }] },
            },
            {
                name: "ovs-br0",
                type: "ovs-bridge",
                state: "up",
                bridge: { options: { stp: { enabled: true } }, port: [{ name: "eth1" }, { name: "ovs0" }] },
            },
        ),
        mandatory: {},
        advisory: ["trunk-unbounded"],
        mended: "trunk-unbounded took the host's own port for one to a guest",
    },
    {
        origin: `${NMSTATE}/ovsbridge_bond_create.yml`,
        about: "An Open vSwitch bridge whose two NICs are a bond.",
        ...nmstate({
            name: "ovs-br0",
            type: "ovs-bridge",
            state: "up",
            bridge: {
                port: [
                    {
                        name: "ovs-bond1",
                        "link-aggregation": { mode: "balance-slb", port: [{ name: "eth1" }, { name: "eth2" }] },
                    },
                ],
            },
        }),
        mandatory: {},
        advisory: ["trunk-unbounded"],
    },
    {
        origin: `${NMSTATE}/ovsbridge_dpdk_create.yml`,
        about: "A userspace bridge of Open vSwitch whose NIC is driven by DPDK.",
        ...nmstate(
            {
                name: "ovs-br0",
                type: "ovs-bridge",
                state: "up",
                bridge: { options: { datapath: "netdev" }, port: [{ name: "ovs0" }] },
            },
            {
                name: "ovs0",
                type: "ovs-interface",
                state: "up",
                dpdk: { devargs: "0000:18:00.2", "rx-queue": 10 },
            },
        ),
        mandatory: {},
        advisory: ["trunk-unbounded"],
        mended: "trunk-unbounded took the NIC for a port to a guest",
    },
    {
        origin: `${NMSTATE}/ovsbridge_patch_create.yml`,
        about: "Two Open vSwitch bridges joined by a patch.",
        ...nmstate(
            { name: "patch0", type: "ovs-interface", state: "up", patch: { peer: "patch1" } },
            { name: "ovs-br0", type: "ovs-bridge", state: "up", bridge: { port: [{ name: "patch0" }] } },
            { name: "patch1", type: "ovs-interface", state: "up", patch: { peer: "patch0" } },
            { name: "ovs-br1", type: "ovs-bridge", state: "up", bridge: { port: [{ name: "patch1" }] } },
        ),
        mandatory: {},
        advisory: ["trunk-unbounded"],
        mended: "trunk-unbounded took the patches for ports to guests",
    },
    {
        origin: `${NMSTATE}/ovsbridge_vlan_port.yml`,
        about: "Two ports of Open vSwitch, one in VLAN 2, one a trunk of VLANs that are listed.",
        ...nmstate(
            { name: "ovs0", type: "ovs-interface", state: "up" },
            { name: "ovs1", type: "ovs-interface", state: "up" },
            {
                name: "ovs-br0",
                type: "ovs-bridge",
                state: "up",
                bridge: {
                    port: [
                        { name: "ovs0", vlan: { mode: "access", tag: 2 } },
                        {
                            name: "ovs1",
                            vlan: { mode: "trunk", "trunk-tags": [{ id: 1 }, { "id-range": { min: 10, max: 20 } }] },
                        },
                    ],
                },
            },
        ),
        mandatory: {},
        advisory: [],
    },
    {
        origin: `${NMSTATE}/bond_port_up.yml`,
        about: "An active-backup bond that watches its links each 140 ms.",
        ...nmstate({
            name: "bond0",
            type: "bond",
            state: "up",
            "link-aggregation": { mode: "active-backup", options: { miimon: 140 }, port: ["eth1", "eth2"] },
        }),
        mandatory: {},
        advisory: [],
    },
    {
        origin: `${NMSTATE}/linuxbrige_eth1_up_port_vlan.yml`,
        about: "A Linux bridge whose NIC carries listed VLANs and one untagged.",
        ...nmstate(
            { name: "eth1", type: "ethernet", state: "up" },
            {
                name: "linux-br0",
                type: "linux-bridge",
                state: "up",
                bridge: {
                    port: [
                        {
                            name: "eth1",
                            vlan: {
                                mode: "trunk",
                                "trunk-tags": [{ id: 101 }, { "id-range": { min: 500, max: 599 } }],
                                tag: 100,
                                "enable-native": true,
                            },
                        },
                    ],
                },
            },
        ),
        mandatory: {},
        advisory: [],
    },
    {
        origin: "badsaarow/proxmox-kubernetes pve-create-template.sh",
        about: "A template for Kubernetes nodes on Proxmox VE: one virtio NIC on vmbr0.",
        ...proxmox(
            "name: template",
            "cores: 1",
            "memory: 2048",
            "net0: virtio=BC:24:11:00:00:01,bridge=vmbr0",
            "scsihw: virtio-scsi-pci",
        ),
        mandatory: {},
        advisory: [],
    },
    {
        origin: "Tchangalo/network_creator_v0.2_btrfs Skripte_Btrfs/dhcp/dhcp4.sh",
        about: "A DHCP server's VM on Proxmox VE with four cores and two NICs of one queue, one under a hardware maker's address.",
        ...proxmox(
            "name: dhcp4",
            "cores: 4",
            "memory: 1536",
            "ostype: l26",
            "net0: virtio=00:24:18:0A:C4:DE,bridge=vmbr0",
            "net1: virtio=BC:24:11:00:00:02,bridge=vmbr1001,firewall=0",
        ),
        mandatory: {},
        advisory: ["queues-missing", "nic-mac-foreign"],
    },
    {
        origin: "AshleyYakeley/NixVirt templates/network.nix",
        about: "The template for a NAT network with DHCP.",
        file: "network.xml",
        text: "<network>\n  <name>default</name>\n  <forward mode='nat'/>\n  <bridge name='virbr0'/>\n  <ip address='192.168.71.1' netmask='255.255.255.0'>\n    <dhcp><range start='192.168.71.2' end='192.168.71.254'/></dhcp>\n  </ip>\n</network>\n",
        mandatory: {},
        advisory: [],
    },
];
