import { host } from "kvmnet";

const fixed = new host.Bridge("fixed", { name: "br-fixed" });

// A device that answers no ARP.
new host.Neighbor("sensor", { link: fixed.name, address: "10.40.0.9", mac: "52:54:00:00:40:09" });
