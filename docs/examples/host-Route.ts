import { host } from "kvmnet";

const inside = new host.Bridge("routed", { name: "br-routed" });
const address = new host.Address("routedAddress", { link: inside.name, address: "198.51.100.1/24" });

new host.Route(
    "branch",
    { destination: "203.0.113.0/24", gateway: "198.51.100.254", link: inside.name, metric: 50 },
    { dependsOn: address },
);
