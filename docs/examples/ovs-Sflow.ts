import { ovs } from "kvmnet";

const sampled = new ovs.Bridge("sampled", { name: "br-sampled" });

new ovs.Sflow("samples", { bridge: sampled.name, targets: ["192.0.2.20:6343"], agent: sampled.name, sampling: 1000 });
