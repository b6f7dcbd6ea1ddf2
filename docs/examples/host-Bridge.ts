import { host } from "kvmnet";

const lan = new host.Bridge("lan", { name: "br-lan", mtu: 9000 });

export const mac = lan.mac;
