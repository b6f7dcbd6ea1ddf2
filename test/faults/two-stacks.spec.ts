import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { labPaths } from "../../schemas/lab-paths";
import type { Bag } from "../../provider/wire";
import { Plugin, type Made } from "../provider/plugin";
import { labName } from "../support/labs";
import { FaultLab } from "./support/fault-lab";
import { OVS_PORT, PORT_SET, TAP } from "./support/kind-names";
import { foreign, look, marks } from "./support/world";

/** A bridge of somebody else's, in which both stacks have something. */
const BRIDGE = "br-both";
/** A Linux bridge of somebody else's, of which both stacks have something. */
const SEAT = "seat";
const STACKS = ["blue", "green"] as const;
const SETTINGS = ["rp_filter", "log_martians", "proxy_arp"];

/** Something that one alone can have. */
interface Contested {
    what: string;
    type: string;
    inputs(n: number): Bag;
    /** How many there can be; several where this is absent. */
    most?: number;
}
const contested = (what: string, type: string, inputs: (n: number) => Bag, most?: number): Contested => ({
    what,
    type: type.startsWith("kvmnet:") ? type : `kvmnet:${type}`,
    inputs,
    ...(most === undefined ? {} : { most }),
});

/** What the host itself gives to one of two who ask for it at the same moment. */
const AT_ONCE: Contested[] = [
    contested("a tap", TAP, (n) => ({ name: `t${n}` })),
    contested("a port", OVS_PORT, (n) => ({ name: `i${n}`, bridge: BRIDGE, type: "internal" })),
    contested("ports with their taps in a set", PORT_SET, (n) => ({
        bridge: BRIDGE,
        ports: { [`s${n}a`]: { tag: 10, tap: {} }, [`s${n}b`]: { tag: 11, tap: {} } },
    })),
    contested("ports of the switch in a set", PORT_SET, (n) => ({
        bridge: BRIDGE,
        ports: { [`w${n}a`]: { type: "internal" }, [`w${n}b`]: { type: "internal" } },
    })),
    // Open vSwitch takes several mirrors, controllers and QoS of one name, and each commit would be fine.
    contested("a mirror", "ovs:Mirror", (n) => ({
        bridge: BRIDGE,
        name: `m${n}`,
        selectAll: true,
        outputVlan: 300 + n,
    })),
    contested("a controller", "ovs:Controller", (n) => ({ bridge: BRIDGE, target: `tcp:127.0.0.1:${6700 + n}` })),
    contested("a QoS", "ovs:Qos", (n) => ({
        name: `q${n}`,
        type: "linux-htb",
        queues: { 1: { maxRate: "1Mbit" } },
    })),
    contested("an sFlow export", "ovs:Sflow", () => ({ bridge: BRIDGE, targets: ["127.0.0.1:6343"] }), 1),
    contested("an IPFIX export", "ovs:Ipfix", () => ({ bridge: BRIDGE, targets: ["127.0.0.1:4739"] }), 1),
    contested("a NetFlow export", "ovs:Netflow", () => ({ bridge: BRIDGE, targets: ["127.0.0.1:2055"] }), 1),
    contested("a veth pair", "host:Veth", (n) => ({ name: `v${n}`, peer: `v${n}p` })),
    contested("a VXLAN link", "host:Vxlan", (n) => ({ name: `x${n}`, vni: 10 + n, remote: "192.0.2.201" })),
    contested("a setting", "host:Sysctl", (n) => ({ key: `net.ipv4.conf.${SEAT}.${SETTINGS[n] ?? ""}`, value: "1" })),
    contested("an address", "host:Address", (n) => ({ link: SEAT, address: `10.9${n}.0.1/24` })),
    contested("a route", "host:Route", (n) => ({ destination: `10.8${n}.0.0/16`, link: SEAT })),
    contested("a rule", "host:Rule", (n) => ({ priority: 900 + n, from: "10.97.0.0/16", table: "100" })),
    contested("a neighbour", "host:Neighbor", (n) => ({
        link: SEAT,
        address: `10.89.0.${1 + n}`,
        mac: "52:54:00:00:02:01",
    })),
];
/** What the switch takes from whoever comes last: the second is told where it looks after the first has made it. */
const ONE_BY_ONE: Contested[] = [
    contested("flows", "ovs:Flows", (n) => ({ bridge: BRIDGE, flows: [`table=10,priority=${9 + n},actions=drop`] })),
    contested("flows of a cookie", "ovs:Flows", (n) => ({
        bridge: BRIDGE,
        cookie: `0x${n + 1}`,
        flows: [`table=10,priority=${9 + n},actions=drop`],
    })),
    contested("a meter", "ovs:Flows", (n) => ({
        bridge: BRIDGE,
        flows: [],
        meters: [`meter=${7 + n},pktps,bands=type=drop,rate=100`],
    })),
];

describe("two stacks on one host", function () {
    this.timeout(120_000);
    const lab = new FaultLab(labName("stacks"));
    let plugins: Record<(typeof STACKS)[number], Plugin>;

    before(async () => {
        await lab.up();
        await lab.vsctl("add-br", BRIDGE, "--", "set", "Bridge", BRIDGE, "datapath_type=netdev");
        await lab.run("ip", "link", "add", SEAT, "type", "bridge");
        await lab.run("ip", "link", "set", "dev", SEAT, "up");
        const [blue, green] = await Promise.all(
            STACKS.map(async (stack) => {
                const plugin = await Plugin.start(lab.host);
                plugin.stack = stack;
                await plugin.read("kvmnet:ovs:Qos", "nothing", "nothing");
                return plugin;
            }),
        );
        plugins = { blue: blue as Plugin, green: green as Plugin };
    });
    after(async () => {
        await Promise.all(Object.values(plugins ?? {}).map((plugin) => plugin.stop()));
        await lab.down();
    });

    /** All of the host that one of them could leave something in. */
    const host = async () => {
        const world = await look(lab);
        const told = [
            `ip -4 -brief address show dev ${SEAT}; ip -4 route show table all; ip -4 rule show`,
            `ip -4 neighbour show nud permanent; grep . /proc/sys/net/ipv4/conf/${SEAT}/*`,
            `ovs-ofctl -O OpenFlow15 --no-stats dump-flows ${BRIDGE}; ovs-ofctl -O OpenFlow15 dump-meters ${BRIDGE}`,
        ];
        const journal = join(labPaths(lab.name).hostState, "journal");
        return {
            theirs: foreign(world),
            ours: marks(world),
            told: (await lab.run("sh", "-euc", told.join("; ")))
                .replace(/\(xid=\w+\)/g, "")
                .split("\n")
                .sort(),
            notes: existsSync(journal) ? readdirSync(journal).sort() : [],
        };
    };
    const nameOf = (n: number, stack: string) => `it${n}-${stack}`;
    const belongsTo = (n: number, stack: string) =>
        new RegExp(`it belongs to resource ${nameOf(n, stack)} of stack shop/${stack}\\b`);

    for (const { what, type, inputs, most = SETTINGS.length } of AT_ONCE)
        it(`that make ${what} at the same moment: one has it, and the other is told whose it is`, async () => {
            const before = await host();
            // Both have looked when the first of them writes to the switch.
            if (type.startsWith("kvmnet:ovs:")) lab.proxy.set({ kind: "delay", ms: 40 });
            const make = (n: number, stack: (typeof STACKS)[number]): Promise<Made | Error> =>
                plugins[stack].create(type, nameOf(n, stack), inputs(n)).catch((error: Error) => error);
            const outcome = await Promise.all(
                Array.from({ length: most }, (_, n) => n).flatMap((n) =>
                    STACKS.map(async (stack) => ({ n, stack, made: await make(n, stack) })),
                ),
            );
            lab.proxy.set(undefined);
            for (const { n, stack, made } of outcome) {
                const other = outcome.find((one) => one.n === n && one.stack !== stack);
                assert.notEqual(made instanceof Error, other?.made instanceof Error, `${what} ${n}: one has it`);
                if (made instanceof Error) assert.match(made.message, belongsTo(n, other?.stack ?? ""));
                else await plugins[stack].delete(type, nameOf(n, stack), made);
            }
            assert.deepEqual(await host(), before);
        });

    for (const { what, type, inputs } of [...AT_ONCE, ...ONE_BY_ONE])
        it(`that make ${what} one after the other: the second is told whose it is, and changes nothing of it`, async () => {
            const before = await host();
            const made = await plugins.blue.create(type, nameOf(0, "blue"), inputs(0));
            const held = await host();
            await assert.rejects(plugins.green.create(type, nameOf(0, "green"), inputs(0)), belongsTo(0, "blue"));
            assert.deepEqual(await host(), held);
            await plugins.blue.delete(type, nameOf(0, "blue"), made);
            assert.deepEqual(await host(), before);
        });
});
