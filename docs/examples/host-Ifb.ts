import { host } from "kvmnet";

// A filter leads what arrives at a NIC here, where a queueing discipline can shape it.
const shaper = new host.Ifb("shaper", { name: "ifb-in" });

export const name = shaper.name;
