import { ovs } from "kvmnet";

// For tools on this host that speak OVSDB over TCP.
new ovs.Manager("tools", { target: "ptcp:6640:127.0.0.1" });
