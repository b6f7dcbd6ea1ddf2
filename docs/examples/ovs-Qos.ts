import { host, ovs } from "kvmnet";

const shaped = new ovs.Bridge("shaped", { name: "br-shaped", datapathType: "netdev" });
const guest = new host.Tap("guest", { name: "tap-shaped" });

// Toward the guest: 1 Gbit/s in all, of which queue 1 is promised a tenth.
const classes = new ovs.Qos("classes", {
    name: "classes",
    type: "linux-htb",
    maxRate: "1Gbit",
    queues: { "0": { maxRate: "1Gbit" }, "1": { minRate: "100Mbit", maxRate: "500Mbit" } },
});
new ovs.Port("shapedPort", { name: guest.name, bridge: shaped.name, tag: 10, qos: classes.name });
