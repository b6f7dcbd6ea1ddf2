import assert from "node:assert/strict";
import type { Way } from "../../provider/host/operator-ways";
import type { Operator } from "../../provider/host/operators";
import type { RouteSeen } from "../../provider/host/routes";
import { endsOf, isFor, type End } from "../../provider/host/rule-walk";
import type { RuleSeen } from "../../provider/host/rules";
import { changed, verdictOn } from "../../provider/resources/rule-guard";

const OPERATOR: Operator = { peer: "192.0.2.7", local: "192.0.2.1", port: 22, peerPort: 4000 };

const rule = (priority: number, more: Partial<RuleSeen> = {}): RuleSeen => ({
    ...{ priority, protocol: 0, not: false, more: [] },
    ...more,
});
const route = (table: string, destination: string, link?: string, more: Partial<RouteSeen> = {}): RouteSeen => ({
    ...{ destination, table, metric: 0, type: link === undefined ? "blackhole" : "unicast", protocol: 0, more: [] },
    ways: link === undefined ? [] : [{ link, weight: 1, onlink: false, isDead: false }],
    ...more,
});
const dead = (table: string, destination: string, link: string) =>
    route(table, destination, undefined, {
        type: "unicast",
        ways: [{ link, weight: 1, onlink: false, isDead: true }],
    });

describe("a rule", () => {
    for (const [what, words, isTheirs] of [
        ["packets of another mark", { fwmark: "0x1" }, false],
        ["packets without a mark", { fwmark: "0x0/0xff" }, true],
        ["packets that have not a mark, as that of a VPN", { fwmark: "0xca6c", not: true }, true],
        ["packets that come in by a link", { iif: "eth0" }, false],
        ["packets of this host", { iif: "lo" }, true],
        ["sockets bound to a link", { oif: "eth0" }, false],
        ["another port", { sport: "2222" }, false],
        ["their port", { ipproto: "tcp", sport: "1-100", dport: "4000" }, true],
        ["another user than an SSH server's", { uidRange: "1000-1999" }, false],
        ["a type of service", { tos: 16 }, undefined],
        ["any other than a type of service", { tos: 16, not: true }, undefined],
        ["what we cannot read", { more: ["flowlabel"] }, undefined],
        ["what is bound to a VRF", { more: ["l3mdev"] }, false],
    ] as [string, Partial<RuleSeen>, boolean | undefined][])
        it(`for ${what} ${isTheirs === undefined ? "may be" : isTheirs ? "is" : "is not"} for an operator's`, () =>
            assert.equal(isFor(rule(1, words), OPERATOR), isTheirs));

    it("for a port may be for the packets of a connection whose ports are not known", () =>
        assert.equal(isFor(rule(1, { sport: "22" }), { ...OPERATOR, port: 0 }), undefined));
    it("for what is bound to a VRF may be for the packets of a connection that is bound to a link", () =>
        assert.equal(isFor(rule(1, { more: ["l3mdev"] }), { ...OPERATOR, device: "eth0" }), undefined));
});

describe("the ends of what goes to an operator", () => {
    const MAIN = route("main", "192.0.2.0/24", "eth0");
    const ends = (rules: RuleSeen[], ...routes: RouteSeen[]) =>
        endsOf(OPERATOR, [...rules, rule(32766, { table: "main" })], [MAIN, ...routes]).map((end) =>
            end.by === "route" ? `${end.route.destination} ${end.route.table}` : end.by,
        );

    it("are that of the table which the first rule for it asks and that knows a way", () => {
        assert.deepEqual(ends([rule(1, { table: "100" })]), ["192.0.2.0/24 main"]);
        assert.deepEqual(ends([rule(1, { table: "100" })], route("100", "0.0.0.0/0", "eth1")), ["0.0.0.0/0 100"]);
    });
    it("pass over a route whose link is down", () =>
        assert.deepEqual(ends([rule(1, { table: "100" })], dead("100", "0.0.0.0/0", "eth1")), ["192.0.2.0/24 main"]));
    it("are several where it cannot be told whether a rule is for it", () =>
        assert.deepEqual(ends([rule(1, { tos: 4, action: "blackhole" })]), ["rule", "192.0.2.0/24 main"]));
    it("are nothing where no rule is left", () =>
        assert.deepEqual(endsOf(OPERATOR, [rule(1, { table: "100" })], [MAIN]), [{ by: "nothing" }]));
    it("are unknown behind a rule that does what we cannot tell", () =>
        assert.deepEqual(ends([rule(1)]), ["unknown", "192.0.2.0/24 main"]));
});

describe("a change of a rule", () => {
    const way: Way = {
        operator: OPERATOR,
        ...{ links: ["eth0"], destination: "0.0.0.0/0", metric: 0, table: "main", gateway: "10.0.0.254" },
        path: new Set(["eth0", "bond0"]),
    };
    const over = (link: string, gateway: string, table = "100"): End => ({
        by: "route",
        route: route(table, "0.0.0.0/0", link, { ways: [{ link, gateway, weight: 1, onlink: false, isDead: false }] }),
    });
    const present = over("eth0", "10.0.0.254", "main");
    const lost: End = { by: "nothing" };
    for (const [what, before, after, isCertain] of [
        ["that leads over another link", [present], [over("eth1", "10.0.0.254")], true],
        ["that leads nowhere", [present], [lost], true],
        ["that leads there by another table", [present], [over("eth0", "10.0.0.254")], undefined],
        ["that leads to another router on the link", [present], [over("eth0", "10.0.0.253")], false],
        ["that leads over another link of the path", [present], [over("bond0", "10.0.0.254")], false],
        ["that may lead nowhere", [present], [lost, present], false],
        ["beside which it may lead nowhere anyway", [lost, present], [lost, present], undefined],
        ["where the kernel leads otherwise than we know", [over("eth1", "10.0.0.1")], [lost], false],
    ] as [string, End[], End[], boolean | undefined][])
        it(`${what} ${isCertain === undefined ? "does not take" : isCertain ? "takes" : "may take"} somebody's way`, () =>
            assert.equal(verdictOn(way, before, after)?.isCertain, isCertain));

    it("puts it behind those of its priority, and takes the one that it was", () => {
        const [first, second, last] = [rule(5, { protocol: 1 }), rule(5), rule(9)];
        assert.deepEqual(changed([first, last], { family: "ipv4", comes: second }), [first, second, last]);
        assert.deepEqual(changed([first, second, last], { family: "ipv4", goes: second }), [first, last]);
    });
});
