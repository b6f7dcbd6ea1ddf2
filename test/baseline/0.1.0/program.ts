/** Every resource of release 0.1.0, and what a stack may hold beside: explicit providers, imports, protection, secrets. */
import * as pulumi from "@pulumi/pulumi";
import { host, LinuxBridge, OvsSwitch, ovs, Provider, VlanTap } from "kvmnet";

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
