import { host } from "kvmnet";

// A place for an address that is there whichever NIC is up.
const loopback = new host.Dummy("loopback", { name: "dummy0" });

export const name = loopback.name;
