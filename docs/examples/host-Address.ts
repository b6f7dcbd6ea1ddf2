import { host } from "kvmnet";

const edge = new host.Bridge("addressed", { name: "br-addr" });
new host.Address("addressedAddress", { link: edge.name, address: "192.0.2.1/24" });
