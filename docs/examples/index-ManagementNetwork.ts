import { host, ManagementNetwork } from "kvmnet";

// What stands for the NIC of the management network here.
const wire = new host.Veth("mgmtWire", { name: "mgmt0", peer: "mgmt1" });

// It is refused where your own SSH connection runs over mgmt0; with takesOperatorPath: true it is not.
const management = new ManagementNetwork("management", {
    name: "br-mgmt",
    uplink: wire.name,
    addresses: ["10.40.0.11/24"],
    gateways: ["10.40.0.1"],
    metric: 400,
});

export const managementBridge = management.bridgeName;
