import { host, ovs } from "kvmnet";

// Voice is served first and always has its 10 Mbit/s; the rest shares what is left.
const shaped = new ovs.Qos("shaped", {
    name: "office-line",
    type: "linux-htb",
    maxRate: "1Gbit",
    queues: {
        "0": { minRate: "100Mbit" },
        "1": { minRate: "10Mbit", maxRate: "50Mbit", priority: 0 },
    },
});

const line = new ovs.Bridge("line", { name: "br-line" });
const phone = new host.Tap("phone", { name: "tap-phone" });

new ovs.Port("phonePort", { name: phone.name, bridge: line.name, qos: shaped.name });
