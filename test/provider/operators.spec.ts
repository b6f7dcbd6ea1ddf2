import assert from "node:assert/strict";
import fc from "fast-check";
import type { Host } from "../../provider/host";
import { HostError } from "../../provider/host/errors";
import { linksOf, type Link } from "../../provider/host/links";
import type { Way } from "../../provider/host/lookup";
import { pathOver, readWays } from "../../provider/host/operator-ways";
import { Looks, operatorsOf, parseSockets, type Socket } from "../../provider/host/operators";
import type { Place } from "../../provider/host/place";
import {
    divertedFrom,
    keepLinks,
    keepPlugged,
    linkKept,
    pathCautions,
    readdressed,
    takenFrom,
    unrouted,
    type Direction,
} from "../../provider/resources/operator-guard";
import { networkOf } from "../../schemas/ip-text";

const v4 = fc.ipV4();
const v6 = fc.constantFrom("2001:db8::1", "fd00::7", "fe80::1", "::1");
const port = fc.integer({ min: 1, max: 65535 });
const programs = fc.array(fc.stringMatching(/^[a-z:_ ()-]{1,15}$/), { maxLength: 3 });
const device = fc.option(fc.constantFrom("eth0", "br-mgmt", "eth0.40"), { nil: undefined });

/** An end as `ss` of iproute2 6.1 prints it; an address of IPv4 at a socket of IPv6 is `mapped`. */
const endText = (address: string, mapped: boolean, of: string | undefined, at: string) =>
    `${address.includes(":") || mapped ? `[${mapped ? "::ffff:" : ""}${address}]` : address}${of === undefined ? "" : `%${of}`}:${at}`;

const socket = fc.record(
    {
        listens: fc.boolean(),
        local: fc.oneof(v4, v6),
        peer: fc.oneof(v4, v6),
        port,
        far: port,
        programs,
        device,
        mapped: fc.boolean(),
        mark: fc.option(fc.constantFrom(1, 0xca6c, 0xffffffff), { nil: undefined }),
    },
    { noNullPrototype: true },
);
type Drawn = typeof socket extends fc.Arbitrary<infer Value> ? Value : never;

function lineOf({ listens, local, peer, port, far, programs, device, mapped, mark }: Drawn): string {
    const users = programs.map((name, index) => `("${name}",pid=${index + 1},fd=3)`).join(",");
    const ends = [
        endText(local, mapped && !local.includes(":"), device, String(port)),
        listens ? "*:*" : endText(peer, mapped && !peer.includes(":"), undefined, String(far)),
    ];
    return `${listens ? "LISTEN" : "ESTAB "} 0      128     ${ends.join("   ")} ${users === "" ? "" : `users:(${users})`} ino:7 sk:a${mark === undefined ? "" : ` fwmark:0x${mark.toString(16)}`} cgroup:/ <->`;
}

const found = ({ listens, local, peer, port, far, programs, device, mark }: Drawn): Socket => ({
    listens,
    local,
    port,
    peer: listens ? "" : peer,
    peerPort: listens ? 0 : far,
    programs,
    ...(device === undefined ? {} : { device }),
    ...(mark === undefined ? {} : { mark }),
});

describe("the sockets of a host", () => {
    it("are read as they were printed, whatever they are", () => {
        fc.assert(
            fc.property(fc.array(socket), (drawn) =>
                assert.deepEqual(parseSockets(drawn.map(lineOf).join("\n")), drawn.map(found)),
            ),
        );
    });

    it("are none in any other text", () => {
        fc.assert(fc.property(fc.string(), (text) => assert.deepEqual(parseSockets(text), [])));
    });
});

describe("who works on a host", () => {
    const operators = (text: string, sshConnection?: string) => operatorsOf(parseSockets(text), sshConnection);
    const SSHD = 'LISTEN 0 128 *:2222 *:* users:(("sshd",pid=7,fd=3))\n';

    it("is who is connected to port 22, by the address that a route leads to", () =>
        assert.deepEqual(
            operators(
                "ESTAB 0 0 [::ffff:192.0.2.1]:22 [::ffff:192.0.2.7]:4000\nESTAB 0 0 192.0.2.1:443 192.0.2.8:4001\n",
            ),
            [{ peer: "192.0.2.7", local: "192.0.2.1", port: 22, peerPort: 4000 }],
        ));

    it("is who is connected to a port at which an SSH server listens", () =>
        assert.deepEqual(
            operators(`${SSHD}ESTAB 0 0 10.0.0.1:2222 10.0.0.7:4000 users:(("sshd-session",pid=9,fd=4))`),
            [{ peer: "10.0.0.7", local: "10.0.0.1", port: 2222, peerPort: 4000 }],
        ));

    it("is nobody to whom an SSH server connects, as for a jump host", () =>
        assert.deepEqual(operators(`${SSHD}ESTAB 0 0 10.0.0.1:50000 10.0.0.9:22 users:(("sshd",pid=9,fd=8))`), []));

    it("is whom SSH_CONNECTION names, though the connection cannot be seen, and who is connected to its port", () =>
        assert.deepEqual(operators("ESTAB 0 0 10.0.0.1:2022 10.0.0.8:4000", "10.0.0.7 5000 10.0.0.1 2022"), [
            { peer: "10.0.0.7", local: "10.0.0.1", port: 2022, peerPort: 5000 },
            { peer: "10.0.0.8", local: "10.0.0.1", port: 2022, peerPort: 4000 },
        ]));

    it("is known with the link of a link-local address", () => {
        const operator = { peer: "fe80::7", local: "fe80::1", device: "eth0", port: 22, peerPort: 40150 };
        assert.deepEqual(operators("ESTAB 0 0 [fe80::1]%eth0:22 [fe80::7]:40150"), [operator]);
        assert.deepEqual(operators("", "fe80::7%eth0 40150 fe80::1%eth0 22"), [operator]);
    });

    it("is known with the mark of the socket, by which rules may lead its packets", () =>
        assert.deepEqual(
            operators("ESTAB 0 0 10.0.0.1:22 10.0.0.7:4000 ino:7 sk:a fwmark:0x1 <->\n", "10.0.0.7 4000 10.0.0.1 22"),
            [{ peer: "10.0.0.7", local: "10.0.0.1", port: 22, peerPort: 4000, mark: 1 }],
        ));

    it("is nobody where SSH_CONNECTION holds what is no address", () =>
        assert.deepEqual(operators("", "x;id 1 10.0.0.1 22"), []));
});

describe("a look at who works on a host", () => {
    /** A host with connections to an SSH server at port 2222, to a guest's screen, and to a port that one asks for. */
    function hostWith(...connections: string[]) {
        const asked: string[] = [];
        const programs: Record<string, string> = { "2222": "sshd-session", "5900": "qemu-system-x86", "22": "sshd" };
        const run = (argv: string[]) => {
            const tells = argv.includes("-p");
            asked.push(tells ? "sockets and programs" : "sockets");
            const users = (port: string) =>
                tells && programs[port] ? ` users:(("${programs[port]}",pid=7,fd=4))` : "";
            const lines = [
                ...Object.keys(programs).map((port) => `LISTEN 0 128 *:${port} *:*${users(port)}`),
                ...connections.map((line) => `ESTAB 0 0 ${line}${users(/:(\d+) /.exec(line)?.[1] ?? "")}`),
            ];
            return Promise.resolve({ code: 0, stdout: lines.join("\n"), stderr: "" });
        };
        const looks = new Looks({ where: "a fake", run } as unknown as Place);
        const peers = async () => (await looks.next()).map(({ peer }) => peer);
        return { asked, connections, programs, peers };
    }
    const SCREEN = "10.0.0.1:5900 10.0.0.9:4000";

    it("does not ask whose sockets are, which takes long, where no connection is in doubt", async () => {
        const { asked, peers } = hostWith("10.0.0.1:22 10.0.0.7:4000");
        assert.deepEqual(await peers(), ["10.0.0.7"]);
        assert.deepEqual(asked, ["sockets"]);
    });

    const [QUICK, THOROUGH] = [["sockets"], ["sockets", "sockets and programs"]];

    it("asks it of each new connection to another port at which somebody listens", async () => {
        const { asked, connections, peers } = hostWith("10.0.0.1:2222 10.0.0.7:4000");
        assert.deepEqual(await peers(), ["10.0.0.7"]);
        assert.deepEqual(asked.splice(0), THOROUGH);
        assert.deepEqual(await peers(), ["10.0.0.7"]);
        assert.deepEqual(asked.splice(0), QUICK);
        connections.push("10.0.0.1:2222 10.0.0.8:4000");
        assert.deepEqual(await peers(), ["10.0.0.7", "10.0.0.8"]);
        assert.deepEqual(asked.splice(0), THOROUGH);
    });

    it("asks it again of what is not SSH's, for its program may hand it on: until it is told the same twice", async () => {
        const { asked, connections, programs, peers } = hostWith(SCREEN);
        for (const looked of [THOROUGH, THOROUGH, QUICK]) {
            assert.deepEqual(await peers(), []);
            assert.deepEqual(asked.splice(0), looked);
        }
        connections.splice(0);
        assert.deepEqual(await peers(), []);
        assert.deepEqual(asked.splice(0), QUICK);
        connections.push(SCREEN);
        assert.deepEqual(await peers(), []);
        assert.deepEqual(asked.splice(0), THOROUGH, "it is another connection");
        programs["5900"] = "sshd";
        assert.deepEqual(await peers(), ["10.0.0.9"]);
    });

    it("asks it as long as nobody has accepted a connection", async () => {
        const { asked, programs, peers } = hostWith("10.0.0.1:2222 10.0.0.7:4000");
        programs["2222"] = "";
        for (const _ of [1, 2, 3]) {
            assert.deepEqual(await peers(), []);
            assert.deepEqual(asked.splice(0), THOROUGH);
        }
        programs["2222"] = "sshd";
        assert.deepEqual(await peers(), ["10.0.0.7"]);
    });
});

/** Links as `ip -json -details link show` prints them. */
const HOST: ReadonlyMap<string, Link> = linksOf([
    { ifname: "eth0", master: "bond0" },
    { ifname: "eth1", master: "bond0" },
    { ifname: "eth2", master: "ovs-system" },
    { ifname: "bond0", linkinfo: { info_kind: "bond" } },
    { ifname: "bond0.40", link: "bond0", master: "br0", linkinfo: { info_kind: "vlan" } },
    { ifname: "br0", linkinfo: { info_kind: "bridge" } },
    { ifname: "tap0", master: "br0", linkinfo: { info_kind: "tun", info_data: { type: "tap" } } },
    { ifname: "ovs-system", linkinfo: { info_kind: "openvswitch" } },
    { ifname: "br-ex", master: "ovs-system", linkinfo: { info_kind: "openvswitch" } },
    { ifname: "int0", linkinfo: { info_kind: "openvswitch" } },
    { ifname: "vrf0", linkinfo: { info_kind: "vrf" } },
    { ifname: "eth3", master: "vrf0" },
    { ifname: "eth4", master: "vrf0" },
]);

describe("the path of a connection on a host", () => {
    const path = (...starts: string[]) =>
        [...pathOver(starts, HOST, new Map([["br-ex", ["br-ex", "eth2", "int0"]]]))].sort();

    it("goes down through a bridge, a VLAN and a bond to its members, and past the taps of guests", () =>
        assert.deepEqual(path("br0"), ["bond0", "bond0.40", "br0", "eth0", "eth1"]));
    it("goes up to what the link is plugged into, and not down to its other ports", () => {
        assert.deepEqual(path("eth0"), ["bond0", "eth0"]);
        assert.deepEqual(path("eth3"), ["eth3", "vrf0"]);
    });
    it("goes through the ports of an Open vSwitch bridge, not through those of all of them, and past those that end on the host", () =>
        assert.deepEqual(path("br-ex"), ["br-ex", "eth2", "ovs-system"]));
    it("is a link alone that carries nothing and is carried by nothing, or is gone", () => {
        assert.deepEqual(path("eth2"), ["eth2", "ovs-system"]);
        assert.deepEqual(path("gone0"), ["gone0"]);
    });
});

/** A host with these links, whose programs answer as told; they are noted, the words of a batch after its own. */
function hostOf(links: ReadonlyMap<string, Link>, answers: Record<string, string>) {
    const ran: string[] = [];
    const run = ([program = "", ...words]: string[], input = "") => {
        ran.push([program, ...(input === "" ? words : input.trimEnd().split("\n"))].join(" "));
        const stdout = answers[program] ?? "";
        return Promise.resolve({ code: 0, stdout, stderr: stdout.includes("\n") ? "Command failed -:2\n" : "" });
    };
    const host = {
        place: { where: "a fake", run },
        links: () => Promise.resolve(links),
        switch: () => Promise.reject(new HostError("unreachable", "a fake", "it has no Open vSwitch", "")),
        read: (_: string[], parse: (text: string) => unknown) => Promise.resolve(parse("[]")),
    };
    return { ran, host: Object.assign(host, { at: () => host }) as unknown as Host };
}

describe("the ways to who works on a host", () => {
    const ss =
        "ESTAB 0 0 10.0.0.1:22 10.0.0.7:1\nESTAB 0 0 10.0.0.1:22 203.0.113.9:1\nESTAB 0 0 [fe80::1]%eth3:22 [fe80::7]:1\n";
    const ip = '[{"dst":"10.0.0.0/24","dev":"br0"}]\n[{"dst":"fe80::/64","dev":"eth3","metric":256,"table":"100"}]\n';

    it("are asked of the kernel from the address that each is connected to; who is not reached has none", async () => {
        const { host, ran } = hostOf(HOST, { ss, ip });
        const ways = await readWays(host);
        assert.deepEqual(ran.slice(1), [
            "ip route get fibmatch 10.0.0.7 from 10.0.0.1 ipproto 6 sport 22 dport 1 " +
                "route get fibmatch 203.0.113.9 from 10.0.0.1 ipproto 6 sport 22 dport 1 " +
                "route get fibmatch fe80::7 from fe80::1 oif eth3 ipproto 6 sport 22 dport 1",
        ]);
        assert.deepEqual(
            ways.map(({ operator, links, destination, metric, table }) => [
                operator.peer,
                links,
                destination,
                metric,
                table,
            ]),
            [
                ["10.0.0.7", ["br0"], "10.0.0.0/24", 0, "main"],
                ["fe80::7", ["eth3"], "fe80::/64", 256, "100"],
            ],
        );
        assert(ways[0]?.path.has("eth1"));
    });

    it("are asked of the kernel with the mark of the socket", async () => {
        const { host, ran } = hostOf(HOST, { ss: "ESTAB 0 0 10.0.0.1:22 10.0.0.7:1 fwmark:0x1f\n", ip: "[]" });
        await readWays(host);
        assert.equal(ran[1], "ip route get fibmatch 10.0.0.7 from 10.0.0.1 ipproto 6 sport 22 dport 1 mark 31");
    });

    it("are looked for once for all who ask at the same moment, and anew for who asks later", async () => {
        const { host, ran } = hostOf(HOST, { ss, ip });
        const routesAsked = () => ran.filter((line) => line.startsWith("ip route get")).length;
        await Promise.all(Array.from({ length: 300 }, () => readWays(host)));
        assert.equal(routesAsked(), 1);
        await readWays(host);
        assert.equal(routesAsked(), 2);
    });
});

describe("the way to who comes over a tunnel", () => {
    /** The path over `tn0`; the route to its other end is over eth1, and the default route over eth3. */
    async function pathBy(info: object, link: string | null = null) {
        const links = linksOf([
            { ifname: "tn0", link, linkinfo: info },
            ...["eth0", "eth1", "eth2", "eth3"].map((ifname) => ({ ifname })),
            { ifname: "eth1.7", link: "eth1", linkinfo: { info_kind: "vlan" } },
        ]);
        const { host, ran } = hostOf(links, { ss: "ESTAB 0 0 10.0.0.1:22 10.0.0.7:1\n" });
        const place = Object.assign(host.place, {
            run: ([program = ""]: string[], input = "") => {
                ran.push(input);
                const answers = input
                    .split("\n")
                    .filter((line) => line !== "")
                    .map((line) => `[{"dst":"default","dev":"${line.includes("10.0.0.7") ? "tn0" : "eth1.7"}"}]\n`);
                const stdout = program === "ss" ? "ESTAB 0 0 10.0.0.1:22 10.0.0.7:1\n" : answers.join("");
                return Promise.resolve({ code: 0, stdout, stderr: "" });
            },
        });
        const read = (argv: string[], parse: (text: string) => unknown) =>
            Promise.resolve(parse(argv.includes("-6") ? "[]" : '[{"dst":"default","dev":"eth3"}]'));
        const [way] = await readWays(Object.assign(host, { place, read }));
        return [...(way?.path ?? [])].sort();
    }
    const kind = (info_kind: string, info_data: object = {}) => ({ info_kind, info_data });

    for (const [what, info, link, path] of [
        ["bound to a link goes by that", kind("vxlan", { remote: "198.51.100.7", link: "eth2" }), null, ["eth2"]],
        ["bound to a link, as others tell it", kind("gre", { remote: "198.51.100.7" }), "eth2", ["eth2"]],
        [
            "that tells its other end goes by the route there",
            kind("ipip", { remote: "198.51.100.7" }),
            null,
            ["eth1", "eth1.7"],
        ],
        ["that tells it in IPv6", kind("vxlan", { remote6: "2001:db8::7" }), null, ["eth1", "eth1.7"]],
        ["that tells none goes by the default route", kind("gre", { remote: "any" }), null, ["eth3"]],
        ["of WireGuard", kind("wireguard"), null, ["eth3"]],
        ["of a program", kind("tun", { type: "tun" }), null, ["eth3"]],
    ] as const)
        it(`${what}`, async () => assert.deepEqual(await pathBy(info, link), [...path, "tn0"]));

    it("is not looked for below a tap, which leads to a guest", async () =>
        assert.deepEqual(await pathBy(kind("tun", { type: "tap" })), ["tn0"]));
});

describe("a tap", () => {
    const tap = (flags: string[]) =>
        linksOf([{ ifname: "tap0", flags, linkinfo: { info_kind: "tun", info_data: { type: "tap" } } }]);
    const answers = { ss: "ESTAB 0 0 10.0.0.1:22 10.0.0.7:1\n", ip: '[{"dst":"10.0.0.0/24","dev":"tap0"}]' };

    it("that nobody has opened is on nobody's way, and nothing is run to see that", async () => {
        for (const flags of [["NO-CARRIER", "BROADCAST", "MULTICAST", "UP"], ["BROADCAST"]]) {
            const { host, ran } = hostOf(tap(flags), answers);
            await keepLinks(host, "OVS port tap0", {}, ["tap0"], "the bridge br0");
            await keepPlugged(host, "OVS port tap0", {}, ["tap0"]);
            assert.deepEqual(await pathCautions(host, {}, ["tap0"], "br0"), []);
            assert.deepEqual(ran, []);
        }
    });

    it("that is open may be one's way to the host, as that of a VPN, and is not taken", async () => {
        const { host } = hostOf(tap(["BROADCAST", "MULTICAST", "UP", "LOWER_UP"]), answers);
        await assert.rejects(
            keepLinks(host, "OVS port tap0", {}, ["tap0"], "the bridge br0"),
            /OVS port tap0: the SSH connection from 10\.0\.0\.7 to 10\.0\.0\.1 runs over the link tap0, which is to be plugged into the bridge br0/,
        );
        await assert.rejects(keepPlugged(host, "OVS port tap0", {}, ["tap0"]), /runs over the link tap0/);
        await keepLinks(host, "OVS port tap0", { takesOperatorPath: true }, ["tap0"], "the bridge br0");
    });
});

const PORTS = { port: 22, peerPort: 4000 };

const way = (more: Partial<Way> = {}): Way => ({
    operator: { peer: "192.0.2.7", local: "10.0.0.1", ...PORTS },
    links: ["br0"],
    destination: "0.0.0.0/0",
    metric: 100,
    table: "main",
    gateway: "10.0.0.254",
    path: new Set(["br0", "eth0"]),
    ...more,
});

describe("a change that would cut somebody off", () => {
    it("is one that takes a link of their path", () => {
        assert.equal(takenFrom([way()], ["eth1"]), undefined);
        assert.deepEqual(takenFrom([way()], ["eth1", "eth0"]), way());
        assert.equal(takenFrom([], ["eth0"]), undefined);
    });

    it("is told with the link, the peer, the addresses that stop working, and what to do", () => {
        const addresses = [
            { link: "eth0", address: "10.0.0.1/24", scope: "global" },
            { link: "eth0", address: "fe80::1/64", scope: "link" },
            { link: "eth1", address: "10.9.0.1/24", scope: "global" },
        ];
        assert.equal(
            linkKept("bridge port eth0", way(), ["eth0"], "the bridge br1", addresses).message,
            "bridge port eth0: the SSH connection from 192.0.2.7 to 10.0.0.1 runs over the link eth0 (part of its way over br0), " +
                "which is to be plugged into the bridge br1; its 10.0.0.1/24 would stop working there, so nothing was changed. " +
                "Set takesOperatorPath: true if that is meant and you have another way to the host, or use another link.",
        );
    });

    for (const [what, route, diverts] of [
        ["a nearer network on another link", { destination: "192.0.2.0/24", metric: 500, link: "eth1" }, true],
        ["a preferred default route", { destination: "0.0.0.0/0", metric: 50, gateway: "10.9.0.254" }, true],
        ["a default route that comes after", { destination: "0.0.0.0/0", metric: 200, gateway: "10.9.0.254" }, false],
        ["the same way, preferred", { destination: "0.0.0.0/0", metric: 0, gateway: "10.0.0.254", link: "br0" }, false],
        ["another network", { destination: "198.51.100.0/24", metric: 0, link: "eth1" }, false],
        ["a network of the other family", { destination: "::/0", metric: 0, link: "eth1" }, false],
        ["their route in another table", { destination: "0.0.0.0/0", metric: 0, table: "100", link: "eth1" }, false],
        ["their route in their table", { destination: "0.0.0.0/0", metric: 0, table: "main", link: "eth1" }, true],
        ["a route to nowhere", { destination: "192.0.2.7/32", metric: 0 }, true],
    ] as [string, Direction, boolean][])
        it(`${diverts ? "is" : "is not"} ${what}`, () =>
            assert.equal(divertedFrom([way()], route) !== undefined, diverts));

    it("is no address of IPv4 whose network is on a link already: its route comes last", () => {
        const direct = { destination: "192.0.2.0/24", metric: 0 };
        const there = way({ ...direct, gateway: undefined as never });
        assert.equal(divertedFrom([there], { ...direct, link: "eth1", last: true }), undefined);
        assert(divertedFrom([there], { ...direct, link: "eth1" }));
    });

    it("is never a route that is less near than theirs", () => {
        fc.assert(
            fc.property(v4, fc.integer({ min: 1, max: 32 }), fc.nat(31), fc.nat(1_000), (peer, near, less, metric) => {
                const network = (length: number) => networkOf(`${peer}/${length}`);
                const there = way({
                    operator: { peer, local: "10.0.0.1", ...PORTS },
                    destination: network(near),
                    metric: 100,
                });
                const route = { destination: network(Math.min(less, near - 1)), metric, link: "eth1" };
                assert.equal(divertedFrom([there], route), undefined);
            }),
        );
    });

    it("is one that takes the address that they are connected to, where the host has it once", () => {
        const others = [{ address: "10.0.0.2/24" }];
        assert.deepEqual(readdressed([way()], "10.0.0.1/24", [{ address: "10.0.0.1/24" }, ...others]), way());
        assert.equal(readdressed([way()], "10.0.0.2/24", others), undefined);
        assert.equal(
            readdressed([way()], "10.0.0.1/24", [{ address: "10.0.0.1/24" }, { address: "10.0.0.1/25" }]),
            undefined,
        );
    });

    const seen = (link: string, address: string, ...flags: string[]) => ({ link, address, flags: new Set(flags) });
    const going = { link: "eth0", address: "10.0.0.11/24", prefixRoute: true };
    const direct = way({
        operator: { peer: "10.0.0.200", local: "10.0.0.11", ...PORTS },
        links: ["eth0"],
        destination: "10.0.0.0/24",
        metric: 0,
    });
    const elsewhere = { ...direct, links: ["eth1"] };
    for (const [what, gone, others, there, taken] of [
        ["their network, though a nearer one keeps the address", going, [seen("eth0", "10.0.0.11/25")], direct, true],
        [
            "their network, where another address brings none",
            going,
            [seen("eth0", "10.0.0.12/24", "noprefixroute")],
            direct,
            true,
        ],
        ["a network that another address of the link brings", going, [seen("eth0", "10.0.0.12/24")], direct, false],
        ["a network to which another link leads them", going, [], elsewhere, false],
        ["the last address of IPv4 of their link", { ...going, address: "10.9.0.1/24" }, [], direct, true],
        [
            "one of several addresses, of another network",
            { ...going, address: "10.9.0.1/24" },
            [seen("eth0", "10.0.0.11/24")],
            direct,
            false,
        ],
    ] as const)
        it(`${taken ? "is" : "is not"} one that takes ${what}`, () =>
            assert.equal(unrouted([there], gone, [seen(gone.link, gone.address), ...others]) !== undefined, taken));
});
