import { host } from "kvmnet";

const overlay = new host.Bridge("overlay", { name: "br-overlay" });

// Frames of the bridge reach the bridge of another host; the outer headers take 50 bytes of the MTU.
const tunnel = new host.Vxlan("tunnel", { name: "vx-42", vni: 42, remote: "192.0.2.2", mtu: 1450 });

new host.BridgePort("tunnelPort", { name: tunnel.name, bridge: overlay.name });
