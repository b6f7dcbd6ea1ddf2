import { ovs } from "kvmnet";

const guarded = new ovs.Bridge("guarded", { name: "br-guarded", failMode: "secure" });
const normal = new ovs.Flows("switching", { bridge: guarded.name, flows: ["table=10,priority=0,actions=NORMAL"] });

new ovs.FlowKeeper("flowKeeper", { bridge: guarded.name }, { dependsOn: normal });
