/** What the programs of a walk are made of: things that stand beside, in and on each other. */
import type { Bag } from "../../../provider/wire";
import { BRIDGE_PORT, LINUX_BRIDGE, OVS_BRIDGE, OVS_PORT, PORT_SET, TAP } from "./kind-names";
import type { Chance } from "./seed";

/** One thing that a program may hold: what never changes of it, and what does. */
export interface Kind {
    type: string;
    fixed: Bag;
    needs: string[];
    varied(chance: Chance): Bag;
}

/** A bridge that others made: both stacks of a walk have ports in it. */
export const THEIRS = "theirs";

export const vlans = (chance: Chance): Bag =>
    chance.of<Bag>([
        {},
        { tag: 1 + chance.pick(4094) },
        { vlanMode: "trunk", trunks: [`${10 + chance.pick(5)}-20`, String(100 + chance.pick(9))] },
        { vlanMode: "native-untagged", tag: 5, trunks: ["6", "7"] },
    ]);
const mtu = (chance: Chance): Bag => ({ mtu: chance.of([1300, 1400, 1500]) });
const maybe = (chance: Chance, bag: () => Bag): Bag => (chance.pick(2) === 0 ? bag() : {});

/** What a guest may do, which flows and meters hold it to on the userspace datapath. */
export const held = (chance: Chance, last: number): Bag => ({
    ...maybe(chance, () => ({ ingress: { rate: chance.of(["10Mbit", "20Mbit"]) } })),
    ...maybe(chance, () => ({
        portSecurity: {
            mac: `52:54:00:00:01:0${last}`,
            ...maybe(chance, () => ({ addresses: [`192.0.2.${10 * last + chance.pick(9)}`] })),
        },
    })),
});

export const tap = (name: string): [string, Kind] => [
    name,
    {
        type: TAP,
        fixed: { name },
        needs: [],
        varied: (chance) => ({ ...mtu(chance), ...(chance.pick(6) === 0 ? { multiQueue: true } : {}) }),
    },
];
export const ovsPort = (
    name: string,
    bridge: string,
    type: "system" | "internal",
    { more = {}, needs = [], varied = vlans }: { more?: Bag; needs?: string[]; varied?: Kind["varied"] } = {},
): [string, Kind] => [
    `port ${name}`,
    {
        type: OVS_PORT,
        fixed: { name, bridge, type, ...more },
        needs: [...(bridge === THEIRS ? [] : [bridge]), ...(type === "system" && needs.length === 0 ? [name] : needs)],
        varied,
    },
];
export const ovsBridge = (name: string, more: Bag = {}): [string, Kind] => [
    name,
    {
        type: OVS_BRIDGE,
        fixed: { name, datapathType: "netdev", ...more },
        needs: [],
        varied: (chance) => ({
            ...(more.failMode === undefined ? { failMode: chance.of(["standalone", "secure"]) } : {}),
            ...maybe(chance, () => ({ mac: `52:54:00:00:00:0${chance.pick(9)}` })),
        }),
    },
];
const plug = (name: string, bridge: string, needs = [bridge, name]): [string, Kind] => [
    `plug ${name}`,
    { type: BRIDGE_PORT, fixed: { name, bridge }, needs, varied: () => ({}) },
];
export const thing = (
    name: string,
    kind: string,
    fixed: Bag,
    needs: string[],
    varied: Kind["varied"] = () => ({}),
): [string, Kind] => [name, { type: `kvmnet:${kind}`, fixed, needs, varied }];

/** @param prefix of the ports' names: `w-s` */
export const portsOfSet =
    (prefix: string) =>
    (chance: Chance): Bag => ({
        ports: Object.fromEntries(
            [1, 2, 3, 4]
                .filter(() => chance.pick(4) > 0)
                .map((last) => [`${prefix}${last}`, { ...vlans(chance), ...held(chance, last), tap: mtu(chance) }]),
        ),
    });

/** Tunnels of one end, told apart by keys that they swap. */
const tunnels = (chance: Chance): Bag => {
    const turn = chance.pick(3);
    const tunnel = (last: number) => ({ remoteIp: "192.0.2.200", key: String(1 + ((last + turn) % 3)) });
    return {
        bridge: chance.of(["w-ovs0", "w-ovs1"]),
        ports: Object.fromEntries(
            [0, 1, 2]
                .filter(() => chance.pick(4) > 0)
                .map((last) => [`w-g${last}`, { type: "geneve", options: tunnel(last), ...vlans(chance) }]),
        ),
    };
};

/** All that the walk's programs choose from, by logical name. */
export const KINDS: ReadonlyMap<string, Kind> = new Map([
    ...["w-ovs0", "w-ovs1"].map((name) => ovsBridge(name)),
    ...["w-tap0", "w-tap1", "w-tap2", "w-tap3"].map(tap),
    ovsPort("w-tap0", "w-ovs0", "system"),
    ovsPort("w-tap1", "w-ovs1", "system"),
    ovsPort("w-int0", "w-ovs0", "internal"),
    ovsPort("w-int1", "w-ovs1", "internal"),
    ["w-lin0", { type: LINUX_BRIDGE, fixed: { name: "w-lin0" }, needs: [], varied: mtu }],
    plug("w-tap2", "w-lin0"),
    plug("w-tap3", "w-lin0"),

    ovsBridge("w-sec0", { failMode: "secure" }),
    ["set", { type: PORT_SET, fixed: { bridge: "w-sec0" }, needs: ["w-sec0"], varied: portsOfSet("w-s") }],
    tap("w-tap4"),
    ovsPort("w-tap4", "w-sec0", "system", { varied: (chance) => ({ ...vlans(chance), ...held(chance, 9) }) }),
    thing("flows", "ovs:Flows", { bridge: "w-sec0" }, ["w-sec0"], (chance) => ({
        flows: [
            "table=10,priority=0,actions=NORMAL",
            `table=10,priority=10,udp,tp_dst=${1000 + chance.pick(9)},actions=drop`,
        ],
        ...maybe(chance, () => ({ meters: [`meter=7,pktps,bands=type=drop,rate=${100 + chance.pick(9)}`] })),
    })),
    thing("w-mir0", "ovs:Mirror", { bridge: "w-ovs0", name: "w-mir0", selectAll: true }, ["w-ovs0"], (chance) => ({
        outputVlan: 200 + chance.pick(9),
    })),
    thing("w-qos0", "ovs:Qos", { name: "w-qos0", type: "linux-htb" }, [], (chance) => ({
        maxRate: chance.of(["100Mbit", "200Mbit"]),
        queues: { "0": { minRate: "10Mbit" }, ...maybe(chance, () => ({ "1": { maxRate: "50Mbit" } })) },
    })),
    ["tunnels", { type: PORT_SET, fixed: {}, needs: ["w-ovs0", "w-ovs1"], varied: tunnels }],
    thing(
        "controller",
        "ovs:Controller",
        { bridge: "w-ovs1", connectionMode: "out-of-band" },
        ["w-ovs1"],
        (chance) => ({
            target: `tcp:127.0.0.1:${chance.of([6653, 6654])}`,
        }),
    ),
    thing("sflow", "ovs:Sflow", { bridge: "w-ovs0", targets: ["127.0.0.1:6343"] }, ["w-ovs0"], (chance) => ({
        sampling: 64 + chance.pick(9),
    })),
    thing("netflow", "ovs:Netflow", { bridge: "w-ovs0", targets: ["127.0.0.1:2055"] }, ["w-ovs0"], (chance) => ({
        activeTimeout: 60 + chance.pick(9),
    })),
    thing("switch", "ovs:Settings", {}, [], (chance) => ({
        vlanLimit: 1 + chance.pick(2),
        ...maybe(chance, () => ({ maxIdle: 20000 + chance.pick(9) })),
    })),
    tap("w-tap5"),
    ovsPort("w-tap5", "w-ovs1", "system", { more: { qos: "w-qos0" }, needs: ["w-tap5", "w-qos0"] }),
    thing("w-veth0", "host:Veth", { name: "w-veth0", peer: "w-veth1" }, [], mtu),
    plug("w-veth0", "w-lin0"),
    thing("w-vx0", "host:Vxlan", { name: "w-vx0", remote: "192.0.2.201" }, [], (chance) => ({
        vni: 7 + chance.pick(2),
        ...mtu(chance),
    })),
    ovsPort("w-veth1", "w-ovs0", "system", { needs: ["w-veth0"] }),

    ovsPort("w-int2", THEIRS, "internal", { varied: (chance) => ({ ...vlans(chance), ...held(chance, 8) }) }),
    ["shared", { type: PORT_SET, fixed: { bridge: THEIRS }, needs: [], varied: portsOfSet("w-x") }],
    thing("flows of theirs", "ovs:Flows", { bridge: THEIRS }, [], (chance) => ({
        flows: [`table=10,priority=${chance.pick(9)},actions=NORMAL`],
    })),
    thing("w-mir1", "ovs:Mirror", { bridge: THEIRS, name: "w-mir1", selectAll: true }, [], (chance) => ({
        outputVlan: 300 + chance.pick(9),
    })),

    thing("address", "host:Address", { link: "w-lin0", address: "10.99.0.1/24" }, ["w-lin0"]),
    thing("route", "host:Route", { destination: "10.98.0.0/16" }, ["address"], (chance) => ({
        gateway: `10.99.0.${2 + chance.pick(9)}`,
    })),
    thing("neighbor", "host:Neighbor", { link: "w-lin0", address: "10.99.0.77" }, ["address"], (chance) => ({
        mac: `52:54:00:00:02:0${chance.pick(9)}`,
    })),
    thing("rule", "host:Rule", { priority: 900, from: "10.97.0.0/16" }, [], (chance) => ({
        table: String(100 + chance.pick(9)),
    })),
    thing("w-rp", "host:Sysctl", { key: "net.ipv4.conf.w-lin0.rp_filter" }, ["w-lin0"], (chance) => ({
        value: String(1 + chance.pick(2)),
    })),
    thing("forwarding", "host:Sysctl", { key: "net.ipv4.ip_forward" }, [], (chance) => ({
        value: String(chance.pick(2)),
    })),
    thing("tuned", "host:Link", { name: "their-tap" }, [], (chance) => ({ txQueueLength: 500 + chance.pick(9) })),
]);
