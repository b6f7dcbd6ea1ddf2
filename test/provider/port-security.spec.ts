import assert from "node:assert/strict";
import { Address6 } from "ip-address";
import fc from "fast-check";
import { parseFlow } from "../../provider/host/flow-text";
import { areInForce, guardsOf, securityFrom, securityText } from "../../provider/resources/port-security";
import { isV6 } from "../../schemas/ip-text";
import { OvsPort } from "../../schemas/ovs-port";
import { PortSecurity } from "../../schemas/ovs-port-parts";

/** A frame by the fields of ovs-fields(7), as a switch fills them in. */
type Frame = Readonly<Record<string, string>>;

/** What a word without a value stands for. */
const KINDS: Readonly<Record<string, Frame>> = {
    arp: { dl_type: "0x0806" },
    ip: { dl_type: "0x0800" },
    ipv6: { dl_type: "0x86dd" },
    udp: { dl_type: "0x0800", nw_proto: "17" },
    icmp6: { dl_type: "0x86dd", nw_proto: "58" },
};

/** Whether a flow matches: each of its words, of which some are addresses with the length of a prefix. */
const matches = (match: string, frame: Frame): boolean =>
    match.split(",").every((word) => {
        const [field = "", value] = word.split("=");
        if (value === undefined)
            return Object.entries(KINDS[word] ?? assert.fail(word)).every(([key, wanted]) => frame[key] === wanted);
        const is = frame[field];
        return value.includes("/")
            ? is !== undefined && new Address6(is).isInSubnet(new Address6(value))
            : is === value;
    });

/** Whether the port's flows pass a frame on; undefined where none of them is about it. */
function passes(security: PortSecurity, frame: Frame): boolean | undefined {
    const met = guardsOf("1", security).filter(({ match }) => matches(match, frame));
    const most = Math.max(...met.map(({ priority }) => priority));
    const decisions = new Set(met.filter(({ priority }) => priority === most).map(({ actions }) => actions));
    assert.ok(decisions.size <= 1, "flows of one priority decide differently");
    const [decision] = decisions;
    return decision === undefined ? undefined : decision === "goto_table:10";
}

const NO_LAYER = "00:00:00:00:00:00";

/**
 * Whether a frame says of its sender nothing but what is so, in the words of the RFCs and not of flows. Of a neighbour
 * advertisement neighbours take the target and the link-layer address (RFC 4861, 7.2.5), and nothing from where it came.
 */
function isOwn({ mac, addresses }: PortSecurity, frame: Frame, linkLocal: string): boolean {
    if (frame.dl_src !== mac) return false;
    const all = addresses === undefined;
    const v4 = addresses?.filter((address) => !isV6(address)) ?? [];
    const given6 = addresses?.filter(isV6) ?? [];
    const v6 = given6.length > 0 ? [...given6, linkLocal] : [];
    const has = (list: readonly string[], address: string | undefined) => all || list.includes(address ?? "");
    const layer = (address: string | undefined) => address === mac || address === NO_LAYER;

    if (frame.dl_type === "0x0806") {
        const probes = v4.length > 0 && frame.arp_spa === "0.0.0.0" && frame.arp_op === "1";
        return frame.arp_sha === mac && (has(v4, frame.arp_spa) || probes);
    }
    if (frame.dl_type === "0x0800") {
        const asks = frame.nw_src === "0.0.0.0" && frame.nw_dst === "255.255.255.255";
        const dhcp = asks && frame.nw_proto === "17" && frame.tp_src === "68" && frame.tp_dst === "67";
        return has(v4, frame.nw_src) || (v4.length > 0 && dhcp);
    }
    // Behind its first tag a switch sees another: what that hides, nobody has judged.
    if (frame.dl_type === "0x8100" || frame.dl_type === "0x88a8") return false;
    if (frame.dl_type !== "0x86dd") return true;
    if (!all && v6.length === 0) return false;
    const type = frame.nw_proto === "58" ? frame.icmp_type : undefined;
    // Only a router sends these two, and a switch does not see what link-layer address they tell.
    if (type === "134" || type === "137") return false;
    // As a switch reads one that it cannot: an option that is there twice is also no option.
    if ((type === "135" || type === "136") && frame.nd_target === "::") return false;
    if (type === "136") return has(v6, frame.nd_target) && layer(frame.nd_tll);
    if (type === "135" && !all && frame.ipv6_src === "::")
        return v6.includes(frame.nd_target ?? "") && frame.nd_sll === NO_LAYER;
    if (type === "135") return has(v6, frame.ipv6_src) && layer(frame.nd_sll);
    const reports =
        frame.ipv6_src === "::" && frame.ipv6_dst?.startsWith("ff02:") && ["131", "143"].includes(type ?? "");
    return has(v6, frame.ipv6_src) || reports === true;
}

const [OWN, OTHER] = ["52:54:00:00:00:01", "52:54:00:00:00:99"];
const [LINK_LOCAL, OTHER_LINK_LOCAL] = ["fe80::5054:ff:fe00:1", "fe80::5054:ff:fe00:99"];
const V4 = ["10.0.0.1", "10.0.0.2", "192.0.2.7"];
const V6 = ["fd00::1", "fd00::2", "2001:db8::7"];

const securities = fc.record(
    { mac: fc.constant(OWN), addresses: fc.subarray([...V4, ...V6]).map((list) => [...list].sort()) },
    { requiredKeys: ["mac"], noNullPrototype: true },
);
const layers = fc.constantFrom(OWN, OTHER, NO_LAYER);
const v4s = fc.constantFrom(...V4, "10.0.0.99", "0.0.0.0");
const v6s = fc.constantFrom(...V6, LINK_LOCAL, OTHER_LINK_LOCAL, "fd00::99", "::");
const senders = fc.constantFrom(OWN, OWN, OWN, OTHER);
const base = { in_port: fc.constant("1"), dl_src: senders };
const frames: fc.Arbitrary<Frame> = fc.oneof(
    fc.record({
        ...base,
        dl_type: fc.constant("0x0806"),
        arp_op: fc.constantFrom("1", "2"),
        arp_spa: v4s,
        arp_sha: layers,
    }),
    fc.record({
        ...base,
        dl_type: fc.constant("0x0800"),
        nw_src: v4s,
        nw_dst: fc.constantFrom("255.255.255.255", "10.0.0.2"),
        nw_proto: fc.constantFrom("6", "17"),
        tp_src: fc.constantFrom("68", "67", "4000"),
        tp_dst: fc.constantFrom("67", "68", "9"),
    }),
    fc.record({
        ...base,
        dl_type: fc.constant("0x86dd"),
        ipv6_src: v6s,
        ipv6_dst: fc.constantFrom("ff02::1", "ff02::16", "ff05::2", "fd00::2"),
        nw_proto: fc.constantFrom("58", "58", "58", "17"),
        icmp_type: fc.constantFrom("135", "136", "131", "143", "128", "133", "134", "137"),
        nd_target: v6s,
        nd_sll: layers,
        nd_tll: layers,
    }),
    fc.record({ ...base, dl_type: fc.constantFrom("0x88b5", "0x8035", "0x8100", "0x88a8") }),
);

describe("the flows of port security", () => {
    it("pass what is the guest's own and drop all else, whatever it may send as", () => {
        const seen = { passed: 0, dropped: 0 };
        fc.assert(
            fc.property(securities, frames, (security, frame) => {
                const own = isOwn(security, frame, LINK_LOCAL);
                assert.equal(passes(security, frame), own);
                seen[own ? "passed" : "dropped"] += 1;
            }),
            { numRuns: 5_000 },
        );
        assert.ok(seen.passed > 500 && seen.dropped > 500, JSON.stringify(seen));
    });

    it("are about their own port alone", () =>
        fc.assert(
            fc.property(securities, frames, (security, frame) =>
                assert.equal(passes(security, { ...frame, in_port: "2" }), undefined),
            ),
        ));

    it("are in force as the switch prints them, in any order, and not with one of them gone or changed", () =>
        fc.assert(
            fc.property(securities, fc.nat(), fc.infiniteStream(fc.nat()), (security, which, order) => {
                const printed = guardsOf("7", security)
                    .map(({ table, priority, match, actions }) => ({
                        place: order.next().value as number,
                        text: ` table=${table}, priority=${priority},${match} actions=${actions}`,
                    }))
                    .sort((one, other) => one.place - other.place)
                    .map(({ text }) => parseFlow(text));
                assert.ok(areInForce(printed, 7, security));
                const at = which % printed.length;
                assert.ok(!areInForce(printed.toSpliced(at, 1), 7, security));
                const opened = printed.map((flow, index) => (index === at ? { ...flow, actions: "NORMAL" } : flow));
                assert.ok(!areInForce(opened, 7, security));
            }),
        ));
});

describe("what a port's row says of its security", () => {
    it("is read as it was written", () =>
        fc.assert(
            fc.property(securities, (security) => assert.deepEqual(securityFrom(securityText(security)), security)),
        ));

    it("is nothing where somebody wrote something else", () => {
        for (const text of [undefined, "", "web", `${OWN} 10.0.0.300`, "01:00:5e:00:00:01 any"])
            assert.equal(securityFrom(text), undefined, text);
    });
});

describe("the addresses of port security", () => {
    it("are none that hold an IPv4 address in an IPv6 one, which the switch spells otherwise", () => {
        const takes = (address: string) => PortSecurity.safeParse({ mac: OWN, addresses: [address] });
        for (const held of ["::ffff:1.2.3.4", "::ffff:102:304", "0:0:0:0:0:ffff:0:1", "::1.2.3.4", "::1:0"])
            assert.match(
                takes(held).error?.issues[0]?.message ?? "taken",
                /holds an IPv4 address.*give 192\.0\.2\.1/,
                held,
            );
        for (const own of ["::1", "1.2.3.4", "fd00::ffff:1:2", "::ffff:1:2:3"]) assert.ok(takes(own).success, own);
    });
});

describe("port security and the spanning tree of the bridge", () => {
    const failures = (otherConfig: object, portSecurity?: object) =>
        OvsPort.safeParse({ name: "g0", bridge: "br0", otherConfig, portSecurity }).error?.issues.map(
            ({ path, message }) => `${path.join(".")}: ${message}`,
        ) ?? [];

    it("contradict each other where a key switches its part on", () => {
        for (const key of ["stp-enable", "rstp-enable"])
            for (const value of ["true", "", "no"])
                assert.deepEqual(failures({ [key]: value }, { mac: OWN }), [
                    `otherConfig.${key}: a port with portSecurity takes no part in spanning tree, so ${key} is "false"; remove the key, or portSecurity`,
                ]);
    });

    it("go together where a key switches it off, or says something else", () => {
        const off = { "stp-enable": "false", "rstp-enable": "false", "stp-path-cost": "4" };
        assert.deepEqual(failures(off, { mac: OWN }), []);
    });

    it("are no matter to a port that is not secured", () => assert.deepEqual(failures({ "stp-enable": "true" }), []));
});
