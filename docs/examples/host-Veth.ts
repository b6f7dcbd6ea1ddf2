import { host, ovs } from "kvmnet";

// A wire between a Linux bridge and an Open vSwitch bridge.
const wire = new host.Veth("wire", { name: "veth-lan", peer: "veth-ovs" });

const floor = new host.Bridge("floor", { name: "br-floor" });
const hall = new ovs.Bridge("hall", { name: "br-hall" });

new host.BridgePort("floorEnd", { name: wire.name, bridge: floor.name });
new ovs.Port("hallEnd", { name: wire.peer, bridge: hall.name });
