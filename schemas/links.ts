/** What the kernel holds for us, by the name it has in the module `host`. */
export * from "./bond";
export * from "./bridge-port";
export * from "./linux-bridge";
export * from "./macvtap";
export * from "./plain-links";
export * from "./tap";
export * from "./veth";
export * from "./vlan";
export * from "./vxlan";
