import { host } from "kvmnet";

// A guest's NIC straight on a NIC of the host, without a bridge; the guest opens the device.
const direct = new host.Macvtap("direct", { name: "mvt-db", link: "eno1", mode: "bridge", mac: "52:54:00:00:20:01" });

export const device = direct.device;
