import { host } from "kvmnet";

// What the host had before is given back when these are deleted.
new host.Sysctl("forwarding", { key: "net.ipv4.ip_forward", value: "1" });
new host.Sysctl("filter", { key: "net.ipv4.conf.all.rp_filter", value: "2" });
