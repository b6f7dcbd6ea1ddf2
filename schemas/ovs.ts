/** What Open vSwitch holds for us, by the name it has in the module `ovs`; columns and words are those of ovs-vswitchd.conf.db(5). */
export * from "./ovs-bridge";
export * from "./ovs-port";
export * from "./ovs-port-set";
export * from "./ovs-qos";
