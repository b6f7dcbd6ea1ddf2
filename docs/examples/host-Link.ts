import { host } from "kvmnet";

// What the NIC had before is given back when this is deleted.
new host.Link("webNic", {
    name: "eno1",
    mtu: 9000,
    rxRing: 4096,
    channels: { combined: 8 },
    coalesce: { adaptiveRx: true },
    features: { "large-receive-offload": false },
});
