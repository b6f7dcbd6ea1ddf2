import { host } from "kvmnet";

// A NIC that is there already; destroying gives it back as it was.
new host.Link("uplinkTuning", { name: "eno1", mtu: 9000, rxRing: 4096, features: { "large-receive-offload": false } });
