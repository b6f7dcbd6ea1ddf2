import { ovs } from "kvmnet";

const counted = new ovs.Bridge("counted", { name: "br-counted" });

new ovs.Netflow("flows", { bridge: counted.name, targets: ["192.0.2.22:2055"], activeTimeout: 60 });
