/** Every resource of release 0.1.0, and what a stack may hold beside: explicit providers, imports, protection, secrets. */
import * as pulumi from "@pulumi/pulumi";
import { host, LinuxBridge, OvsSwitch, ovs, Provider, TunedVirtioNic, VlanTap } from "kvmnet";
import { KERNEL_ONLY } from "./kernel-only";

const elsewhere = new Provider("elsewhere", { host: "lab://baseline" });

const core = new ovs.Bridge("core", {
    name: "br-core",
    datapathType: "netdev",
    failMode: "secure",
    mac: "52:54:00:AA:00:01",
});
const plain = new ovs.Bridge("plain", { name: "br-plain", datapathType: "netdev" }, { protect: true });
new ovs.Bridge("found", { name: "br-found", datapathType: "netdev" }, { import: "br-found" });

const tap = new host.Tap("web0", { name: "tap-web0" });
const fast = new host.Tap("web1", { name: "tap-web1", multiQueue: true, vnetHdr: false, mtu: 9000 });
const hidden = new host.Tap("web2", { name: "tap-web2", mtu: pulumi.secret(1400) }, { provider: elsewhere });

new ovs.Port("web0", { name: tap.name, bridge: core.name, tag: 100 });
new ovs.Port("web1", { name: fast.name, bridge: core.name, vlanMode: "trunk", trunks: ["20-29", "10"] });
new ovs.Port("web2", { name: hidden.name, bridge: core.name }, { provider: elsewhere, deleteBeforeReplace: true });
new ovs.Port("mgmt", { name: "mgmt0", bridge: plain.name, type: "internal", vlanMode: "access", tag: 1 });
new ovs.Port("stor", {
    name: "stor0",
    bridge: plain.name,
    type: "internal",
    vlanMode: "native-untagged",
    tag: 4094,
    trunks: ["100-200"],
});

const lan = new host.Bridge("lan", { name: "br-lan" });
new host.Bridge("tuned", { name: "br-tuned", mac: "52:54:00:AA:00:02", mtu: 9000, stp: true });
const guest = new host.Tap("guest0", { name: "tap-guest0" });
new host.BridgePort("guest0", { name: guest.name, bridge: lan.name });

const vlans = { web: 100, db: 200 };
const edge = new OvsSwitch("edge", { name: "br-edge", datapathType: "netdev", vlans });
new VlanTap("db0", { switch: edge, vlan: "db" });
new LinuxBridge("office", { mtu: 1400 });

export const ports = pulumi.all([tap.name, fast.name]);

// The switch: what watches, shapes and programs it.
new ovs.Settings("settings", { maxIdle: 20000, flowLimit: 100000, otherConfig: { "lb-output-action": "true" } });
new ovs.Manager("tools", { target: "ptcp:6640:127.0.0.1", inactivityProbe: 10000 });
new ovs.Tls("keys", {
    privateKey: "/etc/openvswitch/key.pem",
    certificate: "/etc/openvswitch/cert.pem",
    caCert: "/etc/openvswitch/ca.pem",
});
const sdn = new ovs.Bridge("sdn", { name: "br-sdn", datapathType: "netdev", failMode: "secure" });
new ovs.Controller("faucet", { bridge: sdn.name, target: "ssl:192.0.2.10:6653", connectionMode: "out-of-band" });
const line = new ovs.Qos("line", {
    name: "line",
    type: "linux-htb",
    maxRate: "1Gbit",
    queues: { "0": { minRate: "10Mbit" }, "7": { maxRate: "50Mbit", burst: "64KiB", priority: 1, dscp: 46 } },
});
const farm = new ovs.Bridge("farm", {
    name: "br-farm",
    datapathType: "netdev",
    rstp: true,
    mcastSnooping: true,
    macAgingTime: 60,
    uplinks: ["eth1", "eth0"],
    externalIds: { site: "north" },
});
const guests = new ovs.PortSet("guests", {
    bridge: farm.name,
    ports: {
        "vm-web": { tag: 100, tap: { multiQueue: true, mtu: 9000 }, ingress: { rate: "10Mbit", burst: "64KiB" } },
        "vm-router": { vlanMode: "trunk", trunks: ["20-29", 10], protected: true, tap: { uid: 107, gid: 107 } },
    },
});
new ovs.Port("shaped", { name: "shaped0", bridge: farm.name, type: "internal", qos: line.name, mtuRequest: 1400 });
new ovs.Port("overlay", {
    name: "gnv0",
    bridge: farm.name,
    type: "geneve",
    options: { remoteIp: "192.0.2.9", key: 5001 },
});
new ovs.Mirror(
    "span",
    { bridge: farm.name, name: "span", selectAll: true, selectVlans: ["100"], outputVlan: 999 },
    { dependsOn: guests },
);
new ovs.Sflow("sflow", { bridge: farm.name, targets: ["192.0.2.20:6343"], agent: farm.name, sampling: 1000 });
new ovs.Ipfix("ipfix", { bridge: farm.name, targets: ["192.0.2.21:4739"], sampling: 64, obsDomainId: 7 });
new ovs.Netflow("netflow", { bridge: farm.name, targets: ["192.0.2.22:2055"], activeTimeout: 60 });
const guard = new ovs.Bridge("guard", { name: "br-guard", datapathType: "netdev", failMode: "secure" });
const rules = new ovs.Flows("rules", {
    bridge: guard.name,
    flows: ["table=10,priority=100,arp,actions=NORMAL", "table=10,priority=50,udp,tp_dst=53,actions=meter:7,NORMAL"],
    meters: ["meter=7,pktps,bands=type=drop,rate=100"],
});
new ovs.FlowKeeper("keeper", { bridge: guard.name }, { dependsOn: rules });

// The kernel: links, addresses, routes, settings.
const wire = new host.Veth("wire", { name: "wire0", peer: "wire1", mtu: 1400 });
new host.Vxlan("tunnel", { name: "vx42", vni: 42, remote: "192.0.2.2", mtu: 1350 });
new host.Macvtap("direct", { name: "mvt0", link: "nic0", mode: "bridge", mac: "52:54:00:AA:00:09" });
new host.Ifb("shaper", { name: "ifb9" });
new host.Link("nic", {
    name: "nic0",
    txQueueLength: 500,
    features: { "generic-receive-offload": true },
    rpsCpus: ["0"],
});
const gateway = new host.Bridge("gateway", {
    name: "br-gw",
    stp: true,
    forwardDelay: 4,
    multicastQuerier: true,
    groupFwdMask: 16384,
});
const gateway4 = new host.Address("gateway4", { link: gateway.name, address: "10.10.0.1/24", label: "br-gw:web" });
new host.Address("gateway6", { link: gateway.name, address: "FD00:10::1/64", dad: false, metric: 77 });
new host.Route(
    "branch",
    {
        destination: "10.21.0.0/16",
        table: "100",
        nextHops: [
            { gateway: "10.10.0.2", link: gateway.name, weight: 2 },
            { gateway: "10.10.0.3", link: gateway.name },
        ],
    },
    { dependsOn: gateway4 },
);
new host.Route("nowhere", { destination: "2001:db8:dead::/48", type: "unreachable" });
new host.Rule("tenant", { priority: 1000, from: "10.30.0.0/16", fwmark: "0x01/0xFF", table: "100" });
new host.Neighbor("sensor", { link: gateway.name, address: "10.10.0.9", mac: "52:54:00:00:40:09" });
new host.Sysctl("forwarding", { key: "net.ipv4.ip_forward", value: "1" });
new host.Sysctl("filter", { key: pulumi.interpolate`net.ipv4.conf.${wire.name}.rp_filter`, value: "2" });
new host.DhcpServer(
    "dhcp",
    {
        interface: gateway.name,
        ranges: [{ start: "10.10.0.100", end: "10.10.0.199" }],
        reservations: { "web-1": { mac: "52:54:00:00:00:11", address: "10.10.0.11" } },
        options: { router: "10.10.0.254" },
        names: { "db.lan": ["10.10.0.5"] },
        domain: "lan",
    },
    { dependsOn: gateway4 },
);
new host.GuestShutdown("shutdown", { domain: "3f0a2b1c-5d6e-4f70-8a9b-0c1d2e3f4a5b", timeout: 120 });
new TunedVirtioNic("api", { guest: "api", vcpus: 4, switch: edge, vlan: "web" });

// A lab's kernel may lack these: they are recorded in a guest that has Debian's.
if (!new pulumi.Config().getBoolean("inLab")) {
    new host.Dummy("loopback", KERNEL_ONLY["kvmnet:host:Dummy"].inputs);
    new host.Vlan("storage", KERNEL_ONLY["kvmnet:host:Vlan"].inputs);
    new host.Bond("uplink", KERNEL_ONLY["kvmnet:host:Bond"].inputs);
}
