import { host } from "kvmnet";

const nic = host.getNicOutput({ name: "lo" });

export const mtu = nic.mtu;
