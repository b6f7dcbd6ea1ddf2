import { ovs } from "kvmnet";

const core = new ovs.Bridge("core", {
    name: "br-core",
    mac: "52:54:00:00:10:01",
});

export const bridge = core.name;
