import { host } from "kvmnet";

const nic = host.getNicOutput({ name: "eno1" });

export const driver = nic.driver;
export const rings = nic.rings;
