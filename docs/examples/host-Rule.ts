import { host } from "kvmnet";

// What guests of this network send is routed by a table of its own, and dropped where that has no route.
new host.Rule("tenantTable", { priority: 1000, from: "10.30.0.0/16", table: "100" });
new host.Rule("tenantElse", { priority: 1001, from: "10.30.0.0/16", action: "prohibit" });
