import * as pulumi from "@pulumi/pulumi";
import { host, ovs } from "kvmnet";

// A bridge that passes what flows allow, and nothing else.
const guard = new ovs.Bridge("guard", { name: "br-guard", failMode: "secure" });
const inside = new host.Tap("inside", { name: "tap-inside" });
const insidePort = new ovs.Port("insidePort", { name: inside.name, bridge: guard.name });

new ovs.Flows("rules", {
    bridge: guard.name,
    flows: [
        "table=10,priority=100,arp,actions=NORMAL",
        "table=10,priority=100,tcp,tp_dst=443,actions=NORMAL",
        "table=10,priority=100,tcp,tp_src=443,actions=NORMAL",
        // By the port's own output: so the port comes first, and a port that is made anew has its flows made anew.
        pulumi.interpolate`table=10,priority=50,in_port=${insidePort.name},udp,tp_dst=53,actions=meter:7,NORMAL`,
    ],
    meters: ["meter=7,pktps,bands=type=drop,rate=100"],
});
