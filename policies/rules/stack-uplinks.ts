/** Rules across resources for the ways out of a host: one bridge each, more than one, and no ring. */
import { at, textAt } from "../inputs";
import { known } from "../known";
import { stackRule } from "../stack-rule";
import { made } from "./examples";
import { loopEdge } from "./loops";
import { VSWITCHD_DB } from "./manuals";
import { bridge, patch } from "./stack-examples";

const uplinkTwoBridges = stackRule({
    id: "sec-uplink-two-bridges",
    title: "An uplink belongs to one bridge.",
    severity: "critical",
    level: { default: "mandatory" },
    why: "Two bridges behind one uplink share what they were made to keep apart, and a loop between them floods the network.",
    sources: ["ovs-vswitchd.conf.db(5): an interface is in one port of one bridge"],
    url: `${VSWITCHD_DB}#bridge-table`,
    tags: ["topology", "security"],
    proof: { file: "test/live/bad-nics.spec.ts", shows: "that is in a bridge already is refused to another bridge" },
    parameters: {},
    judge(stack, each) {
        const seen = new Map<unknown, string | undefined>();
        for (const { resource, uplinks, name } of stack.bridges())
            each(resource, "its uplinks", () => {
                for (const uplink of known(uplinks)) {
                    const before = seen.get(uplink);
                    if (before !== undefined && before !== known(name))
                        return {
                            found: `the uplink ${String(uplink)} is named by ${before} as well`,
                            set: "Give each bridge an uplink of its own, or join the bridges by a patch with the VLANs that both need.",
                        };
                    seen.set(uplink, known(name));
                }
                return undefined;
            });
    },
    fix: "Name each uplink on one bridge.",
    examples: {
        good: [[bridge({ name: "br0", uplinks: ["eth0"] }), bridge({ name: "br1", uplinks: ["eth1"] })]],
        bad: [[bridge({ name: "br0", uplinks: ["eth0"] }), bridge({ name: "br1", uplinks: ["eth0"] })]],
    },
});

const uplinkSingle = stackRule({
    id: "uplink-single",
    title: "A bridge has as many ways out as its guests' availability asks for.",
    severity: "medium",
    level: { default: "advisory" },
    why: "With one link out, one cable, port or switch that fails takes every guest of the bridge off the network. Members of a bond count one by one.",
    sources: ["arithmetic of the declared links"],
    url: "https://docs.kernel.org/networking/bonding.html",
    tags: ["topology", "availability"],
    parameters: {
        links: {
            describe: "Fewest links that lead out of such a bridge [count].",
            value: { default: 2 },
            minimum: 2,
            maximum: 8,
        },
        all: {
            describe:
                'Whether every bridge with uplinks is such a one: 1; 0 is those whose externalIds have ha: "true".',
            value: { default: 0 },
            minimum: 0,
            maximum: 1,
        },
    },
    judge(stack, each, { links, all }) {
        const members = new Map<unknown, number>();
        for (const { props } of stack.of("kvmnet:host:Bond")) {
            const list = at(props, "members");
            members.set(textAt(props, "name"), Array.isArray(list) ? list.length : 1);
        }
        for (const { resource, uplinks } of stack.bridges())
            each(resource, "its uplinks", () => {
                const named = known(uplinks);
                const declared = all === 1 || known(textAt(resource.props, "externalIds", "ha")) === "true";
                if (named.length === 0 || !declared) return undefined;
                const count = named.reduce<number>((sum, name) => {
                    const bonded = known(stack.portByName().get(String(name))?.interfaces ?? []).length;
                    return sum + Math.max(1, bonded, members.get(name) ?? 1);
                }, 0);
                if (count >= links) return undefined;
                return {
                    found: `${count === 1 ? "1 link leads" : `${count} links lead`} out of it, and ${links} are asked for`,
                    set: "Make a bond of links to two switches its uplink.",
                };
            });
    },
    fix: "Bond links to different switches.",
    examples: {
        good: [
            [bridge({ name: "br0", uplinks: ["eth0"] })],
            [
                bridge({ name: "br0", uplinks: ["bond0"], externalIds: { ha: "true" } }),
                made("host:Bond", { name: "bond0", mode: "active-backup", members: ["eth0", "eth1"] }),
            ],
        ],
        bad: [[bridge({ name: "br0", uplinks: ["eth0"], externalIds: { ha: "true" } })]],
    },
});

const loopNoStp = stackRule({
    id: "sec-loop-no-stp",
    title: "Two uplinks of one bridge are a bond, or a spanning tree watches them.",
    severity: "high",
    level: { default: "advisory", security: "mandatory" },
    why: "A switch with two ways to the same network sends each broadcast round and round, until nothing else gets through.",
    sources: ["IEEE 802.1D", "harvester/harvester#8067: a storm by two uplinks"],
    url: `${VSWITCHD_DB}#bridge-table`,
    tags: ["topology", "security"],
    parameters: {},
    judge(stack, each) {
        for (const { resource, uplinks, stp, kind } of stack.bridges())
            each(resource, "its uplinks", () => {
                if (kind !== "ovs" || known(uplinks).length < 2 || known(stp)) return undefined;
                return {
                    found: `it has ${known(uplinks).length} uplinks and no spanning tree`,
                    set: "Make the uplinks one bond, or set rstp to true.",
                };
            });
    },
    fix: "Bond the uplinks, or switch RSTP on, and give the ports of guests portSecurity: without it a guest can become the root of the tree.",
    examples: {
        good: [
            [bridge({ name: "br0", uplinks: ["eth0"] })],
            [bridge({ name: "br0", uplinks: ["eth0", "eth1"], rstp: true })],
        ],
        bad: [[bridge({ name: "br0", uplinks: ["eth0", "eth1"] })]],
    },
});

const bridgeLoop = stackRule({
    id: "bridge-loop",
    title: "Bridges that are joined make no ring.",
    severity: "critical",
    level: { default: "mandatory" },
    why: "Where patches, veth pairs or VLAN links join bridges in a ring that one VLAN goes all around, each broadcast runs round it without end, until nothing else gets through, unless a spanning tree cuts it.",
    sources: ["IEEE 802.1D, 7.1: a bridged network has one path between two stations"],
    url: `${VSWITCHD_DB}#bridge-table`,
    tags: ["topology"],
    proof: {
        file: "test/live/bad-nics.spec.ts",
        shows: "to a second way between two bridges lets one broadcast run round without end",
    },
    parameters: {},
    judge(stack, each) {
        const loop = loopEdge(stack);
        if (!loop) return;
        each(loop.resource, loop.name, () => ({
            found: `it joins ${loop.from} and ${loop.to}, which are joined already${loop.vlan === undefined ? "" : ` in VLAN ${loop.vlan}`}`,
            set: "Remove it, give the two ways different VLANs by trunks, or set rstp on the bridges of the ring.",
        }));
    },
    fix: "Remove one of the ways, part them by VLANs, or switch a spanning tree on.",
    examples: {
        good: [
            [
                bridge({ name: "br0" }),
                bridge({ name: "br1" }),
                patch("p0", "br0", "p1", { trunks: ["10"] }),
                patch("p1", "br1", "p0", { trunks: ["10"] }),
            ],
            [
                bridge({ name: "br0" }),
                bridge({ name: "br1" }),
                patch("p0", "br0", "p1", { trunks: ["10"] }),
                patch("p1", "br1", "p0", { trunks: ["10"] }),
                patch("q0", "br0", "q1", { trunks: ["20"] }),
                patch("q1", "br1", "q0", { trunks: ["20"] }),
            ],
            [
                bridge({ name: "br0", rstp: true }),
                bridge({ name: "br1", rstp: true }),
                patch("p0", "br0", "p1", { trunks: ["10"] }),
                patch("p1", "br1", "p0", { trunks: ["10"] }),
                patch("q0", "br0", "q1", { trunks: ["10"] }),
                patch("q1", "br1", "q0", { trunks: ["10"] }),
            ],
        ],
        bad: [
            [
                bridge({ name: "br0" }),
                bridge({ name: "br1" }),
                patch("p0", "br0", "p1", { trunks: ["10-19"] }),
                patch("p1", "br1", "p0", { trunks: ["10-19"] }),
                patch("q0", "br0", "q1", { trunks: ["19-20"] }),
                patch("q1", "br1", "q0", { trunks: ["19-20"] }),
            ],
            [
                made("host:Bridge", { name: "br0" }),
                made("host:Bridge", { name: "br1" }),
                ...["a", "b"].flatMap((pair) => [
                    made("host:Veth", { name: `${pair}0`, peer: `${pair}1` }),
                    made("host:BridgePort", { name: `${pair}0`, bridge: "br0" }),
                    made("host:BridgePort", { name: `${pair}1`, bridge: "br1" }),
                ]),
            ],
        ],
    },
});

export const uplinkRules = [uplinkTwoBridges, uplinkSingle, loopNoStp, bridgeLoop];
