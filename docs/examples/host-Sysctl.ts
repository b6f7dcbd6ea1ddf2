import { host } from "kvmnet";

// Destroying gives the former value back.
new host.Sysctl("forwarding", { key: "net.ipv4.ip_forward", value: "1" });
