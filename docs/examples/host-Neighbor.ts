import { host } from "kvmnet";

const lan = new host.Bridge("known", { name: "br-known" });
new host.Neighbor("router", { link: lan.name, address: "192.0.2.254", mac: "52:54:00:00:02:fe" });
