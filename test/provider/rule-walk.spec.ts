import assert from "node:assert/strict";
import { changed, changedRoutes, verdictOn } from "../../provider/host/lookup-change";
import type { Operator, RouteSeen, RuleSeen, Way } from "../../provider/host/lookup";
import { endsOf, isFor, linkTo, type End } from "../../provider/host/rule-walk";

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

    it("for a mark is for the packets of a socket that has it", () => {
        const marked = { ...OPERATOR, mark: 0x11 };
        for (const [fwmark, isTheirs] of [
            ["0x11", true],
            ["0x1/0xf", true],
            ["0x2/0xf", false],
            ["0x1", false],
        ] as const)
            assert.equal(isFor(rule(1, { fwmark }), marked), isTheirs);
    });
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

describe("the link of a router that is told without one", () => {
    const ASKS = [rule(9, { table: "main" })];
    const [direct, far] = [route("main", "10.0.0.0/8", "eth0"), route("100", "10.9.0.0/16", "eth1")];
    const routed = route("main", "10.8.0.0/16", "eth2", {
        ways: [{ link: "eth2", gateway: "10.0.0.1", weight: 1, onlink: false, isDead: false }],
    });

    it("is told by the table of its route, or else by the rules", () => {
        assert.equal(linkTo("10.9.0.1", "100", ASKS, [direct, far]), "eth1");
        assert.equal(linkTo("10.9.0.1", "101", ASKS, [direct, far]), "eth0");
    });
    it("is not that of a route that needs a router itself", () =>
        assert.equal(linkTo("10.8.0.1", "main", ASKS, [routed, direct]), "eth0"));
    it("is not told where nothing, or more than one thing, is", () => {
        assert.equal(linkTo("192.0.2.1", "100", ASKS, [direct]), undefined);
        const doubtful = rule(8, { table: "100", tos: 4 });
        assert.equal(
            linkTo("10.9.0.1", "101", [doubtful, ...ASKS], [far, route("main", "0.0.0.0/0", "eth0")]),
            undefined,
        );
    });
});

describe("a change of a rule or route", () => {
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
        assert.deepEqual(changed([first, last], { comes: second }), [first, second, last]);
        assert.deepEqual(changed([first, second, last], { goes: second }), [first, last]);
    });

    it("puts a route behind those of its network and metric, or in place of the one that it was", () => {
        const at = (metric: number, link: string, more: Partial<RouteSeen> = {}) =>
            route("100", "0.0.0.0/0", link, { metric, ...more });
        const [near, far, other] = [at(1, "eth0"), at(9, "eth0"), route("main", "0.0.0.0/0", "eth0", { metric: 9 })];
        const comes = at(1, "eth1");
        assert.deepEqual(changedRoutes([other, near, far], { comes }), [other, near, comes, far]);
        assert.deepEqual(changedRoutes([near, far], { goes: near, comes }), [comes, far]);
        assert.deepEqual(changedRoutes([near, far], { goes: near }), [far]);
        const theirs = at(1, "eth2", { protocol: 4 });
        assert.deepEqual(changedRoutes([theirs, near], { goes: near }), [theirs], "that of another stays");
    });

    it("takes somebody's way where another route stands in its place", () => {
        const elsewhere = route("main", "0.0.0.0/0", "eth1");
        assert.equal(verdictOn(way, [present], [{ by: "route", route: elsewhere }])?.isCertain, true);
    });
});
