import assert from "node:assert/strict";
import { isUnasked, outputsOf, solicited } from "../../provider/host/switch-ways";

/** As Open vSwitch 3.1 prints it. */
const trace = (...actions: string[]) =>
    actions
        .map(
            (one) => `Flow: tcp,in_port=mg0\n\nbridge("br7")\n 0. priority 0\n    NORMAL\n\nDatapath actions: ${one}\n`,
        )
        .join("\n===== recirc(0x1) - resume conntrack =====\n");

describe("what the switch tells of a packet", () => {
    for (const [what, text, vlan, outputs] of [
        ["that is dropped: it comes out nowhere", trace("drop"), undefined, []],
        ["that goes to one port", trace("lan0"), undefined, [{ port: "lan0" }]],
        [
            "that is flooded into VLANs: which port it leaves with which of them",
            trace("push_vlan(vid=7,pcp=0),br7,lan0,pop_vlan,push_vlan(vid=8,pcp=0),lan1,pop_vlan,mg0"),
            undefined,
            [{ port: "br7", vlan: 7 }, { port: "lan0", vlan: 7 }, { port: "lan1", vlan: 8 }, { port: "mg0" }],
        ],
        [
            "that came with a VLAN and keeps it",
            trace("lan0,pop_vlan,mg0"),
            7,
            [{ port: "lan0", vlan: 7 }, { port: "mg0" }],
        ],
        [
            "that is sampled and metered on its way",
            trace("meter(0),sample(sample=25.0%,actions(userspace(pid=0,sFlow(vid=0,pcp=0)))),lan0"),
            undefined,
            [{ port: "lan0" }],
        ],
        ["that is tracked first", trace("ct(commit,zone=1),recirc(0x1)", "lan0"), undefined, [{ port: "lan0" }]],
        ["that it cannot follow", "", undefined, []],
    ] as const)
        it(what, () => assert.deepEqual(outputsOf(text, vlan), outputs));
});

describe("the group in which who has an address of IPv6 is asked", () => {
    for (const [address, group, mac] of [
        ["2001:db8::1", "ff02::1:ff00:0001", "33:33:ff:00:00:01"],
        ["fe80::5054:ff:feab:cdef", "ff02::1:ffab:cdef", "33:33:ff:ab:cd:ef"],
    ] as const)
        it(`is ${group} for ${address}`, () => assert.deepEqual(solicited(address), { mac, address: group }));
});

describe("a packet", () => {
    const met = (bridge: string, flow: string) => `bridge("${bridge}")\n-------------\n 0. ${flow}\n    NORMAL\n`;
    for (const [what, text, isTheOwn] of [
        ["meets what a standalone bridge does by itself", met("br7", "priority 0"), true],
        ["meets somebody's flow", met("br7", "arp, priority 0"), false],
        ["meets a flow with a cookie", met("br7", "priority 0, cookie 0x7"), false],
        [
            "meets what tables of ours do as long as nobody has put a flow there",
            met("br7", "priority 1, cookie 0x6b6e000000000000") +
                "10. priority 0, cookie 0x6b6e000000000000\n    NORMAL\n",
            true,
        ],
        ["meets that of another bridge", met("br7", "priority 5") + met("br8", "priority 0"), false],
        ["is not told of", "", false],
    ] as const)
        it(what, () => assert.equal(isUnasked(text, "br7"), isTheOwn));
});
