import { host } from "kvmnet";

const storage = new host.Vlan("storage", { name: "eno1.300", link: "eno1", vlanId: 300 });

export const name = storage.name;
