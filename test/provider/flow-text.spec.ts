import assert from "node:assert/strict";
import fc from "fast-check";
import {
    flowText,
    groupText,
    hex,
    meterText,
    parseFlow,
    parseFlowMods,
    parseFlows,
    parseGroup,
    parseGroups,
    parseMeters,
    parsePorts,
    strictly,
    withPortNumbers,
    type Flow,
    type Group,
    type Meter,
} from "../../provider/host/flow-text";

/** Plain objects, as the parsers make them. */
const record = <Shape extends object>(shape: { [Key in keyof Shape]: fc.Arbitrary<Shape[Key]> }) =>
    fc.record(shape, { noNullPrototype: true });

const word = fc.stringMatching(/^[a-z_]{1,8}$/);
const match = fc
    .uniqueArray(
        fc.constantFrom(
            "ip",
            "tcp",
            "in_port=1",
            "nw_src=10.0.0.0/8",
            "ct_state=+trk-new",
            "packet_type=(1,0x800)",
            "reg0=0x5/0xff",
        ),
    )
    .map((fields) => fields.join(","));
const options = fc
    .uniqueArray(fc.constantFrom("idle_timeout=60", "hard_timeout=7", "importance=3", "send_flow_rem", "reset_counts"))
    .map((list) => list.sort());
const actions = fc
    .array(
        fc.constantFrom(
            "drop",
            "NORMAL",
            "output:1",
            "resubmit(1,20)",
            "set_field:00:11:22:33:44:55->eth_dst",
            "learn(table=13,idle_timeout=5,actions=5)",
            "ct(commit,zone=5,exec(set_field:0x5->ct_mark))",
        ),
        { minLength: 1 },
    )
    .map((list) => list.join(","));
const flow: fc.Arbitrary<Flow> = record({
    cookie: fc.bigInt(0n, (1n << 64n) - 1n).map((cookie) => `0x${cookie.toString(16)}`),
    table: fc.integer({ min: 0, max: 254 }),
    priority: fc.integer({ min: 0, max: 65535 }),
    match,
    options,
    actions,
});

describe("a flow", () => {
    it("reads as it was written, whatever it is", () => {
        fc.assert(
            fc.property(flow, (flow) => assert.deepEqual(parseFlow(`cookie=${flow.cookie},${flowText(flow)}`), flow)),
        );
    });

    it("reads alike from a dump and from parse-flows", () => {
        const dump =
            " cookie=0x88, duration=1.2s, table=11, n_packets=0, n_bytes=0, idle_timeout=60, hard_timeout=70, send_flow_rem importance=5, priority=7,tcp,tp_dst=80 actions=drop";
        const parsed =
            "OFPT_FLOW_MOD (OF1.5) (xid=0x1): ADD table:11 priority=7,tcp,tp_dst=80 cookie:0x88 idle:60 hard:70 importance:5 send_flow_rem actions=drop";
        const expected: Flow = {
            cookie: "0x88",
            table: 11,
            priority: 7,
            match: "tcp,tp_dst=80",
            options: ["hard_timeout=70", "idle_timeout=60", "importance=5", "send_flow_rem"],
            actions: "drop",
        };
        assert.deepEqual(parseFlow(dump), expected);
        assert.deepEqual(parseFlow(parsed), expected);
    });

    it("has the defaults of OpenFlow where it says nothing", () => {
        assert.deepEqual(parseFlow("OFPT_FLOW_MOD (OF1.5) (xid=0x1): ADD in_port=1 actions=drop"), {
            cookie: "0x0",
            table: 0,
            priority: 32768,
            match: "in_port=1",
            options: [],
            actions: "drop",
        });
        assert.equal(parseFlow(" actions=NORMAL").match, "");
    });

    it("is the only one that a line of a dump tells", () => {
        assert.equal(parseFlows("OFPST_FLOW reply (OF1.5) (xid=0x2):\n priority=0 actions=NORMAL\n\n").length, 1);
    });

    it("that parse-flows cannot read again leaves the others in their places", () => {
        const printed =
            "OFPT_FLOW_MOD (OF1.5) (xid=0x1): ***decode error: OFPBMC_BAD_PREREQ***\n00000000  06 0e 00 48 |...H|\n" +
            "OFPT_FLOW_MOD (OF1.5) (xid=0x2): ADD table:10 priority=1 actions=drop\n";
        assert.deepEqual(
            parseFlowMods(printed).map((flow) => flow?.priority),
            [undefined, 1],
        );
    });

    it("is named in a deletion with its cookie, and nothing but its place", () => {
        const { cookie, table, priority, match } = parseFlow(
            "cookie=0x2A,table=10,priority=5,ip,idle_timeout=3,actions=drop",
        );
        assert.equal(strictly({ cookie, table, priority, match }), "cookie=0x2a/-1,table=10,priority=5,ip");
    });
});

describe("a cookie", () => {
    it("is spelled as the switch does", () => {
        assert.deepEqual(["0x002A", "42", "0x0"].map(hex), ["0x2a", "0x2a", "0x0"]);
    });
});

describe("a meter", () => {
    const meter: fc.Arbitrary<Meter> = record({
        id: fc.integer({ min: 1, max: 65535 }),
        flags: fc.constantFrom(["kbps"], ["burst", "kbps"], ["pktps"], ["pktps", "stats"]),
        bands: fc.array(
            record({ type: fc.constant("drop"), rate: fc.nat(), burst: fc.integer({ min: 0, max: 9999 }) }),
            { minLength: 1, maxLength: 3 },
        ),
    });

    it("reads as it was written, whatever it is", () => {
        fc.assert(
            fc.property(fc.array(meter), (meters) =>
                assert.deepEqual(parseMeters(meters.map(meterText).join("\n")), meters),
            ),
        );
    });

    it("reads alike from a dump and as a user writes it", () => {
        const dump =
            "OFPST_METER_CONFIG reply (OF1.5) (xid=0x2):\nmeter=5 kbps burst bands=\ntype=drop rate=10000 burst_size=8000\n\n";
        assert.deepEqual(
            parseMeters(dump),
            parseMeters("meter=5,burst,kbps,band=type=drop,rate=10000,burst_size=8000"),
        );
    });
});

describe("a group", () => {
    const group: fc.Arbitrary<Group> = record({
        id: fc.nat(),
        type: fc.constantFrom("all", "select", "indirect", "ff"),
        properties: fc.constantFrom(
            [],
            ["selection_method=dp_hash"],
            ["fields(eth_dst,ip_src)", "selection_method=hash"],
        ),
        buckets: fc.array(
            record({
                id: fc.nat(),
                attributes: fc.constantFrom([], ["weight:5"], ["watch_group:2", "watch_port:1"]),
                actions,
            }),
        ),
    });

    it("reads as it was written, whatever it is", () => {
        fc.assert(fc.property(group, (group) => assert.deepEqual(parseGroup(groupText(group)), group)));
    });

    it("reads alike from a dump and as a user writes it", () => {
        const dump =
            " group_id=1,type=select,selection_method=hash,fields(eth_dst,ip_src),bucket=bucket_id:0,weight:7,actions=output:1,bucket=bucket_id:1,actions=drop";
        const written =
            "group_id=1 type=select,fields(ip_src,eth_dst),selection_method=hash,bucket=weight=7,output:1 bucket=actions=drop";
        assert.deepEqual(parseGroups(dump)[0], parseGroup(written));
    });
});

describe("names of ports", () => {
    const ports = new Map([
        ["tap-a", "1"],
        ["tcp", "2"],
        ["br0", "LOCAL"],
        ["drop", "4"],
        ["nat", "5"],
        ["0a", "6"],
        ["7", "8"],
    ]);
    const cases: [string, string][] = [
        ["table=10,in_port=tap-a,tcp,actions=output:tap-a", "table=10,in_port=1,tcp,actions=output:1"],
        ['in_port="tap-a",actions=resubmit(tap-a,20),tap-a', "in_port=1,actions=resubmit(1,20),1"],
        [
            "in_port=br0,actions=output(port=tcp,max_len=9),enqueue:tap-a:3",
            "in_port=LOCAL,actions=output(port=2,max_len=9),enqueue:1:3",
        ],
        [
            "in_port_oxm=tap-a,actset_output=tcp,actions=output(max_len=9,port=tap-a),set_field:tap-a->in_port",
            "in_port_oxm=1,actset_output=2,actions=output(max_len=9,port=1),set_field:1->in_port",
        ],
        ['actions=set_field:"tap-a"->actset_output', "actions=set_field:1->actset_output"],
        ["actions=set_field:7->reg0,set_field:nat->reg1", "actions=set_field:7->reg0,set_field:nat->reg1"],
        ["group_id=7,type=ff,bucket=watch_port:tap-a,output:tap-a", "group_id=7,type=ff,bucket=watch_port:1,output:1"],
        [
            "actions=bundle(eth_src,0,hrw,ofport,members:tcp,tap-a),sample(probability=9,sampling_port=tap-a)",
            "actions=bundle(eth_src,0,hrw,ofport,members:2,1),sample(probability=9,sampling_port=1)",
        ],
        ["table=10,actions=drop", "table=10,actions=drop"],
        ["in_port=tap-b,actions=output:tap-b", "in_port=tap-b,actions=output:tap-b"],
        ["ip,actions=ct(table=11,nat),nat", "ip,actions=ct(table=11,nat),5"],
        [
            "ip,actions=ct(commit,nat(src=10.0.0.1,random)),clone(nat)",
            "ip,actions=ct(commit,nat(src=10.0.0.1,random)),clone(5)",
        ],
        ["in_port=0a,action=0a tap-a,write_actions(nat)", "in_port=6,action=6 1,write_actions(5)"],
        ['in_port=7,actions=7,output:7,"7"', "in_port=7,actions=7,output:7,8"],
        ["actions=output:tcp[0..15],output:reg0[]", "actions=output:tcp[0..15],output:reg0[]"],
        ["group_id=7,type=all,bucket=tap-a,bucket=weight:5,nat", "group_id=7,type=all,bucket=1,bucket=weight:5,5"],
    ];
    for (const [text, numbered] of cases)
        it(`become numbers: ${text}`, () => assert.equal(withPortNumbers(text, ports), numbered));

    it("leave a text without them alone, whatever it is", () => {
        fc.assert(
            fc.property(flow, word, (flow, name) =>
                assert.equal(withPortNumbers(flowText(flow), new Map([[`${name}-x`, "9"]])), flowText(flow)),
            ),
        );
    });

    it("are read from the switch", () => {
        const desc =
            "OFPST_PORT_DESC reply (OF1.5) (xid=0x2):\n 1(tap-a): addr:f2:12:c8:4e:8e:bd\n     config:     0\n LOCAL(br0): addr:a2:c0:f8:f2:4d:4e\n";
        assert.deepEqual(
            [...parsePorts(desc)],
            [
                ["tap-a", "1"],
                ["br0", "LOCAL"],
            ],
        );
    });
});
