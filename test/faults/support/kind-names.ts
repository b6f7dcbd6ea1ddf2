/** Type tokens of what the programs of these tests declare. */
export const OVS_BRIDGE = "kvmnet:ovs:Bridge";
export const OVS_PORT = "kvmnet:ovs:Port";
export const PORT_SET = "kvmnet:ovs:PortSet";
export const LINUX_BRIDGE = "kvmnet:host:Bridge";
export const BRIDGE_PORT = "kvmnet:host:BridgePort";
export const TAP = "kvmnet:host:Tap";
