import { host, ovs } from "kvmnet";

const edge = new ovs.Bridge("edge", { name: "br-edge" });
const web = new host.Tap("web", { name: "tap-web" });

// One VLAN for the guest behind this tap.
new ovs.Port("webPort", { name: web.name, bridge: edge.name, tag: 100 });

// A trunk to whatever routes between the VLANs: an internal port that an address can be given to.
new ovs.Port("routerPort", {
    name: "router0",
    bridge: edge.name,
    type: "internal",
    vlanMode: "trunk",
    trunks: ["100", "200-209"],
});
