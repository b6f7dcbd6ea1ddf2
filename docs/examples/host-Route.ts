import { host } from "kvmnet";

const transit = new host.Bridge("transit", { name: "br-transit" });
const transitAddress = new host.Address("transitAddress", { link: transit.name, address: "10.20.0.1/24" });

// Two routers share the flows, the first takes two of three.
new host.Route(
    "branch",
    {
        destination: "10.21.0.0/16",
        nextHops: [
            { gateway: "10.20.0.2", link: transit.name, weight: 2 },
            { gateway: "10.20.0.3", link: transit.name },
        ],
    },
    // The routers are known through this address, so it comes first and goes last.
    { dependsOn: transitAddress },
);
