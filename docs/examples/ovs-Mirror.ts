import { host, ovs } from "kvmnet";

const watched = new ovs.Bridge("watched", { name: "br-watched" });
const suspect = new host.Tap("suspect", { name: "tap-suspect" });
const probe = new host.Tap("probe", { name: "tap-probe" });
const suspectPort = new ovs.Port("suspectPort", { name: suspect.name, bridge: watched.name, tag: 100 });
const probePort = new ovs.Port("probePort", { name: probe.name, bridge: watched.name });

// The guest behind the probe's tap sees what the suspect sends and gets.
new ovs.Mirror("span", {
    bridge: watched.name,
    name: "span-suspect",
    selectSourcePorts: [suspectPort.name],
    selectDestinationPorts: [suspectPort.name],
    outputPort: probePort.name,
});
