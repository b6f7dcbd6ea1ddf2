import { ovs } from "kvmnet";

const metered = new ovs.Bridge("metered", { name: "br-metered" });

new ovs.Ipfix("records", {
    bridge: metered.name,
    targets: ["192.0.2.21:4739"],
    sampling: 64,
    obsDomainId: 7,
    cacheActiveTimeout: 60,
});
