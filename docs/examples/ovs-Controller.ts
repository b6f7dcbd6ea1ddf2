import { ovs } from "kvmnet";

const programmed = new ovs.Bridge("programmed", {
    name: "br-sdn",
    failMode: "secure",
    protocols: ["OpenFlow13"],
});

new ovs.Controller("faucet", {
    bridge: programmed.name,
    target: "ssl:192.0.2.10:6653",
    connectionMode: "out-of-band",
});
