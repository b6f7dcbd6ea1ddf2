import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { status, type ServiceError } from "@grpc/grpc-js";
import { labPaths } from "../../schemas/lab-paths";
import type { Bag } from "../../provider/wire";
import { FakeEngine } from "../provider/fake-engine";
import { Plugin, type Made } from "../provider/plugin";
import { eventually } from "../support/eventually";
import { killedAtEachMoment } from "../support/killed-runs";
import { labName } from "../support/labs";
import { argv } from "../support/object-life";
import { ProviderLab } from "./provider-lab";

const [LINK, SYSCTL, TAP] = ["kvmnet:host:Link", "kvmnet:host:Sysctl", "kvmnet:host:Tap"];

describe("what gives back former values on a real host", function () {
    this.timeout(600_000);
    const lab = new ProviderLab(labName("tuning"));
    const engine = new FakeEngine();
    let plugin: Plugin;
    const run = (line: string) => lab.run(...argv(line));
    const journal = join(labPaths(lab.name).hostState, "journal");
    const noted = () => (existsSync(journal) ? readdirSync(journal) : []);

    before(async () => {
        await lab.up();
        plugin = await Plugin.start(lab.host, await engine.start());
    });
    after(async () => {
        await plugin?.stop();
        engine.stop();
        await lab.down();
    });

    const changes = async (type: string, made: Made, inputs: Bag) => {
        const diff = await plugin.diff(type, made.state, (await plugin.check(type, inputs)).inputs);
        return { properties: diff.detaileddiffMap.map(([property]) => property).sort(), replaces: diff.replacesList };
    };
    const failuresOf = async (type: string, inputs: Bag) => (await plugin.check(type, inputs)).failures;
    const refused = (work: Promise<unknown>, code: number, ...says: RegExp[]) =>
        assert.rejects(work, (error: ServiceError) => {
            assert.equal(error.code, code, error.details);
            for (const one of says) assert.match(error.details, one);
            return true;
        });

    describe("the tuning of a link", () => {
        const make = async (name: string, peer: string) => {
            await run(`ip link add name ${name} numtxqueues 4 numrxqueues 4 type veth peer name ${peer}`);
            await run(`ethtool -L ${name} rx 1 tx 1`);
        };
        before(() => make("tn0", "tn1"));

        const cpus = (kind: "rps" | "xps", queue: number, link = "tn0") =>
            lab.run("cat", `/sys/class/net/${link}/queues/${kind === "rps" ? "rx" : "tx"}-${queue}/${kind}_cpus`);
        const feature = async (name: string, link = "tn0") =>
            new RegExp(`^\\s*${name}: (on|off)`, "m").exec(await run(`ethtool -k ${link}`))?.[1];
        /** All that the tests change, seen by other programs. */
        const seen = async (link = "tn0") => {
            const [{ mtu, txqlen } = { mtu: 0, txqlen: 0 }] = JSON.parse(
                await run(`ip -json link show dev ${link}`),
            ) as { mtu: number; txqlen: number }[];
            const [rx, tx] = [...(await run(`ethtool -l ${link}`)).matchAll(/^(?:RX|TX):\s+(\d+)/gm)]
                .slice(2)
                .map(([, count]) => Number(count));
            const features = ["generic-receive-offload", "tx-vlan-hw-insert", "tx-checksum-ip-generic"];
            const on = await Promise.all(features.map((name) => feature(name, link)));
            return { mtu, txqlen, rx, tx, on, rps: await cpus("rps", 0, link) };
        };

        const wanted: Bag = {
            name: "tn0",
            mtu: 1400,
            txQueueLength: 50,
            channels: { rx: 2, tx: 2 },
            features: { "generic-receive-offload": true, "tx-checksumming": false },
            rpsCpus: ["0"],
            xpsCpus: ["0", "0-1"],
        };
        let former: Awaited<ReturnType<typeof seen>>;
        let made: Made;

        it("is what was declared, and nothing else", async () => {
            former = await seen();
            assert.deepEqual([former.mtu, former.rx, former.tx], [1500, 1, 1]);
            made = await plugin.create(LINK, "tune", wanted);
            const now = await seen();
            assert.deepEqual(now, {
                ...{ mtu: 1400, txqlen: 50, rx: 2, tx: 2, rps: "1" },
                on: ["on", former.on[1], "off"],
            });
            assert.deepEqual(await Promise.all([cpus("rps", 1), cpus("xps", 0), cpus("xps", 1)]), ["1", "1", "3"]);
            assert.equal(made.id, "tn0");
            assert.deepEqual(await changes(LINK, made, wanted), { properties: [], replaces: [] });
        });

        it("is noted for root's eyes alone, with the owner and what was there", () => {
            const [file = ""] = noted().filter((name) => name.startsWith("tuning-of-tn0"));
            assert.equal(statSync(journal).mode & 0o777, 0o700);
            assert.equal(statSync(join(journal, file)).mode & 0o777, 0o600);
            const entry = JSON.parse(readFileSync(join(journal, file), "utf8")) as { mark: string; former: Bag };
            assert.equal(entry.mark, made.state.owner);
            assert.deepEqual(
                [entry.former.mtu, entry.former["channels.rx"], entry.former["features.tx-checksum-ip-generic"]],
                [1500, 1, true],
            );
        });

        it("set again by the same resource is the same; another one is refused", async () => {
            assert.deepEqual(await plugin.create(LINK, "tune", wanted), made);
            await refused(
                plugin.create(LINK, "other", { name: "tn0", mtu: 1300 }),
                status.ALREADY_EXISTS,
                /belongs to resource tune of stack shop\/dev/,
            );
            assert.equal((await seen()).mtu, 1400);
        });

        it("refreshed is as it was", async () => {
            const read = await plugin.read(LINK, "tune", "tn0", (await plugin.check(LINK, wanted)).inputs, made.state);
            assert.deepEqual(read.state, made.state);
        });

        it("changes live, each setting by itself", async () => {
            const more = { ...wanted, mtu: 1450, features: { ...(wanted.features as Bag), "tx-checksumming": true } };
            assert.deepEqual(await changes(LINK, made, more), {
                properties: ['features["tx-checksumming"]', "mtu"],
                replaces: [],
            });
            made.state = await plugin.update(LINK, "tune", made, more);
            assert.deepEqual([(await seen()).mtu, await feature("tx-checksum-ip-generic")], [1450, "on"]);
            assert.deepEqual((await changes(LINK, made, { ...wanted, name: "tn1" })).replaces, ["name"]);
        });

        it("no longer declared is what it was before us, and not what we made of it", async () => {
            const { mtu: _mtu, rpsCpus: _rps, xpsCpus: _xps, ...rest } = wanted;
            made.state = await plugin.update(LINK, "tune", made, rest);
            const now = await seen();
            assert.deepEqual([now.mtu, now.rps, now.rx], [1500, former.rps, 2]);
            assert.equal(made.state.mtu, undefined);
            made.state = await plugin.update(LINK, "tune", made, wanted);
        });

        it("changed by hand shows it to a refresh, and gets it back", async () => {
            await run("ip link set dev tn0 mtu 1333");
            await run("ethtool -K tn0 gro off");
            let drifted = made;
            await eventually(async () => {
                drifted = await plugin.read(LINK, "tune", "tn0", wanted, made.state);
                const { properties } = await changes(LINK, drifted, wanted);
                assert.deepEqual(properties, ['features["generic-receive-offload"]', "mtu"]);
            });
            made.state = await plugin.update(LINK, "tune", drifted, wanted);
            assert.deepEqual([(await seen()).mtu, await feature("generic-receive-offload")], [1400, "on"]);
        });

        it("is all given back by a delete; nothing stays noted, and a second delete is success", async () => {
            await plugin.delete(LINK, "tune", made);
            assert.deepEqual(await seen(), former);
            assert.deepEqual(noted(), []);
            await plugin.delete(LINK, "tune", made);
            assert.deepEqual(await seen(), former);
        });

        it("is imported as it stands: the next preview is empty, and a delete leaves it so", async () => {
            await run("ip link set dev tn0 mtu 1440");
            const before = await seen();
            const read = await plugin.read(LINK, "imported", "tn0");
            assert.deepEqual(noted(), [], "an import writes nothing");
            const { inputs, failures } = await plugin.check(LINK, read.inputs);
            assert.deepEqual(failures, {});
            assert.equal(inputs.mtu, 1440);
            assert.deepEqual(await changes(LINK, read, inputs), { properties: [], replaces: [] });
            read.state = await plugin.update(LINK, "imported", read, inputs);
            await plugin.delete(LINK, "imported", read);
            assert.deepEqual(await seen(), before);
            await run("ip link set dev tn0 mtu 1500");
        });

        it("killed at any moment gives back what was there before the first of all changes", async () => {
            const killed = await killedAtEachMoment(
                lab.host,
                async (doomed) => {
                    const one = await doomed.create(LINK, "tune", wanted);
                    await doomed.update(LINK, "tune", one, { ...wanted, mtu: 1420 });
                },
                async (moment) => {
                    const again = await plugin.create(LINK, "tune", wanted);
                    assert.deepEqual(await changes(LINK, again, wanted), { properties: [], replaces: [] });
                    await plugin.delete(LINK, "tune", again);
                    assert.deepEqual(await seen(), former, `killed at moment ${moment}`);
                },
            );
            assert.ok(killed > 8, `${killed} moments`);
        });

        it("that gives channels back asks nothing of the queues that go with them", async () => {
            const two = { name: "tn0", channels: { rx: 2 }, rpsCpus: ["0", "1"] };
            const one = await plugin.create(LINK, "queues", two);
            one.state = await plugin.update(LINK, "queues", one, { name: "tn0", rpsCpus: ["1"] });
            assert.deepEqual([(await seen()).rx, await cpus("rps", 0)], [1, "2"]);
            await plugin.delete(LINK, "queues", one);
            assert.deepEqual(await seen(), former);

            await run("ethtool -L tn0 rx 2");
            const all = await plugin.create(LINK, "queues", { name: "tn0", rpsCpus: ["1"] });
            all.state = await plugin.update(LINK, "queues", all, { name: "tn0", channels: { rx: 1 } });
            await plugin.delete(LINK, "queues", all);
            await run("ethtool -L tn0 rx 1");
            assert.deepEqual(await seen(), former);
        });

        it("that takes channels away gives the CPUs of their queues back with them", async () => {
            const masks = [
                ["rps", 0, "3"],
                ["rps", 2, "1"],
                ["rps", 3, "2"],
                ["xps", 2, "2"],
                ["xps", 3, "1"],
            ] as const;
            const file = (kind: string, queue: number) =>
                `/sys/class/net/tn0/queues/${kind === "rps" ? "rx" : "tx"}-${queue}/${kind}_cpus`;
            const write = (kind: string, queue: number, mask: string) =>
                lab.run("sh", "-c", 'echo "$1" >"$2"', "sh", mask, file(kind, queue));
            const there = async () => Promise.all(masks.map(([kind, queue]) => cpus(kind, queue)));
            await run("ethtool -L tn0 rx 4 tx 4");
            for (const [kind, queue, mask] of masks) await write(kind, queue, mask);
            const before = await there();
            assert.deepEqual(
                before,
                masks.map(([, , mask]) => mask),
            );

            const one = await plugin.create(LINK, "fewer", { name: "tn0", channels: { rx: 3, tx: 3 } });
            one.state = await plugin.update(LINK, "fewer", one, { name: "tn0", channels: { rx: 2, tx: 2 } });
            one.state = await plugin.update(LINK, "fewer", one, { name: "tn0", channels: { rx: 3, tx: 3 } });
            assert.deepEqual([await cpus("rps", 2), await cpus("xps", 2)], ["1", "2"]);
            await plugin.delete(LINK, "fewer", one);
            assert.deepEqual(await there(), before, "and those of its own queues are left alone");

            const other = await plugin.create(LINK, "fewer", {
                ...{ name: "tn0", channels: { rx: 2, tx: 2 } },
                ...{ rpsCpus: ["1"], xpsCpus: ["0"] },
            });
            other.state = await plugin.update(LINK, "fewer", other, { name: "tn0", mtu: 1400 });
            assert.deepEqual(await there(), before);
            await plugin.delete(LINK, "fewer", other);
            assert.deepEqual(await there(), before);

            for (const [kind, queue] of masks) await write(kind, queue, "0");
            await run("ethtool -L tn0 rx 1 tx 1");
            assert.deepEqual(await seen(), former);
        });

        it("of no packets in the transmit queue is what is there, and what is given back", async () => {
            await run("ip link set dev tn0 txqueuelen 0");
            const one = await plugin.create(LINK, "queue", { name: "tn0", txQueueLength: 7 });
            await plugin.delete(LINK, "queue", one);
            assert.equal(await lab.run("cat", "/sys/class/net/tn0/tx_queue_len"), "0");
            await run("ip link set dev tn0 txqueuelen 1000");
            const none = await plugin.create(LINK, "queue", { name: "tn0", txQueueLength: 0 });
            assert.equal(none.state.txQueueLength, 0);
            await plugin.delete(LINK, "queue", none);
            assert.deepEqual(await seen(), former);
        });

        it("of a link that was made anew says nothing of the new one", async () => {
            await make("tn8", "tn9");
            const inputs = { name: "tn8", mtu: 1300 };
            const old = await plugin.create(LINK, "anew", inputs);
            await run("ip link delete tn8");
            await eventually(async () =>
                assert.equal((await plugin.read(LINK, "anew", "tn8", inputs, old.state)).id, ""),
            );
            await make("tn8", "tn9");
            await run("ip link set dev tn8 mtu 1350");
            const again = await plugin.create(LINK, "anew", inputs);
            await plugin.delete(LINK, "anew", again);
            assert.equal((await seen("tn8")).mtu, 1350);
            await run("ip link delete tn8");
        });

        it("of a link that is not there is refused", () =>
            refused(plugin.create(LINK, "no", { name: "tn7", mtu: 1300 }), status.NOT_FOUND, /no link tn7/));

        it("that the NIC does not take is refused before anything changes, all of it at once", async () => {
            const before = await seen();
            await refused(
                plugin.create(LINK, "much", {
                    name: "tn0",
                    mtu: 1400,
                    rxRing: 4096,
                    channels: { rx: 9, combined: 1 },
                    coalesce: { rxUsecs: 5 },
                    features: { "no-such-feature": true, "rx-vlan-filter": true },
                    rpsCpus: ["0", "1", "0"],
                    xpsCpus: ["8000"],
                }),
                status.FAILED_PRECONDITION,
                /rxRing: its driver has no receive ring/,
                /channels\.rx: its driver has rx up to 4, tx up to 4 \(got 9\)/,
                /channels\.combined/,
                /coalesce\.rxUsecs: its driver takes none/,
                /features\.no-such-feature: this kernel has no such feature/,
                /features\.rx-vlan-filter: .*cannot be changed/,
                /xpsCpus: the host has the CPUs/,
            );
            assert.deepEqual([await seen(), noted()], [before, []]);
        });

        it("leaves MTU and queue of a link that kvmnet makes to that resource", async () => {
            const tap = await plugin.create(TAP, "tap", { name: "tnt0" });
            await refused(
                plugin.create(LINK, "twice", { name: "tnt0", mtu: 1400 }),
                status.ALREADY_EXISTS,
                /made by resource tap of stack shop\/dev, which has its MTU and queue/,
            );
            const inputs = { name: "tnt0", coalesce: { rxFrames: 32 }, features: { "generic-receive-offload": false } };
            const tuned = await plugin.create(LINK, "rest", inputs);
            assert.match(await run("ethtool -c tnt0"), /^rx-frames:\s+32$/m);
            await plugin.delete(LINK, "rest", tuned);
            assert.match(await run("ethtool -c tnt0"), /^rx-frames:\s+0$/m);
            await plugin.delete(TAP, "tap", tap);
        });

        it("is judged by check, property by property", async () => {
            for (const [inputs, property, says] of [
                [{}, "name", /nothing is tuned/],
                [{ rxRing: 0 }, "rxRing", /from 1/],
                [{ channels: {} }, "channels", /says nothing/],
                [{ coalesce: { rxUsecs: -1 } }, "coalesce.rxUsecs", /0 to 4294967295/],
                [{ features: { gro: true } }, "features.gro", /write the name .*generic-receive-offload/],
                [{ rpsCpus: ["3-1"] }, "rpsCpus[0]", /list of CPU lists/],
                [{ name: "x;id", mtu: 1400 }, "name", /1 to 15 characters/],
            ] as [Bag, string, RegExp][]) {
                const failures = await failuresOf(LINK, { name: "tn0", ...inputs });
                assert.deepEqual(Object.keys(failures), [property], JSON.stringify(failures));
                assert.match(failures[property] ?? "", says);
            }
        });
    });

    describe("a sysctl", () => {
        const FORWARD = { key: "net.ipv4.ip_forward", value: "1" };
        const value = (path: string) => lab.run("cat", `/proc/sys/${path}`);
        let made: Made;
        before(async () => {
            await run("ip link add name sy0.5 type veth peer name sy1");
            await run("sysctl -qw net.ipv4.ip_forward=0");
        });

        it("is set, of the whole host", async () => {
            made = await plugin.create(SYSCTL, "forward", FORWARD);
            assert.equal(made.id, "net.ipv4.ip_forward");
            assert.equal(await value("net/ipv4/ip_forward"), "1");
            assert.deepEqual(await changes(SYSCTL, made, FORWARD), { properties: [], replaces: [] });
            const [file = ""] = noted();
            assert.equal(statSync(join(journal, file)).mode & 0o777, 0o600);
        });

        it("set again by the same resource is the same; another one is refused", async () => {
            assert.deepEqual(await plugin.create(SYSCTL, "forward", FORWARD), made);
            await refused(
                plugin.create(SYSCTL, "other", { ...FORWARD, value: "0" }),
                status.ALREADY_EXISTS,
                /belongs to resource forward/,
            );
        });

        it("changed by hand shows it to a refresh, and gets it back", async () => {
            await run("sysctl -qw net.ipv4.ip_forward=0");
            const read = await plugin.read(SYSCTL, "forward", made.id, FORWARD, made.state);
            assert.deepEqual(await changes(SYSCTL, read, FORWARD), { properties: ["value"], replaces: [] });
            made.state = await plugin.update(SYSCTL, "forward", read, FORWARD);
            assert.equal(await value("net/ipv4/ip_forward"), "1");
        });

        it("gets its former value back, and a second delete is success", async () => {
            await plugin.delete(SYSCTL, "forward", made);
            assert.equal(await value("net/ipv4/ip_forward"), "0");
            assert.deepEqual(noted(), []);
            await run("sysctl -qw net.ipv4.ip_forward=1");
            await plugin.delete(SYSCTL, "forward", made);
            assert.equal(await value("net/ipv4/ip_forward"), "1", "what is set since is somebody else's");
            await run("sysctl -qw net.ipv4.ip_forward=0");
        });

        it("killed at any moment gives back the value from before", async () => {
            await killedAtEachMoment(
                lab.host,
                async (doomed) => {
                    const one = await doomed.create(SYSCTL, "forward", FORWARD);
                    await doomed.delete(SYSCTL, "forward", one);
                },
                async (moment) => {
                    const again = await plugin.create(SYSCTL, "forward", FORWARD);
                    await plugin.delete(SYSCTL, "forward", again);
                    assert.equal(await value("net/ipv4/ip_forward"), "0", `killed at moment ${moment}`);
                    assert.deepEqual(noted(), []);
                },
            );
        });

        describe("that changes others beside itself", () => {
            const LINKS = "net/ipv4/conf/sy0.5/forwarding";
            const [REDIRECTS, OTHER] = ["net/ipv4/conf/all/accept_redirects", "net/ipv4/conf/sy1/forwarding"];
            const hardened = async () => {
                await run("sysctl -qw net.ipv4.ip_forward=0");
                await run(`sysctl -qw ${LINKS}=1 ${OTHER}=0 ${REDIRECTS}=0`);
            };
            const values = () => Promise.all([LINKS, OTHER, REDIRECTS].map(value));
            afterEach(() => run("sysctl -qw net.ipv4.ip_forward=0"));

            it("gives them back what they were", async () => {
                await hardened();
                const one = await plugin.create(SYSCTL, "forward", FORWARD);
                assert.deepEqual(await values(), ["1", "1", "0"]);
                await plugin.delete(SYSCTL, "forward", one);
                assert.deepEqual(await values(), ["1", "0", "0"]);
                assert.deepEqual(noted(), []);
            });

            it("gives them back what they were, killed at any moment", async () => {
                await hardened();
                await killedAtEachMoment(
                    lab.host,
                    async (doomed) => {
                        const one = await doomed.create(SYSCTL, "forward", FORWARD);
                        await doomed.delete(SYSCTL, "forward", one);
                    },
                    async (moment) => {
                        const again = await plugin.create(SYSCTL, "forward", FORWARD);
                        await plugin.delete(SYSCTL, "forward", again);
                        assert.deepEqual(await values(), ["1", "0", "0"], `killed at moment ${moment}`);
                    },
                );
            });

            it("leaves what somebody has set since, and what another resource declares", async () => {
                await hardened();
                const other = { key: "net.ipv4.conf.sy1.forwarding", value: "0" };
                const declared = await plugin.create(SYSCTL, "other", other);
                const one = await plugin.create(SYSCTL, "forward", FORWARD);
                assert.deepEqual(await values(), ["1", "0", "0"]);
                await run(`sysctl -qw ${LINKS}=0 ${REDIRECTS}=1`);
                await plugin.delete(SYSCTL, "forward", one);
                assert.deepEqual(await values(), ["0", "0", "1"]);
                await plugin.delete(SYSCTL, "other", declared);
                assert.deepEqual(noted(), []);
            });

            it("has a host that takes no redirects take none, though it forwards no longer", async () => {
                await run("sysctl -qw net.ipv4.ip_forward=1");
                const one = await plugin.create(SYSCTL, "forward", { ...FORWARD, value: "0" });
                assert.deepEqual(await values(), ["0", "0", "0"]);
                await plugin.delete(SYSCTL, "forward", one);
                assert.deepEqual(await values(), ["1", "1", "0"]);
            });

            it("is so with IPv6, too", async () => {
                const key = "net.ipv6.conf.all.forwarding";
                await run("sysctl -qw net/ipv6/conf/sy0.5/forwarding=1");
                const one = await plugin.create(SYSCTL, "forward6", { key, value: "1" });
                assert.equal(await value("net/ipv6/conf/sy1/forwarding"), "1");
                await plugin.delete(SYSCTL, "forward6", one);
                assert.equal(await value("net/ipv6/conf/sy0.5/forwarding"), "1");
                assert.equal(await value("net/ipv6/conf/sy1/forwarding"), "0");
            });
        });

        it("that makes a router of the host tells which advertised default route goes, until its link stays open to them", async () => {
            await run("ip link set dev sy1 up");
            await run("sysctl -qw net.ipv6.conf.sy1.accept_ra=1");
            await run("ip -6 route add default via fe80::1 dev sy1 proto ra");
            const said = async (key: string) => {
                const before = engine.logged.length;
                await plugin.delete(SYSCTL, key, await plugin.create(SYSCTL, key, { key, value: "1" }));
                return engine.logged.slice(before).map(({ message }) => message);
            };
            const OWN = "net.ipv6.conf.sy0/5.forwarding";
            for (const key of ["net.ipv6.conf.all.forwarding", OWN])
                assert.deepEqual(await said(key), [
                    `sysctl ${key}: the default route over sy1 was advertised by a router, and the kernel removes it when it forwards. Set net.ipv6.conf.sy1.accept_ra to 2 first, by a Sysctl that this one depends on.`,
                ]);
            assert.deepEqual(await said("net.ipv6.conf.default.forwarding"), []);
            await run("sysctl -qw net.ipv6.conf.sy1.accept_ra=2");
            assert.deepEqual(await said(OWN), []);
            await run("ip -6 route delete default dev sy1");
        });

        it("of one link, whose name has a dot, goes with the link", async () => {
            const inputs = { key: "net/ipv4/conf/sy0.5/rp_filter", value: "2" };
            const one = await plugin.create(SYSCTL, "rp", inputs);
            assert.equal(one.id, "net.ipv4.conf.sy0/5.rp_filter");
            assert.equal(await value("net/ipv4/conf/sy0.5/rp_filter"), "2");
            assert.deepEqual(await changes(SYSCTL, one, inputs), { properties: [], replaces: [] });
            assert.deepEqual((await changes(SYSCTL, one, { ...inputs, key: "net.ipv4.conf.all.rp_filter" })).replaces, [
                "key",
            ]);
            await run("ip link delete sy0.5");
            assert.equal((await plugin.read(SYSCTL, "rp", one.id, inputs, one.state)).id, "");
            await plugin.delete(SYSCTL, "rp", one);
            await refused(plugin.create(SYSCTL, "rp", inputs), status.NOT_FOUND, /There is no link sy0\.5/);
            await run("ip link add name sy0.5 type veth peer name sy1");
            await run("sysctl -qw net/ipv4/conf/sy0.5/rp_filter=1");
            const again = await plugin.create(SYSCTL, "rp", inputs);
            await plugin.delete(SYSCTL, "rp", again);
            assert.equal(await value("net/ipv4/conf/sy0.5/rp_filter"), "1", "the new link's own former value");
        });

        it("may be written as the kernel prints it or otherwise: spaces, hexadecimal, lists", async () => {
            for (const [key, written, printed] of [
                ["net.ipv4.tcp_rmem", "4096  131072\t6000000", "4096\t131072\t6000000"],
                ["net.ipv4.ip_local_reserved_ports", "9000,8000-8002,8001-8003", "8000-8003,9000"],
                ["net.ipv4.tcp_fin_timeout", "0x20", "32"],
            ] as const) {
                const path = key.replaceAll(".", "/");
                const before = await value(path);
                const one = await plugin.create(SYSCTL, "text", { key, value: written });
                assert.equal(await value(path), printed);
                assert.deepEqual(await changes(SYSCTL, one, { key, value: written }), { properties: [], replaces: [] });
                const read = await plugin.read(SYSCTL, "text", key, { key, value: written }, one.state);
                assert.deepEqual(await changes(SYSCTL, read, { key, value: written }), {
                    properties: [],
                    replaces: [],
                });
                await plugin.delete(SYSCTL, "text", one);
                assert.equal(await value(path), before);
            }
        });

        it("is imported as it stands: the next preview is empty, and a delete leaves it so", async () => {
            await run("sysctl -qw net.ipv4.tcp_fin_timeout=44");
            const read = await plugin.read(SYSCTL, "fin", "net.ipv4.tcp_fin_timeout");
            assert.deepEqual(read.inputs, { key: "net.ipv4.tcp_fin_timeout", value: "44" });
            assert.deepEqual(noted(), [], "an import writes nothing");
            assert.deepEqual(await changes(SYSCTL, read, read.inputs), { properties: [], replaces: [] });
            const changed = { ...read.inputs, value: "55" };
            read.state = await plugin.update(SYSCTL, "fin", read, changed);
            assert.equal(await value("net/ipv4/tcp_fin_timeout"), "55");
            await plugin.delete(SYSCTL, "fin", read);
            assert.equal(await value("net/ipv4/tcp_fin_timeout"), "44");
        });

        it("that the kernel does not take is refused with its words, or with what it made of it", async () => {
            const before = await value("net/ipv4/ip_default_ttl");
            await refused(
                plugin.create(SYSCTL, "ttl", { key: "net.ipv4.ip_default_ttl", value: "1000" }),
                status.FAILED_PRECONDITION,
                /did not take "1000": .*Invalid argument/,
            );
            assert.equal(await value("net/ipv4/ip_default_ttl"), before);
            assert.deepEqual(noted(), []);
            await refused(
                plugin.create(SYSCTL, "ro", { key: "net.ipv4.tcp_available_congestion_control", value: "cubic" }),
                status.FAILED_PRECONDITION,
                /only shows this setting/,
            );
        });

        it("that is not there names what would bring it", async () => {
            await refused(
                plugin.create(SYSCTL, "mpls", { key: "net.mpls.platform_labels", value: "10" }),
                status.NOT_FOUND,
                /no such setting.*modprobe mpls_router/s,
            );
            await refused(
                plugin.create(SYSCTL, "typo", { key: "net.ipv4.ip_forwad", value: "1" }),
                status.NOT_FOUND,
                /Correct the key/,
            );
        });

        it("of which the kernel tells no value is refused until it has one, which may then be written otherwise", async () => {
            const secret = { key: "net/ipv6/conf/sy1/stable_secret", value: "2001:DB8::7" };
            await refused(
                plugin.create(SYSCTL, "secret", secret),
                status.FAILED_PRECONDITION,
                /tells no value of it.*Write a first value yourself/,
            );
            await run("sysctl -qw net/ipv6/conf/sy1/stable_secret=fd00::1");
            const one = await plugin.create(SYSCTL, "secret", secret);
            assert.deepEqual(await changes(SYSCTL, one, secret), { properties: [], replaces: [] });
            await plugin.delete(SYSCTL, "secret", one);
            assert.equal(await value("net/ipv6/conf/sy1/stable_secret"), "fd00:0000:0000:0000:0000:0000:0000:0001");
        });

        it("is judged by check, property by property", async () => {
            for (const [inputs, property, says] of [
                [{ key: "kernel.panic" }, "key", /begin with net\./],
                [{ key: "net/../kernel/panic" }, "key", /a setting below net/],
                [{ key: "net.ipv4.route.flush" }, "key", /a flush is no setting/],
                [{ value: "1\n2" }, "value", /one line/],
                [{ value: "" }, "value", /one line/],
                [{ value: 1 }, "value", /a value is text/],
            ] as [Bag, string, RegExp][]) {
                const failures = await failuresOf(SYSCTL, { ...FORWARD, ...inputs });
                assert.deepEqual(Object.keys(failures), [property], JSON.stringify(failures));
                assert.match(failures[property] ?? "", says);
            }
        });
    });
});
