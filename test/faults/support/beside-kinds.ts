/** What a second stack on the same host has: in the same bridge, beside the same links, and on its own. */
import { PORT_SET } from "./kind-names";
import { held, ovsBridge, ovsPort, portsOfSet, tap, thing, THEIRS, vlans, type Kind } from "./walk-kinds";

export const BESIDE: ReadonlyMap<string, Kind> = new Map([
    tap("n-tap0"),
    ovsPort("n-tap0", THEIRS, "system", { varied: (chance) => ({ ...vlans(chance), ...held(chance, 7) }) }),
    ovsPort("n-int0", THEIRS, "internal", { varied: (chance) => ({ ...vlans(chance), ...held(chance, 6) }) }),
    ["n-set", { type: PORT_SET, fixed: { bridge: THEIRS }, needs: [], varied: portsOfSet("n-s") }],
    thing("n-mir0", "ovs:Mirror", { bridge: THEIRS, name: "n-mir0", selectAll: true }, [], (chance) => ({
        outputVlan: 310 + chance.pick(9),
    })),
    ovsBridge("n-ovs0"),
    tap("n-tap1"),
    thing("n-qos0", "ovs:Qos", { name: "n-qos0", type: "linux-htb" }, [], (chance) => ({
        maxRate: chance.of(["100Mbit", "200Mbit"]),
    })),
    ovsPort("n-tap1", "n-ovs0", "system", { more: { qos: "n-qos0" }, needs: ["n-tap1", "n-qos0"] }),

    thing("n-address", "host:Address", { link: "their-lb", address: "10.95.0.1/24" }, []),
    thing("n-rule", "host:Rule", { priority: 901, from: "10.97.0.0/16" }, [], (chance) => ({
        table: String(200 + chance.pick(9)),
    })),
    thing("n-rp", "host:Sysctl", { key: "net.ipv4.conf.their-lb.rp_filter" }, [], (chance) => ({
        value: String(1 + chance.pick(2)),
    })),
    thing("n-tuned", "host:Link", { name: "their-lb" }, [], (chance) => ({ txQueueLength: 500 + chance.pick(9) })),
]);
