import { host } from "kvmnet";

// For a guest's NIC with several queue pairs and jumbo frames.
const db = new host.Tap("db", { name: "tap-db", multiQueue: true, mtu: 9000 });

export const name = db.name;
