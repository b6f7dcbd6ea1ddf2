import { host } from "kvmnet";

const guests = new host.Bridge("served", { name: "br-served" });
const address = new host.Address("servedAddress", { link: guests.name, address: "203.0.113.1/24" });

// The host answers on the bridge with this address, so it comes first and goes last.
new host.DhcpServer(
    "dhcp",
    {
        interface: guests.name,
        ranges: [{ start: "203.0.113.100", end: "203.0.113.199" }],
        reservations: { "web-1": { mac: "52:54:00:00:00:11", address: "203.0.113.11" } },
    },
    { dependsOn: address },
);
