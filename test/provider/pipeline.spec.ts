import assert from "node:assert/strict";
import fc from "fast-check";
import { flowText, parseFlow, strictly, type Flow } from "../../provider/host/flow-text";
import {
    COOKIE_MASK,
    cookieFrom,
    hangsTogether,
    inPlaceOf,
    leftOver,
    SHARED_COOKIE,
    sharedFlows,
} from "../../provider/host/pipeline";

const HAND_ON = `flow add cookie=${SHARED_COOKIE},table=0,priority=1,actions=goto_table:5`;
const PASS_ON = `flow add cookie=${SHARED_COOKIE},table=5,priority=0,actions=goto_table:10`;
const NORMAL = `flow add cookie=${SHARED_COOKIE},table=10,priority=0,actions=NORMAL`;
const OURS = "0x6b6e0123456789ab";
const standalone = parseFlow("priority=0 actions=NORMAL");
const limit = parseFlow(`cookie=${OURS}, priority=40000,in_port=1 actions=meter:65537,goto_table:5`);
const bridge = (flows: Flow[], secure = false) => ({ flows, cookies: ["0x2a"], secure });

describe("the flows that tables 0, 5 and 10 share", () => {
    it("are none on a bridge without flows of ours", () => {
        assert.deepEqual(sharedFlows(bridge([standalone, parseFlow("table=10,actions=drop")]), []), {
            before: [],
            after: [],
        });
    });

    it("hand on and say NORMAL with the first limit of a port", () => {
        assert.deepEqual(sharedFlows(bridge([standalone]), [`flow add cookie=${OURS},${flowText(limit)}`]).after, [
            HAND_ON,
            PASS_ON,
            NORMAL,
        ]);
    });

    it("say NORMAL not on a secure bridge, and not where table 10 has a flow of anybody's", () => {
        assert.deepEqual(sharedFlows(bridge([limit], true), []).after, [HAND_ON, PASS_ON]);
        assert.deepEqual(sharedFlows(bridge([limit, parseFlow("table=10,ip,actions=drop")]), []).after, [
            HAND_ON,
            PASS_ON,
        ]);
    });

    it("go with the last flow of ours", () => {
        const before = [limit, ...[HAND_ON, PASS_ON, NORMAL].map((line) => parseFlow(line.replace("flow add ", "")))];
        const gone = strictly({ ...limit, cookie: SHARED_COOKIE }, COOKIE_MASK);
        assert.deepEqual(sharedFlows(bridge(before), [`flow delete_strict ${gone}`]), {
            before: [
                `flow delete_strict cookie=${SHARED_COOKIE}/-1,table=0,priority=1`,
                `flow delete_strict cookie=${SHARED_COOKIE}/-1,table=5,priority=0`,
                `flow delete_strict cookie=${SHARED_COOKIE}/-1,table=10,priority=0`,
            ],
            after: [],
        });
    });

    it("stay while a deletion of one port's flows leaves another's", () => {
        const guard = (port: number) => parseFlow(`cookie=${OURS}, table=5, priority=100,in_port=${port} actions=drop`);
        const deletion = `flow delete cookie=${SHARED_COOKIE}/${COOKIE_MASK},table=5,in_port=1`;
        const there = [HAND_ON, PASS_ON].map((line) => parseFlow(line.replace("flow add ", "")));
        const left = sharedFlows(bridge([...there, guard(1), guard(2)], true), [deletion]);
        assert.deepEqual(left, { before: [], after: [] });
        assert.equal(sharedFlows(bridge([...there, guard(1)], true), [deletion]).before.length, 2);
    });

    it("take the place of flows of ours, and of nobody else's", () => {
        const added = [HAND_ON, PASS_ON, NORMAL];
        const there = (cookie: string, place: string) => bridge([parseFlow(`cookie=${cookie},${place},actions=drop`)]);
        for (const place of ["table=0,priority=1", "table=5,priority=0", "table=10,priority=0"]) {
            assert.equal(inPlaceOf(added, there("0x99", place))?.cookie, "0x99");
            for (const cookie of [OURS, SHARED_COOKIE, "0x2a"])
                assert.equal(inPlaceOf(added, there(cookie, place)), undefined);
        }
        assert.equal(inPlaceOf(added, there("0x99", "table=0,priority=1,ip")), undefined);
    });

    it("hang together once their lines are carried out, whatever flows there are", () => {
        const flow = fc
            .record({
                cookie: fc.constantFrom("0x0", "0x2a", "0x99", OURS),
                table: fc.constantFrom(0, 5, 10, 11),
                priority: fc.constantFrom(2, 7, 40000),
                match: fc.constantFrom("", "ip", "in_port=1"),
            })
            .map((place): Flow => ({ ...place, options: [], actions: "drop" }));
        fc.assert(
            fc.property(fc.array(flow), fc.array(flow), fc.boolean(), fc.boolean(), (there, more, secure, goes) => {
                const lines = [
                    ...(goes ? ["flow delete cookie=0x2a/-1"] : []),
                    ...more.map((flow) => `flow add cookie=${flow.cookie},${flowText(flow)}`),
                ];
                const { before, after } = sharedFlows(bridge(there, secure), lines);
                assert.deepEqual(before, []);
                const left = there.filter(({ cookie }) => !goes || cookie !== "0x2a");
                const then = [...left, ...more, ...after.map((line) => parseFlow(line.replace("flow add ", "")))];
                assert.ok(hangsTogether(bridge(then, secure)));
            }),
        );
    });
});

describe("what a port has left that somebody unplugged", () => {
    const theirs = "0x6b6eba9876543210";
    const flow = (cookie: string, port: number, table = 5) =>
        parseFlow(`cookie=${cookie}, table=${table}, priority=100,in_port=${port} actions=drop`);
    const flows = [limit, flow(OURS, 1), flow(OURS, 2), flow(theirs, 1), flow("0x99", 7), flow(OURS, 8, 10)];

    it("is named once by cookie, number and table, and is nothing of others, nor of a user's tables", () =>
        assert.deepEqual(leftOver(flows, []), [
            { cookie: OURS, port: 1, table: 0 },
            { cookie: OURS, port: 1, table: 5 },
            { cookie: OURS, port: 2, table: 5 },
            { cookie: theirs, port: 1, table: 5 },
        ]));

    it("stands where no port of the same resource has that number", () =>
        assert.deepEqual(
            leftOver(flows, [
                { cookie: OURS, port: 1, heldIn: [] },
                { cookie: theirs, port: 2, heldIn: [] },
            ]),
            [
                { cookie: OURS, port: 2, table: 5 },
                { cookie: theirs, port: 1, table: 5 },
            ],
        ));

    it("is not known while a port of the resource has no number", () =>
        assert.deepEqual(leftOver(flows, [{ cookie: OURS, port: NaN, heldIn: [] }]), [
            { cookie: theirs, port: 1, table: 5 },
        ]));

    it("is nothing that holds a port whose mark is another one now, or gone", () =>
        assert.deepEqual(leftOver(flows, [{ cookie: SHARED_COOKIE, port: 1, heldIn: [5] }]), [
            { cookie: OURS, port: 1, table: 0 },
            { cookie: OURS, port: 2, table: 5 },
        ]));
});

describe("a cookie that we choose", () => {
    it("begins with 16 bits of ours and goes on with 48 of a digest", () => {
        assert.equal(cookieFrom("0123456789abcdef"), OURS);
        assert.notEqual(cookieFrom("0123456789abcdef"), cookieFrom("1123456789abcdef"));
    });
});
