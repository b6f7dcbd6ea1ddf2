import { host } from "kvmnet";

// What comes from this network asks table 100 first.
new host.Rule("byNetwork", { priority: 1000, from: "198.51.100.0/24", table: "100" });
