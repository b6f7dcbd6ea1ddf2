import { host } from "kvmnet";

const gatewayBridge = new host.Bridge("gatewayBridge", { name: "br-gw" });

// The host is the router of the guests on this bridge.
new host.Address("gateway4", { link: gatewayBridge.name, address: "10.10.0.1/24" });
new host.Address("gateway6", { link: gatewayBridge.name, address: "fd00:10::1/64", dad: false });
