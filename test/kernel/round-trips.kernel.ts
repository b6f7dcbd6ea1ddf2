import { Plugin } from "../provider/plugin";
import { run } from "../support/kernel-guest";
import { itMakesTheRoundTrip, oneOf, some, type Trip } from "../support/round-trip";

const ip = (line: string) => run("ip", ...line.split(" "));
const qos = some("0:1", "3:3", "7:7", "15:0", "16:2", "65537:4");

const MODES = ["balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb", "balance-alb"];

const TRIPS: Trip[] = [
    { kind: "host:Dummy", fixed: { name: "rk-dummy" }, never: ["takesOperatorPath"] },
    { kind: "host:Ifb", fixed: { name: "rk-ifb" }, never: ["takesOperatorPath"] },
    {
        kind: "host:Vlan",
        fixed: { name: "rk0.10", link: "rk0", vlanId: 10 },
        samples: { mtu: oneOf(1280, 1400, 1500), ingressQos: some("0:1", "3:70", "7:4294967295"), egressQos: qos },
        never: ["takesOperatorPath"],
    },
    {
        kind: "host:Bond",
        fixed: { name: "rk-bond", members: ["rk1", "rk2"] },
        samples: {
            mode: oneOf(...MODES),
            primary: oneOf("rk1", "rk2"),
            // Shorter ones keep the guest's one processor busy.
            miimon: oneOf(0, 100, 250, 2147483647),
            upDelay: oneOf(0, 100, 500),
            downDelay: oneOf(0, 100, 1000),
            arpInterval: oneOf(100, 1000, 2147483647),
            arpIpTargets: some("192.0.2.1", "192.0.2.2", "198.51.100.7"),
            adActorSystem: oneOf("02:00:00:00:00:07"),
        },
        never: ["takesOperatorPath"],
    },
    { kind: "host:Bridge", fixed: { name: "rk-lin", vlanFiltering: true }, never: ["takesOperatorPath"] },
    { kind: "host:BridgePort", fixed: { name: "rk3", bridge: "rk-br" }, never: ["takesOperatorPath"] },
];

describe("what is declared of links that need a kernel of their own", function () {
    this.timeout(600_000);
    const links = ["rk0", "rk1", "rk2", "rk3"];
    let plugin: Plugin;
    before(async () => {
        plugin = await Plugin.start("local");
        for (const name of links) await ip(`link add name ${name} type dummy`);
        await ip("link add name rk-br up type bridge vlan_filtering 1");
    });
    after(async () => {
        await plugin?.stop();
        for (const name of [...links, "rk-br"]) await ip(`link delete dev ${name}`);
    });

    // A guest takes several times as long.
    for (const trip of TRIPS) itMakesTheRoundTrip(trip, () => plugin, 10);
});
