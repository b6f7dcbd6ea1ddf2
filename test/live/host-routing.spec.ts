import assert from "node:assert/strict";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { labPaths } from "../../schemas/lab-paths";
import type { Bag } from "../../provider/wire";
import { FakeEngine } from "../provider/fake-engine";
import { Plugin, unfinishedOf, type Made } from "../provider/plugin";
import { eventually } from "../support/eventually";
import { labName } from "../support/labs";
import { argv, describeObjectLife } from "../support/object-life";
import { ProviderLab } from "./provider-lab";

const [ADDRESS, ROUTE, RULE, NEIGHBOR] = ["Address", "Route", "Rule", "Neighbor"].map(
    (kind) => `kvmnet:host:${kind}`,
) as [string, string, string, string];

describe("addresses and routes on a real host", function () {
    this.timeout(300_000);
    const lab = new ProviderLab(labName("routing"));
    const engine = new FakeEngine();
    let plugin: Plugin;
    const host = () => ({ plugin, run: lab.run.bind(lab) });
    const ip = (line: string) => lab.run("ip", ...argv(line));
    const json = async <Shape>(line: string) => JSON.parse((await ip(`-json ${line}`)) || "[]") as Shape;

    before(async () => {
        await lab.up();
        plugin = await Plugin.start(lab.host, await engine.start());
        for (const pair of ["r", "s"]) {
            await ip(`link add ${pair}0 type veth peer name ${pair}1`);
            for (const end of [0, 1]) await ip(`link set dev ${pair}${end} up`);
        }
        await ip("address add 192.0.2.1/24 dev r0");
        await ip("address add 198.51.100.1/24 dev s0");
        await ip("address add 2001:db8::1/64 dev r0 nodad");
    });
    after(async () => {
        await plugin?.stop();
        engine.stop();
        await lab.down();
    });

    describeObjectLife(
        {
            kind: "Address",
            title: "an IPv4 address",
            id: "r0/10.1.0.1/24",
            inputs: { link: "r0", address: "10.1.0.1/24", broadcast: "10.1.0.255", label: "r0:web" },
            see: argv("ip -oneline address show dev r0 to 10.1.0.1"),
            seen: /inet 10\.1\.0\.1\/24 brd 10\.1\.0\.255 scope global r0:web\\\s+valid_lft forever/,
            changed: { validLifetime: 900, preferredLifetime: 600 },
            thenSeen: /valid_lft (900|8[5-9]\d)sec preferred_lft (600|5[5-9]\d)sec/,
            byHand: argv("ip address change 10.1.0.1/24 dev r0 valid_lft 700 preferred_lft 500"),
            drifts: ["preferredLifetime", "validLifetime"],
            replaced: { broadcast: undefined as never },
            replaces: "broadcast",
            made: argv("ip address add 10.1.0.1/24 broadcast 10.1.0.255 label r0:web dev r0"),
            gone: argv("ip address delete 10.1.0.1/24 dev r0"),
            bad: [
                [{ address: "10.1.0.1" }, "address", /with its prefix length/],
                [{ address: "10.1.0.300/24" }, "address", /such as 10\.0\.0\.11\/24/],
                [{ link: "x;id" }, "link", /1 to 15 characters/],
                [{ link: "all" }, "link", /no links/],
                [{ label: "eth9:web" }, "label", /begins with the link's name/],
                [{ peer: "fd00::1" }, "peer", /of one family/],
                [{ peer: "10.1.0.1" }, "peer", /the address itself/],
                [{ broadcast: "0.0.0.0" }, "broadcast", /none to the kernel/],
                [{ preferredLifetime: 20 }, "preferredLifetime", /give validLifetime too/],
                [{ dad: false }, "dad", /leave dad out/],
                [{ preferredLifetime: 20, validLifetime: 10 }, "preferredLifetime", /at most validLifetime/],
            ],
        },
        host,
    );

    describeObjectLife(
        {
            kind: "Address",
            title: "an IPv6 address, which the link is asked for first",
            id: "r0/fd01::1/64",
            inputs: { link: "r0", address: "FD01:0:0::1/64" },
            see: argv("ip -oneline address show dev r0 to fd01::1"),
            seen: /inet6 fd01::1\/64 (metric 256 )?scope global \\/,
            changed: { metric: 77, dad: false },
            thenSeen: /metric 77 scope global nodad/,
            byHand: argv("ip address change fd01::1/64 dev r0 preferred_lft 0"),
            drifts: ["preferredLifetime"],
            replaced: { prefixRoute: false },
            replaces: "prefixRoute",
            made: argv("ip address add fd01::1/64 dev r0"),
            gone: argv("ip address delete fd01::1/64 dev r0"),
            bad: [
                [{ label: "r0:x" }, "label", /IPv6 addresses have no label/],
                [{ peer: "fd01:0::1" }, "peer", /the address itself/],
                [{ address: "fe80::1%r0/64" }, "address", /such as 10\.0\.0\.11\/24/],
            ],
        },
        host,
    );

    describeObjectLife(
        {
            kind: "Address",
            title: "an address of a point-to-point link",
            id: "r0/10.2.0.1/32 peer 10.2.0.2",
            inputs: { link: "r0", address: "10.2.0.1/32", peer: "10.2.0.2" },
            see: argv("ip -oneline address show dev r0 to 10.2.0.1"),
            seen: /inet 10\.2\.0\.1 peer 10\.2\.0\.2\/32 scope global r0/,
            replaced: { address: "10.2.0.1/31" },
            replaces: "address",
            made: argv("ip address add 10.2.0.1 peer 10.2.0.2/32 dev r0"),
            gone: argv("ip address delete 10.2.0.1 peer 10.2.0.2/32 dev r0"),
            bad: [[{ peer: "10.2.0.1" }, "peer", /the address itself/]],
        },
        host,
    );

    describeObjectLife(
        {
            kind: "Route",
            title: "a route over one router",
            id: "10.20.0.0/16 table main metric 100",
            inputs: { destination: "10.20.0.0/16", metric: 100, gateway: "192.0.2.2", source: "192.0.2.1", mtu: 1400 },
            see: argv("ip -details route show 10.20.0.0/16"),
            seen: /unicast 10\.20\.0\.0\/16 via 192\.0\.2\.2 dev r0 proto \S+ scope global src 192\.0\.2\.1 metric 100 mtu 1400/,
            changed: { gateway: "198.51.100.2", source: undefined as never, advmss: 1300, initcwnd: 20, initrwnd: 30 },
            thenSeen:
                /via 198\.51\.100\.2 dev s0 proto 145 scope global metric 100 mtu 1400 advmss 1300 initcwnd 20 initrwnd 30/,
            byHand: argv("ip route replace 10.20.0.0/16 via 192.0.2.3 metric 100 protocol 145"),
            drifts: ["gateway", "mtu", "source"],
            replaced: { table: "100" },
            replaces: "table",
            made: argv("ip route add 10.20.0.0/16 via 192.0.2.2 src 192.0.2.1 metric 100 mtu 1400 protocol static"),
            imported: { link: "r0" },
            gone: argv("ip route delete 10.20.0.0/16 metric 100"),
            bad: [
                [{ destination: "10.20.0.5/16" }, "destination", /write 10\.20\.0\.0\/16/],
                [{ destination: "default" }, "destination", /0\.0\.0\.0\/0 or ::\/0/],
                [{ gateway: "10.0.0.0/8" }, "gateway", /without a prefix length/],
                [{ gateway: "fe80::1" }, "link", /needs link/],
                [{ table: "mgmt" }, "table", /write the number/],
                [{ type: "blackhole" }, "gateway", /leads nowhere/],
                [{ nextHops: [{ gateway: "192.0.2.2" }] }, "nextHops", /at least two next hops/],
                [
                    { gateway: undefined as never, source: undefined as never },
                    "gateway",
                    /needs gateway, link or nextHops/,
                ],
                [{ onlink: true }, "onlink", /needs gateway and link/],
                [{ scope: "link" }, "scope", /behind a gateway/],
                [{ scope: "host" }, "scope", /behind a gateway/],
                [{ mtu: 65521 }, "mtu", /from 1 to 65520/],
                [{ advmss: 65496 }, "advmss", /from 1 to 65495/],
            ],
        },
        host,
    );

    describeObjectLife(
        {
            kind: "Route",
            title: "a route over several routers by weight",
            id: "10.21.0.0/16 table 100",
            inputs: {
                destination: "10.21.0.0/16",
                table: "100",
                nextHops: [{ gateway: "198.51.100.2" }, { gateway: "192.0.2.2", weight: 3 }],
            },
            see: argv("ip route show table all 10.21.0.0/16"),
            seen: /10\.21\.0\.0\/16 table 100 .*nexthop via 192\.0\.2\.2 dev r0 weight 3.*nexthop via 198\.51\.100\.2 dev s0 weight 1/s,
            changed: { nextHops: [{ gateway: "198.51.100.2", weight: 5 }, { gateway: "192.0.2.3" }] },
            thenSeen: /nexthop via 192\.0\.2\.3 dev r0 weight 1.*nexthop via 198\.51\.100\.2 dev s0 weight 5/s,
            byHand: argv(
                "ip route replace 10.21.0.0/16 table 100 protocol 145 nexthop via 198.51.100.2 weight 9 nexthop via 192.0.2.2 weight 3",
            ),
            drifts: ["nextHops"],
            replaced: { metric: 5 },
            replaces: "metric",
            made: argv(
                "ip route add 10.21.0.0/16 table 100 nexthop via 198.51.100.2 weight 1 nexthop via 192.0.2.2 weight 3",
            ),
            imported: {
                nextHops: [
                    { gateway: "198.51.100.2", link: "s0" },
                    { gateway: "192.0.2.2", link: "r0", weight: 3 },
                ],
            },
            gone: argv("ip route delete 10.21.0.0/16 table 100"),
            bad: [
                [{ gateway: "192.0.2.9" }, "gateway", /exclude each other/],
                [{ nextHops: [{ gateway: "192.0.2.2" }, { gateway: "192.0.2.2" }] }, "nextHops", /are the same/],
                [
                    { nextHops: [{ gateway: "192.0.2.2" }, { gateway: "192.0.2.2", link: "r0" }] },
                    "nextHops",
                    /give each its link/,
                ],
                [{ scope: "link" }, "scope", /behind a gateway/],
                [
                    { nextHops: [{ gateway: "192.0.2.2" }, { weight: 2 }] },
                    "nextHops[1].gateway",
                    /needs gateway or link/,
                ],
                [
                    { nextHops: [{ gateway: "192.0.2.2", weight: 257 }, { link: "s0" }] },
                    "nextHops[0].weight",
                    /from 1 to 256/,
                ],
            ],
        },
        host,
    );

    describeObjectLife(
        {
            kind: "Route",
            title: "the default route of IPv6",
            id: "::/0 table main",
            inputs: { destination: "0::/0", gateway: "2001:DB8::2", link: "r0" },
            see: argv("ip -6 route show default"),
            seen: /default via 2001:db8::2 dev r0( proto \S+)? metric 1024/,
            changed: { gateway: "fe80::2" },
            thenSeen: /default via fe80::2 dev r0 proto 145 metric 1024/,
            byHand: argv("ip -6 route replace default via 2001:db8::3 dev r0 protocol 145"),
            drifts: ["gateway"],
            replaced: { destination: "2001:db8:1::/48" },
            replaces: "destination",
            made: argv("ip -6 route add default via 2001:db8::2 dev r0"),
            gone: argv("ip -6 route delete default"),
            bad: [
                [{ metric: 0 }, "metric", /means 1024/],
                [{ scope: "link" }, "scope", /no scope/],
                [{ gateway: "192.0.2.2" }, "gateway", /IPv6 router/],
            ],
        },
        host,
    );

    describeObjectLife(
        {
            kind: "Route",
            title: "an IPv6 route to nowhere",
            id: "2001:db8:dead::/48 table main",
            inputs: { destination: "2001:db8:dead::/48", type: "unreachable" },
            see: argv("ip -6 route show 2001:db8:dead::/48"),
            seen: /unreachable 2001:db8:dead::\/48 dev lo/,
            changed: { type: "blackhole" },
            thenSeen: /blackhole 2001:db8:dead::\/48 dev lo/,
            replaced: { metric: 7 },
            replaces: "metric",
            made: argv("ip -6 route add unreachable 2001:db8:dead::/48"),
            gone: argv("ip -6 route delete unreachable 2001:db8:dead::/48"),
            bad: [
                [{ type: "nat" }, "type", /type is "unicast"/],
                [{ onlink: true }, "onlink", /leads nowhere; leave onlink out/],
            ],
        },
        host,
    );

    describeObjectLife(
        {
            kind: "Rule",
            title: "a rule with everything",
            id: "ipv4 priority 1000",
            inputs: {
                priority: 1000,
                from: "10.0.0.0/8",
                to: "192.0.2.7",
                iif: "r0",
                fwmark: "0x01/0xFF",
                tos: 16,
                ipproto: "6",
                sport: "1000-2000",
                dport: "443",
                uidRange: "5-9",
                table: "254",
                suppressPrefixLength: 0,
            },
            see: argv("ip rule show priority 1000"),
            seen: /from 10\.0\.0\.0\/8 to 192\.0\.2\.7 tos (0x10|lowdelay) fwmark 0x1\/0xff iif r0 uidrange 5-9 ipproto tcp sport 1000-2000 dport 443 lookup main suppress_prefixlength 0/,
            changed: { not: true, fwmark: undefined as never, table: "100", suppressPrefixLength: undefined as never },
            thenSeen: /not from 10\.0\.0\.0\/8 to 192\.0\.2\.7 .*iif r0 .*lookup 100 proto 145$/,
            replaced: { priority: 1001 },
            replaces: "priority",
            made: argv(
                "ip rule add priority 1000 from 10.0.0.0/8 to 192.0.2.7 tos 0x10 fwmark 1/255 iif r0 ipproto tcp sport 1000-2000 dport 443 uidrange 5-9 table main suppress_prefixlength 0",
            ),
            gone: argv("ip rule delete priority 1000"),
            bad: [
                [{ priority: 32766 }, "priority", /the kernel's own rules/],
                [{ from: "fd00::/8" }, "from", /set family/],
                [{ to: "0.0.0.0/0" }, "to", /leave it out/],
                [{ goto: 2000 }, "goto", /exclude each other/],
                [{ table: undefined as never }, "table", /needs table, goto or action/],
                [{ dport: "90-80" }, "dport", /a port or a range/],
                [{ dport: "1024-65535" }, "dport", /from 1 to 65534, .*"1024-65534"/],
                [{ sport: "0-80" }, "sport", /from 1 to 65534/],
                [{ tos: 18 }, "tos", /a multiple of 4 from 4 to 28/],
                [{ tos: 32 }, "tos", /a multiple of 4 from 4 to 28/],
                [{ ipproto: "constructor" }, "ipproto", /number as text/],
                [{ table: "constructor" }, "table", /write the number/],
                [{ fwmark: "web" }, "fwmark", /a mark as text/],
                [{ ipproto: "tcpp" }, "ipproto", /number as text/],
            ],
        },
        host,
    );

    describeObjectLife(
        {
            kind: "Rule",
            title: "a rule of IPv6 for all addresses",
            id: "ipv6 priority 1000",
            inputs: { family: "ipv6", priority: 1000, fwmark: "7", table: "100" },
            see: argv("ip -6 rule show priority 1000"),
            seen: /from all fwmark 0x7 lookup 100/,
            changed: { table: undefined as never, action: "prohibit" },
            thenSeen: /from all fwmark 0x7 prohibit proto 145$/,
            replaced: { family: "ipv4" },
            replaces: "family",
            made: argv("ip -6 rule add priority 1000 fwmark 7 table 100"),
            gone: argv("ip -6 rule delete priority 1000"),
            bad: [[{ tos: 254 }, "tos", /a multiple of 4 from 4 to 252/]],
        },
        host,
    );

    for (const [title, address, told] of [
        ["an IPv4 neighbour", "192.0.2.77", "192.0.2.77"],
        ["an IPv6 neighbour", "2001:DB8:0::77", "2001:db8::77"],
    ] as const)
        describeObjectLife(
            {
                kind: "Neighbor",
                title,
                id: `r0/${told}`,
                inputs: { link: "r0", address, mac: "52:54:00:AA:00:01" },
                see: argv(`ip neighbour show dev r0 ${told}`),
                seen: /lladdr 52:54:00:aa:00:01 (proto \S+ )?PERMANENT/,
                changed: { mac: "52:54:00:aa:00:02" },
                thenSeen: /lladdr 52:54:00:aa:00:02 .*PERMANENT/,
                byHand: argv(`ip neighbour replace ${told} lladdr 52:54:00:aa:00:03 dev r0 nud permanent protocol 145`),
                drifts: ["mac"],
                replaced: { link: "s0" },
                replaces: "link",
                made: argv(`ip neighbour add ${told} lladdr 52:54:00:aa:00:01 dev r0 nud permanent`),
                gone: argv(`ip neighbour delete ${told} dev r0`),
                bad: [
                    [{ mac: undefined as never }, "mac", /needs the neighbour's mac/],
                    [{ proxy: true }, "mac", /leave mac out/],
                    [{ address: "192.0.2.0/24" }, "address", /without a prefix length/],
                ],
            },
            host,
        );

    describeObjectLife(
        {
            kind: "Neighbor",
            title: "an address that the host answers for",
            id: "r0/192.0.2.78 proxy",
            inputs: { link: "r0", address: "192.0.2.78", proxy: true },
            see: argv("ip neighbour show proxy dev r0"),
            seen: /192\.0\.2\.78 +(proto \S+ +)?proxy/,
            replaced: { address: "192.0.2.79" },
            replaces: "address",
            made: argv("ip neighbour add proxy 192.0.2.78 dev r0"),
            gone: argv("ip neighbour delete proxy 192.0.2.78 dev r0"),
            bad: [],
        },
        host,
    );

    describe("an address", () => {
        it("is done when the link has answered that nobody else has it", async () => {
            const started = performance.now();
            const made = await plugin.create(ADDRESS, "dad", { link: "r0", address: "fd0d::1/64" });
            const [link] = await json<{ addr_info: { local: string; tentative?: boolean }[] }[]>("address show dev r0");
            assert.equal(link?.addr_info.find(({ local }) => local === "fd0d::1")?.tentative, undefined);
            assert.ok(performance.now() - started < 10_000);
            await plugin.delete(ADDRESS, "dad", made);
        });

        it("that another host has already is kept with the reason", async () => {
            await ip("address add fd0e::1/64 dev r1 nodad");
            await ip("route flush table local fd0e::1");
            const error = await plugin
                .create(ADDRESS, "taken", { link: "r0", address: "fd0e::1/64" })
                .catch((error: unknown) => error);
            const unfinished = unfinishedOf(error);
            if (unfinished) {
                assert.match(unfinished.reasons[0] ?? "", /another host on the link has the address already/);
                await plugin.delete(ADDRESS, "taken", { id: unfinished.id, state: unfinished.state });
            } else assert.fail(`it was made: ${JSON.stringify(error)}`);
            await ip("address delete fd0e::1/64 dev r1");
        });

        it("deleted leaves the others of its network, though the kernel would drop them", async () => {
            const first = await plugin.create(ADDRESS, "first", { link: "s0", address: "10.3.0.1/24" });
            const second = await plugin.create(ADDRESS, "second", { link: "s0", address: "10.3.0.2/24" });
            await ip("address add 10.3.0.3/24 dev s0");
            await Promise.all([plugin.delete(ADDRESS, "first", first), plugin.delete(ADDRESS, "second", second)]);
            assert.match(await ip("-oneline address show dev s0 to 10.3.0.0/24"), /^\S+ s0 +inet 10\.3\.0\.3\/24/);
        });

        for (const [address, network, family] of [
            ["10.6.0.1/24", "10.6.0.0/24", "-4"],
            ["fd06::1/64", "fd06::/64", "-6"],
        ] as const)
            it(`tells that somebody has removed the route to ${network} that it brings, and has it again`, async () => {
                const inputs = { link: "s0", address, metric: 300 };
                const made = await plugin.create(ADDRESS, "way", inputs);
                const way = () => ip(`${family} route show ${network}`);
                const before = await way();
                assert.match(before, /^\S+ dev s0 proto kernel .*metric 300/);
                const told = async () => {
                    const wanted = (await plugin.check(ADDRESS, inputs)).inputs;
                    const read = await plugin
                        .read(ADDRESS, "way", made.id, wanted, made.state)
                        .catch((error: unknown) => error);
                    return unfinishedOf(read)?.reasons.join() ?? "";
                };
                assert.equal(await told(), "");
                await ip(`${family} route delete ${network} dev s0`);
                await eventually(async () =>
                    assert.match(await told(), new RegExp(`the route to ${network} that comes with it is gone`)),
                );
                made.state = await plugin.update(ADDRESS, "way", made, inputs);
                assert.equal(await way(), before);
                await eventually(async () => assert.equal(await told(), ""));
                await ip("link set dev s0 down");
                await eventually(async () => assert.equal(await told(), "", "none is there while its link is down"));
                await ip("link set dev s0 up");
                await plugin.delete(ADDRESS, "way", made);
                assert.equal(await way(), "");
            });

        it("tells so where another table has a copy of it", async () => {
            const inputs = { link: "s0", address: "10.6.0.1/24" };
            const made = await plugin.create(ADDRESS, "copied", inputs);
            const told = async () => {
                const wanted = (await plugin.check(ADDRESS, inputs)).inputs;
                const read = plugin.read(ADDRESS, "copied", made.id, wanted, made.state);
                return unfinishedOf(await read.catch((error: unknown) => error))?.reasons.join() ?? "";
            };
            await ip("route add 10.6.0.0/24 dev s0 table 100");
            await eventually(async () => assert.equal(await told(), ""));
            await ip("route delete 10.6.0.0/24 dev s0 table main");
            await eventually(async () =>
                assert.match(await told(), /the route to 10\.6\.0\.0\/24 that comes with it is gone/),
            );
            await plugin.delete(ADDRESS, "copied", made);
            await ip("route flush table 100");
        });

        it("of IPv6 with a peer brings the route to its own network, and one to the peer", async () => {
            const inputs = { link: "s0", address: "2001:db8:3::1/64", peer: "2001:db8:4::2" };
            const made = await plugin.create(ADDRESS, "peer", inputs);
            const ways = await ip("-6 route show dev s0 proto kernel");
            assert.match(ways, /2001:db8:3::\/64/);
            assert.match(ways, /2001:db8:4::2/);
            const wanted = (await plugin.check(ADDRESS, inputs)).inputs;
            assert.deepEqual((await plugin.read(ADDRESS, "peer", made.id, wanted, made.state)).state, made.state);
            await plugin.delete(ADDRESS, "peer", made);
        });

        it("of a link that is not there says so", () =>
            assert.rejects(
                plugin.create(ADDRESS, "nolink", { link: "nolink0", address: "10.4.0.1/24" }),
                new RegExp(`there is no link nolink0 on lab ${lab.name}`),
            ));

        it("whose link was made anew is gone, and is made again", async () => {
            await ip("link add d0 type veth peer name d1");
            const inputs = { link: "d0", address: "10.5.0.1/24" };
            const made = await plugin.create(ADDRESS, "anew", inputs);
            await ip("link delete d0");
            await ip("link add d0 type veth peer name d1");
            await ip("address add 10.5.0.1/24 dev d0");
            await assert.rejects(plugin.create(ADDRESS, "anew", inputs), /carries no owner mark/);
            await ip("address delete 10.5.0.1/24 dev d0");
            await eventually(async () =>
                assert.equal((await plugin.read(ADDRESS, "anew", made.id, inputs, made.state)).id, ""),
            );
            assert.notEqual((await plugin.create(ADDRESS, "anew", inputs)).state.objectId, made.state.objectId);
            await ip("link delete d0");
        });

        it("that another stack has made since is left to it", async () => {
            const inputs = { link: "s0", address: "10.5.1.1/24" };
            const made = await plugin.create(ADDRESS, "first", inputs);
            await ip("address delete 10.5.1.1/24 dev s0");
            const others = await Plugin.start(lab.host);
            others.stack = "other";
            const other = await others.create(ADDRESS, "second", inputs);
            await plugin.delete(ADDRESS, "first", made);
            assert.match(await ip("-oneline address show dev s0 to 10.5.1.0/24"), /10\.5\.1\.1/);
            await others.delete(ADDRESS, "second", other);
            await others.stop();
            assert.equal(await ip("-oneline address show dev s0 to 10.5.1.0/24"), "");
        });

        it("that somebody has put on a link of the same number after the host was started anew is left to them", async () => {
            const inputs = { link: "s0", address: "10.5.2.1/24" };
            const made = await plugin.create(ADDRESS, "it", inputs);
            const boot = /[0-9a-f-]{36}/;
            const notes = (await lab.run("grep", "-rlF", "10.5.2.1", "/var/lib/kvmnet")).trim().split("\n");
            await lab.run("sed", "-i", "-E", `s/${boot.source}/00000000-0000-0000-0000-000000000000/`, ...notes);
            const former = String(made.state.objectId).replace(boot, "00000000-0000-0000-0000-000000000000");
            await plugin.delete(ADDRESS, "it", { ...made, state: { ...made.state, objectId: former } });
            assert.match(await ip("-oneline address show dev s0 to 10.5.2.0/24"), /10\.5\.2\.1/);
            await ip("address delete 10.5.2.1/24 dev s0");
        });

        for (const [what, from, to, seen] of [
            ["prefix length", { address: "fd0f::1/64" }, { address: "fd0f::1/48" }, /fd0f::1\/48 /],
            [
                "peer",
                { address: "fd0f::1/64" },
                { address: "fd0f::1/64", peer: "fd0f::2" },
                /fd0f::1 peer fd0f::2\/64 /,
            ],
            ["peer of IPv4", { address: "10.10.0.1/24" }, { address: "10.10.0.1/24", peer: "10.10.0.2" }, /peer 10\./],
        ] as [string, Bag, Bag, RegExp][])
            it(`whose ${what} changes gives up its place first, which the kernel has but once`, async () => {
                const [old, now] = [from, to].map((one): Bag => ({ link: "s0", ...one })) as [Bag, Bag];
                let made = await plugin.create(ADDRESS, "place", old);
                for (const inputs of [now, old]) {
                    const { inputs: wanted } = await plugin.check(ADDRESS, inputs);
                    assert.ok((await plugin.diff(ADDRESS, made.state, wanted)).deletebeforereplace);
                    await plugin.delete(ADDRESS, "place", made);
                    made = await plugin.create(ADDRESS, "place", inputs);
                    const local = String(inputs.address).split("/")[0];
                    const there = await ip(`-oneline address show dev s0 to ${local}`);
                    assert.equal(seen.test(there), inputs === now, there);
                }
                await plugin.delete(ADDRESS, "place", made);
            });

        it("that a router or DHCP renews is not imported", async () => {
            await ip("address add 10.6.0.1/24 dev r0 valid_lft 500 preferred_lft 400");
            await assert.rejects(plugin.read(ADDRESS, "dhcp", "r0/10.6.0.1/24"), /somebody who renews it/);
            await ip("address delete 10.6.0.1/24 dev r0");
        });

        it("tells which routes of others went with it, as they do with the last of a link and with their source", async () => {
            await ip("link add w0 type veth peer name w1");
            for (const end of ["w0", "w1"]) await ip(`link set dev ${end} up`);
            const first = await plugin.create(ADDRESS, "last", { link: "w0", address: "10.8.0.1/24" });
            const second = await plugin.create(ADDRESS, "source", { link: "w0", address: "10.8.0.9/24" });
            await ip("route add 10.80.0.0/16 via 10.8.0.2");
            await ip("route add 10.81.0.0/16 via 10.8.0.2 src 10.8.0.9 metric 7");
            const warned = async (name: string, made: Made) => {
                const from = engine.logged.length;
                await plugin.delete(ADDRESS, name, made);
                return engine.logged.slice(from).map(({ message }) => message);
            };
            assert.deepEqual(await warned("source", second), [
                "With the address w0/10.8.0.9/24 the kernel has dropped routes that others have made: 10.81.0.0/16 via 10.8.0.2 dev w0 src 10.8.0.9 metric 7. Make them again where they are still wanted.",
            ]);
            assert.match(
                (await warned("last", first)).join(),
                /dropped routes .*: 10\.80\.0\.0\/16 via 10\.8\.0\.2 dev w0\./,
            );
            await ip("link delete dev w0");
        });

        it("that somebody has given flags which a change would take is not imported", async () => {
            await ip("address add fd07::1/64 dev r0 nodad mngtmpaddr home");
            await assert.rejects(
                plugin.read(ADDRESS, "flagged", "r0/fd07::1/64"),
                /has what this resource cannot tell \(home, mngtmpaddr\)/,
            );
            await ip("address delete fd07::1/64 dev r0");
        });
    });

    describe("a route", () => {
        it("is gone with its link", async () => {
            await ip("link add e0 type veth peer name e1");
            await ip("link set dev e0 up");
            const inputs = { destination: "10.22.0.0/16", link: "e0" };
            const made = await plugin.create(ROUTE, "dev", inputs);
            await ip("link delete e0");
            await eventually(async () =>
                assert.equal((await plugin.read(ROUTE, "dev", made.id, inputs, made.state)).id, ""),
            );
            await plugin.delete(ROUTE, "dev", made);
        });

        it("of IPv4 goes over a router of IPv6", async () => {
            const inputs = { destination: "10.23.0.0/16", gateway: "2001:db8::2", link: "r0" };
            const made = await plugin.create(ROUTE, "rfc5549", inputs);
            assert.match(await ip("route show 10.23.0.0/16"), /via inet6 2001:db8::2 dev r0 proto 145/);
            const { inputs: wanted } = await plugin.check(ROUTE, inputs);
            assert.deepEqual((await plugin.diff(ROUTE, made.state, wanted)).diffsList, []);
            await plugin.delete(ROUTE, "rfc5549", made);
        });

        it("of IPv6 over several routers is changed to another number of them, and removed whole", async () => {
            const hop = (last: number, weight = 1) => ({ gateway: `2001:db8::${last}`, weight, link: "r0" });
            const inputs = { destination: "2001:db8:5::/48", nextHops: [hop(3, 2), hop(2)] };
            const made = await plugin.create(ROUTE, "v6", inputs);
            made.state = await plugin.update(ROUTE, "v6", made, { ...inputs, nextHops: [hop(4), hop(3, 7), hop(2)] });
            const nexthops = async () =>
                (await json<{ nexthops?: unknown[] }[]>("-6 route show 2001:db8:5::/48"))[0]?.nexthops?.length;
            assert.equal(await nexthops(), 3);
            made.state = await plugin.update(ROUTE, "v6", made, {
                destination: "2001:db8:5::/48",
                gateway: "2001:db8::9",
            });
            assert.equal(await nexthops(), undefined);
            made.state = await plugin.update(ROUTE, "v6", made, inputs);
            await plugin.delete(ROUTE, "v6", made);
            assert.equal(await ip("-6 route show 2001:db8:5::/48"), "");
        });

        it("changes and goes alone where somebody put routes of theirs into its place", async () => {
            const routes = async () =>
                (await json<{ gateway: string }[]>("route show 10.26.0.0/16")).map(({ gateway }) => gateway);
            const inputs = { destination: "10.26.0.0/16", gateway: "192.0.2.2" };
            const made = await plugin.create(ROUTE, "shared", inputs);
            await ip("route prepend 10.26.0.0/16 via 192.0.2.11 proto static");
            await ip("route append 10.26.0.0/16 via 192.0.2.12 proto static");
            made.state = await plugin.update(ROUTE, "shared", made, { ...inputs, gateway: "192.0.2.3" });
            assert.deepEqual(await routes(), ["192.0.2.11", "192.0.2.12", "192.0.2.3"]);
            await assert.rejects(plugin.update(ROUTE, "shared", made, { ...inputs, gateway: "203.0.113.1" }));
            assert.deepEqual(await routes(), ["192.0.2.11", "192.0.2.12", "192.0.2.3"]);
            await plugin.delete(ROUTE, "shared", made);
            assert.deepEqual(await routes(), ["192.0.2.11", "192.0.2.12"]);
            await ip("route flush 10.26.0.0/16");
        });

        it("that has what we cannot tell is not imported", async () => {
            await ip("route add 10.24.0.0/16 via 192.0.2.2 hoplimit 33");
            await assert.rejects(
                plugin.read(ROUTE, "rich", "10.24.0.0/16 table main"),
                /has what this resource cannot tell \(hoplimit\)/,
            );
            await ip("route delete 10.24.0.0/16");
        });

        it("whose router nobody can reach is refused with the kernel's words, and nothing is left", async () => {
            await assert.rejects(
                plugin.create(ROUTE, "far", { destination: "10.25.0.0/16", gateway: "203.0.113.1" }),
                /Nexthop has invalid gateway/,
            );
            assert.equal(await ip("route show 10.25.0.0/16"), "");
        });

        it("is imported by an id that is written as we write it", () =>
            assert.rejects(plugin.read(ROUTE, "id", "10.9.0.0/16 table 254"), /here 10\.9\.0\.0\/16 table main/));
    });

    it("a rule at a priority that several share is not imported", async () => {
        for (const mark of [1, 2]) await ip(`rule add priority 1200 fwmark ${mark} table 100`);
        await assert.rejects(plugin.read(RULE, "many", "ipv4 priority 1200"), /several rules share/);
        for (const mark of [1, 2]) await ip(`rule delete priority 1200 fwmark ${mark} table 100`);
    });

    for (const [type, inputs, line, choice] of [
        [ADDRESS, { link: "s0", address: "10.11.0.1/24" }, "address VERB 10.11.0.1/24 dev s0", "another address"],
        [
            ROUTE,
            { destination: "10.26.0.0/16", gateway: "192.0.2.2" },
            "route VERB 10.26.0.0/16 via 192.0.2.3",
            "another metric",
        ],
        [RULE, { priority: 1201, table: "100" }, "rule VERB priority 1201 table 101", "another priority"],
    ] as [string, Bag, string, string][])
        it(`${type} in whose place another stands is told to take ${choice}`, async () => {
            await ip(line.replace("VERB", "add"));
            await assert.rejects(plugin.create(type, "late", inputs), new RegExp(`choose ${choice}`));
            await ip(line.replace("VERB", "delete"));
        });

    it("a neighbour takes the place of what the kernel learnt by itself", async () => {
        await ip("neighbour add 192.0.2.90 lladdr 52:54:00:bb:00:01 dev r0 nud reachable");
        const made = await plugin.create(NEIGHBOR, "learnt", {
            link: "r0",
            address: "192.0.2.90",
            mac: "52:54:00:bb:00:02",
        });
        assert.match(await ip("neighbour show dev r0 192.0.2.90"), /lladdr 52:54:00:bb:00:02 PERMANENT proto 145/);
        await plugin.delete(NEIGHBOR, "learnt", made);
    });

    it("warns where somebody else manages the link", async () => {
        const [link] = await json<{ ifindex: number }[]>("link show dev s1");
        await lab.run("mkdir", "-p", "/run/systemd/netif/links");
        await lab.run(
            "sh",
            "-c",
            'echo ADMIN_STATE=configured >"/run/systemd/netif/links/$1"',
            "sh",
            String(link?.ifindex),
        );
        // What is seen of managers may be a second old.
        await new Promise((resolve) => setTimeout(resolve, 1_050));
        const made = await plugin.create(ADDRESS, "warned", { link: "s1", address: "10.7.0.1/24" });
        const warning = `systemd-networkd manages the link s1 on lab ${lab.name} too and may undo this address: .*Unmanaged=yes`;
        await eventually(() => assert.ok(engine.logged.some(({ message }) => new RegExp(warning).test(message))));
        await plugin.delete(ADDRESS, "warned", made);

        const told = async (work: () => Promise<void>) => {
            engine.logged.length = 0;
            await work();
            return engine.logged.flatMap(({ message }) => /link s1 .* may undo this \w+/.exec(message)?.[0] ?? []);
        };
        const route = { destination: "10.7.9.0/24", link: "r0" };
        const way = await plugin.create(ROUTE, "warned", route);
        const over = (more: Bag) => async () => {
            way.state = await plugin.update(ROUTE, "warned", way, { ...route, ...more });
        };
        assert.equal((await told(over({ link: "s1" }))).length, 1);
        assert.deepEqual(await told(over({ link: "s1", mtu: 1400 })), []);
        await plugin.delete(ROUTE, "warned", way);
        await lab.run("rm", "-r", "/run/systemd/netif");
    });

    describe("rules", () => {
        const at1301 = async () => (await ip("rule show priority 1301")).split("\n").filter(Boolean);
        const leave = () => ip("rule add priority 1301 fwmark 7 table 100 protocol 145");
        const inputs = { priority: 1301, fwmark: "1", table: "100" };

        it("that a killed change left beside the new one go with the next change, and with the delete", async () => {
            const made = await plugin.create(RULE, "beside", inputs);
            await leave();
            made.state = await plugin.update(RULE, "beside", made, { ...inputs, fwmark: "3" });
            assert.match((await at1301()).join("\n"), /^1301:\s+from all fwmark 0x3 lookup 100 proto 145$/);
            await leave();
            made.state = await plugin.update(RULE, "beside", made, { ...inputs, fwmark: "3" });
            assert.match((await at1301()).join("\n"), /^1301:\s+from all fwmark 0x3 lookup 100 proto 145$/);
            await leave();
            await plugin.delete(RULE, "beside", made);
            assert.deepEqual(await at1301(), []);
        });

        const [from, to, table] = ["10.0.0.0/8", "192.0.2.7/32", "100"];
        for (const [what, old, now, seen] of [
            [
                "the packets that do not match",
                { from, table },
                { from, not: true, table },
                /not from 10\.0\.0\.0\/8 lookup/,
            ],
            ["another rule to go on with", { goto: 30000 }, { goto: 30001 }, /goto 30001/],
            ["all sources", { from, to, table }, { to, table }, /from all to 192\.0\.2\.7 lookup/],
            ["all destinations", { from, to, table }, { from, table }, /from 10\.0\.0\.0\/8 lookup/],
            ["all types of service", { tos: 16, table }, { table }, /from all lookup/],
            ["another source", { from, table }, { from: "10.0.0.0/9", table }, /from 10\.0\.0\.0\/9 lookup/],
            ["the mark 0", { fwmark: "1", table }, { fwmark: "0", table }, /fwmark 0(x0)? lookup/],
        ] as [string, Bag, Bag, RegExp][])
            it(`are changed live to ${what}, and back`, async () => {
                const [before, after] = [old, now].map((one): Bag => ({ priority: 1301, ...one })) as [Bag, Bag];
                const made = await plugin.create(RULE, "live", before);
                for (const wanted of [after, before]) {
                    made.state = await plugin.update(RULE, "live", made, wanted);
                    const [there = "", ...more] = await at1301();
                    assert.deepEqual(more, []);
                    assert.equal(seen.test(there), wanted === after, there);
                    const { inputs } = await plugin.check(RULE, wanted);
                    assert.deepEqual((await plugin.diff(RULE, made.state, inputs)).diffsList, []);
                }
                await plugin.delete(RULE, "live", made);
                assert.deepEqual(await at1301(), []);
            });

        it("of both families come together, and each is of its own, though none names a network", async () => {
            const wanted = ["ipv4", "ipv6"].flatMap((family) =>
                Array.from({ length: 10 }, (_, index) => ({
                    family,
                    priority: 1310 + index,
                    fwmark: String(index + 1),
                    table: "100",
                })),
            );
            const nameOf = ({ family, priority }: { family: string; priority: number }) => `${family}-${priority}`;
            const made = await Promise.all(wanted.map((one) => plugin.create(RULE, nameOf(one), one)));
            for (const family of ["-4", "-6"])
                assert.equal((await ip(`${family} rule show`)).match(/^131\d:/gm)?.length, 10);
            await Promise.all(
                wanted.map((one, index) => plugin.delete(RULE, nameOf(one), made[index] as (typeof made)[0])),
            );
            for (const family of ["-4", "-6"]) assert.doesNotMatch(await ip(`${family} rule show`), /^131\d:/m);
        });
    });

    describe("a run that is killed", () => {
        const all: [type: string, inputs: Bag, gone: () => Promise<string>][] = [
            [ADDRESS, { link: "r0", address: "10.8.0.1/24" }, () => ip("address show dev r0 to 10.8.0.1")],
            [ROUTE, { destination: "10.30.0.0/16", gateway: "192.0.2.2" }, () => ip("route show 10.30.0.0/16")],
            [RULE, { priority: 1300, fwmark: "1", table: "100" }, () => ip("rule show priority 1300")],
            [RULE, { priority: 1302, from: "10.0.0.0/8", table: "100" }, () => ip("rule show priority 1302")],
            [
                NEIGHBOR,
                { link: "r0", address: "192.0.2.99", mac: "52:54:00:cc:00:01" },
                () => ip("neighbour show dev r0 192.0.2.99"),
            ],
        ];
        /** Whether a plugin that dies at its Nth point comes to the end of the work. */
        const lives = async (fault: number, work: (doomed: Plugin) => Promise<void>) => {
            let doomed: Plugin | undefined;
            try {
                doomed = await Plugin.start(lab.host, "", { KVMNET_FAULT: String(fault) });
                await work(doomed);
                return true;
            } catch {
                return false;
            } finally {
                await doomed?.stop();
            }
        };
        const changes: Bag[] = [
            { metric: 5 },
            { gateway: "192.0.2.3" },
            { fwmark: "2" },
            { not: true },
            { mac: "52:54:00:cc:00:02" },
        ];

        for (const [index, [type, inputs, seen]] of all.entries())
            it(`at any moment leaves what the next one finishes: ${type} ${JSON.stringify(changes[index])}`, async () => {
                const change = { ...inputs, ...changes[index] };
                for (let fault = 1, survived = false; !survived; fault++) {
                    survived = await lives(fault, async (doomed) => {
                        const made = await doomed.create(type, "killed", inputs);
                        made.state = await doomed.update(type, "killed", made, change);
                        await doomed.delete(type, "killed", made);
                    });
                    const made = await plugin.create(type, "killed", change);
                    assert.equal((await seen()).split("\n").filter((line) => /^\S/.test(line)).length, 1, await seen());
                    await plugin.delete(type, "killed", made);
                    assert.equal(await seen(), "");
                    assert.ok(fault < 20);
                }
            });
    });

    it("leaves nothing in the journal, which only root can read", () => {
        const folder = join(labPaths(lab.name).hostState, "journal");
        assert.ok(existsSync(folder));
        assert.equal(statSync(folder).mode & 0o777, 0o700);
        // One address went with its link, and one route.
        assert.deepEqual(
            readdirSync(folder).filter((file) => !/^(address-d0|route-10\.22)/.test(file)),
            [],
        );
    });
});
