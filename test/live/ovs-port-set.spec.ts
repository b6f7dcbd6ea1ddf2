import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import { status, type ServiceError } from "@grpc/grpc-js";
import type { Bag } from "../../provider/wire";
import { FakeEngine } from "../provider/fake-engine";
import { Plugin, unfinishedOf, type Made } from "../provider/plugin";
import { eventually } from "../support/eventually";
import { killedAtEachMoment } from "../support/killed-runs";
import { labName } from "../support/labs";
import { asOneself, behindTags, fromOf, meeting, udp, type Stream } from "../support/wire";
import { ProviderLab } from "./provider-lab";

const [BRIDGE, SET, PORT] = ["kvmnet:ovs:Bridge", "kvmnet:ovs:PortSet", "kvmnet:ovs:Port"];
const [FLOWS, KEEPER, MANAGER] = ["kvmnet:ovs:Flows", "kvmnet:ovs:FlowKeeper", "kvmnet:ovs:Manager"];
const [TAP, MIRROR] = ["kvmnet:host:Tap", "kvmnet:ovs:Mirror"];

describe("a set of ports on a real switch", function () {
    this.timeout(600_000);
    const lab = new ProviderLab(labName("port-set"));
    const engine = new FakeEngine();
    let plugin: Plugin;
    before(async () => {
        await lab.up();
        plugin = await Plugin.start(lab.host, await engine.start());
        for (const name of ["sb0", "sb1"])
            await plugin.create(BRIDGE, name, { name, datapathType: "netdev", failMode: "standalone" });
    });
    after(async () => {
        await plugin?.stop();
        engine.stop();
        await lab.down();
    });

    const get = (table: string, name: string, column: string) => lab.vsctl("get", table, name, column);
    const portsOf = async (bridge: string) => (await lab.vsctl("list-ports", bridge)).split("\n").filter(Boolean);
    const linkNamed = async (name: string) => (await lab.links()).find(({ ifname }) => ifname === name);
    /** Which row and which link stand there, to see what was made anew. */
    const identity = async (name: string) => {
        const [link] = JSON.parse(await lab.run("ip", "-json", "link", "show", "dev", name)) as { ifindex: number }[];
        return `${await get("Port", name, "_uuid")} ${link?.ifindex}`;
    };
    /** What the database gives a port's row anew with each write to it. */
    const versionOf = async (name: string) => {
        const select = { op: "select", table: "Port", where: [["name", "==", name]], columns: ["_version"] };
        const query = JSON.stringify(["Open_vSwitch", select]);
        const [answer] = JSON.parse(await lab.run("ovsdb-client", "transact", query)) as {
            rows: { _version: ["uuid", string] }[];
        }[];
        const version = answer?.rows[0]?._version[1];
        assert.ok(version, `port ${name} has no row`);
        return version;
    };
    const changes = async (made: Made, inputs: Bag) => {
        const { inputs: wanted, failures } = await plugin.check(SET, inputs);
        assert.deepEqual(failures, {});
        const diff = await plugin.diff(SET, made.state, wanted);
        assert.deepEqual(diff.replacesList, []);
        return diff.detaileddiffMap.map(([property]) => property).sort();
    };
    const refreshed = async (made: Made, inputs: Bag) =>
        plugin.read(SET, "set", made.id, (await plugin.check(SET, inputs)).inputs, made.state);

    describe("of fifty", () => {
        const names = Array.from({ length: 50 }, (_, index) => `web-${index}`);
        const inputs = (more: Record<string, Bag> = {}): Bag => ({
            bridge: "sb0",
            ports: {
                ...Object.fromEntries(names.map((name, index) => [name, { tag: 100 + index, tap: { mtu: 1400 } }])),
                ...more,
            },
        });
        let made: Made;

        it("is made in one transaction, each port with its tap and its VLAN", async () => {
            const before = await lab.nextCfg();
            made = await plugin.create(SET, "set", inputs());
            assert.equal(await lab.nextCfg(), before + 1);
            assert.equal(made.id, "sb0");
            assert.deepEqual((await portsOf("sb0")).sort(), [...names].sort());
            for (const name of ["web-0", "web-17", "web-49"]) {
                const link = await linkNamed(name);
                assert.deepEqual([link?.mtu, link?.ifalias], [1400, made.state.owner]);
                assert.ok(link?.flags.includes("UP"));
                assert.equal(await get("Port", name, "tag"), String(100 + Number(name.slice(4))));
                assert.equal(String((made.state.ofports as Bag)[name]), await get("Interface", name, "ofport"));
            }
            assert.deepEqual(await changes(made, inputs()), []);
        });

        it("made again is the same, and nothing is written", async () => {
            const before = await lab.nextCfg();
            assert.deepEqual((await plugin.create(SET, "set", inputs())).state, made.state);
            assert.equal(await lab.nextCfg(), before);
        });

        it("tells changes port by port, and writes only what changes", async () => {
            const before = await Promise.all(["web-16", "web-17"].map(identity));
            const untouched = await versionOf("web-16");
            const next = inputs({
                "web-17": { tag: 999, tap: { mtu: 1400 } },
                "web-3": { tag: 103, tap: { mtu: 1450 } },
            });
            assert.deepEqual(await changes(made, next), ['ports["web-17"].tag', 'ports["web-3"].tap.mtu']);
            made.state = await plugin.update(SET, "set", made, next);
            assert.equal(await get("Port", "web-17", "tag"), "999");
            assert.equal((await linkNamed("web-3"))?.mtu, 1450);
            assert.deepEqual(await Promise.all(["web-16", "web-17"].map(identity)), before, "nothing was made anew");
            assert.equal(await versionOf("web-16"), untouched);
            made.state = await plugin.update(SET, "set", made, inputs());
        });

        it("given another VLAN for a port writes that alone, in one transaction", async () => {
            const before = await lab.nextCfg();
            const versions = await Promise.all(["web-16", "web-18"].map(versionOf));
            const next = inputs({ "web-17": { tag: 998, tap: { mtu: 1400 } } });
            made.state = await plugin.update(SET, "set", made, next);
            assert.equal(await get("Port", "web-17", "tag"), "998");
            assert.equal(await lab.nextCfg(), before + 1);
            assert.deepEqual(await Promise.all(["web-16", "web-18"].map(versionOf)), versions);
            assert.deepEqual(await changes(made, next), []);
            made.state = await plugin.update(SET, "set", made, inputs());
        });

        it("given another VLAN for a port repairs in the same update what somebody did to others, and to it", async () => {
            const next = inputs({ "web-17": { tag: 998, tap: { mtu: 1400 } } });
            await lab.run("ip", "link", "set", "dev", "web-10", "mtu", "1300");
            await lab.run("ip", "link", "set", "dev", "web-11", "down");
            await lab.vsctl("del-port", "web-8");
            made.state = await plugin.update(SET, "set", made, next);
            assert.deepEqual(await changes(made, next), []);
            assert.equal((await linkNamed("web-10"))?.mtu, 1400);
            assert.ok((await linkNamed("web-11"))?.flags.includes("UP"));
            assert.equal((await portsOf("sb0")).length, 50);
            assert.equal(await get("Port", "web-17", "tag"), "998");

            await lab.vsctl("del-port", "web-17");
            made.state = await plugin.update(SET, "set", made, inputs());
            assert.deepEqual(await changes(made, inputs()), []);
            assert.equal(await get("Port", "web-17", "tag"), "117");
        });

        it("given another VLAN for a port is refused as a whole where another's name is somebody else's by now", async () => {
            await lab.run("ip", "link", "delete", "dev", "web-9");
            await lab.run("ip", "link", "add", "web-9", "type", "veth", "peer", "name", "their-9");
            const next = inputs({ "web-17": { tag: 998, tap: { mtu: 1400 } } });
            await assert.rejects(plugin.update(SET, "set", made, next), /nothing was changed/);
            assert.equal(await get("Port", "web-17", "tag"), "117");
            await lab.run("ip", "link", "delete", "dev", "web-9");
            made.state = await plugin.update(SET, "set", made, inputs());
            assert.deepEqual(await changes(made, inputs()), []);
        });

        it("takes a port in and lets one go live; the others stay", async () => {
            const before = await identity("web-1");
            const all = inputs({ "new-1": { vlanMode: "trunk", trunks: ["10-12"], tap: {} } });
            const { "web-2": _, ...ports } = all.ports as Record<string, Bag>;
            const next = { bridge: "sb0", ports };
            assert.deepEqual(await changes(made, next), ['ports["new-1"]', 'ports["web-2"]']);
            made.state = await plugin.update(SET, "set", made, next);
            assert.equal(await get("Port", "new-1", "trunks"), "[10, 11, 12]");
            assert.equal(await linkNamed("web-2"), undefined);
            assert.equal(await identity("web-1"), before);
            made.state = await plugin.update(SET, "set", made, inputs());
        });

        it("makes a tap anew for other queues, and only that one", async () => {
            const before = await Promise.all(["web-4", "web-5"].map(identity));
            const next = inputs({ "web-4": { tag: 104, tap: { mtu: 1400, multiQueue: true } } });
            assert.deepEqual(await changes(made, next), ['ports["web-4"].tap.multiQueue']);
            made.state = await plugin.update(SET, "set", made, next);
            const [four, five] = await Promise.all(["web-4", "web-5"].map(identity));
            assert.notEqual(four, before[0]);
            assert.equal(five, before[1]);
            assert.match(await lab.run("ip", "-details", "link", "show", "dev", "web-4"), / multi_queue /);
            assert.equal(await get("Port", "web-4", "tag"), "104");
            made.state = await plugin.update(SET, "set", made, inputs());
        });

        it("shows what somebody changed, port by port, and repairs it", async () => {
            await lab.vsctl("set", "Port", "web-7", "tag=7");
            await lab.vsctl("del-port", "web-8");
            await lab.run("ip", "link", "delete", "dev", "web-9");
            await lab.run("ip", "link", "set", "dev", "web-10", "mtu", "1300");
            let drifted = made;
            await eventually(async () => {
                const gone = unfinishedOf(await refreshed(made, inputs()).catch((error: unknown) => error));
                assert.match(gone?.reasons.join() ?? "", /port web-9: its link is gone/);
                drifted = { id: "sb0", state: gone?.state ?? {} };
                assert.deepEqual(await changes(drifted, inputs()), [
                    'ports["web-10"].tap.mtu',
                    'ports["web-7"].tag',
                    'ports["web-8"]',
                    'ports["web-9"].tap',
                ]);
            });
            made.state = await plugin.update(SET, "set", drifted, inputs());
            assert.deepEqual(await changes(made, inputs()), []);
            assert.deepEqual((await portsOf("sb0")).length, 50);
            assert.equal(await get("Port", "web-7", "tag"), "107");
            assert.equal((await refreshed(made, inputs())).id, "sb0");
            assert.ok((await linkNamed("web-9"))?.flags.includes("PROMISC"), "the switch hears the new tap");
        });

        it("moves to another bridge in one transaction, its taps with it", async () => {
            const before = await lab.nextCfg();
            const moved = { ...inputs(), bridge: "sb1" };
            assert.deepEqual(await changes(made, moved), ["bridge"]);
            const index = (await identity("web-1")).split(" ").at(-1);
            made = { id: "sb1", state: await plugin.update(SET, "set", made, moved) };
            assert.equal(await lab.nextCfg(), before + 1);
            assert.deepEqual([(await portsOf("sb0")).length, (await portsOf("sb1")).length], [0, 50]);
            assert.equal((await identity("web-1")).split(" ").at(-1), index);
        });

        it("is gone after delete with its taps; what somebody else has on the bridge stays; a second delete is success", async () => {
            await lab.vsctl("add-port", "sb1", "theirs", "--", "set", "Interface", "theirs", "type=internal");
            await plugin.delete(SET, "set", made);
            assert.deepEqual(await portsOf("sb1"), ["theirs"]);
            assert.deepEqual(
                (await lab.linkNames()).filter((name) => name.startsWith("web-")),
                [],
            );
            await plugin.delete(SET, "set", made);
            await lab.vsctl("del-port", "theirs");
        });
    });

    describe("of every kind", () => {
        const inputs: Bag = {
            bridge: "sb0",
            ports: {
                k0: { tag: 10 },
                k1: { type: "internal", vlanMode: "native-tagged", tag: 5, trunks: ["20-22"], mtuRequest: 1300 },
                k2: { type: "vxlan", options: { remoteIp: "192.0.2.1", key: 77 } },
                k3: { type: "tap", protected: true },
                k4: { tap: { multiQueue: true, uid: 0, gid: 12345, txQueueLength: 77 }, ingress: { rate: "10Mbit" } },
                k5: { type: "internal", vlanMode: "dot1q-tunnel", tag: 100, cvlans: ["1-3"], ofportRequest: 55 },
            },
        };
        let made: Made;
        before(() => lab.run("ip", "link", "add", "name", "k0", "type", "veth", "peer", "name", "k0-cable"));

        it("is made as declared, and reads back so", async () => {
            made = await plugin.create(SET, "set", inputs);
            assert.deepEqual(await changes(made, inputs), []);
            for (const [table, name, column, value] of [
                ["Port", "k0", "tag", "10"],
                ["Port", "k1", "vlan_mode", "native-tagged"],
                ["Interface", "k2", "type", "vxlan"],
                ["Port", "k3", "protected", "true"],
                ["Port", "k5", "cvlans", "[1, 2, 3]"],
                ["Interface", "k5", "ofport", "55"],
            ] as const)
                assert.equal(await get(table, name, column), value, `${name} ${column}`);
            assert.match(await lab.run("ovs-ofctl", "-OOpenFlow13", "dump-meters", "sb0"), /rate=10000/);
            assert.deepEqual((await refreshed(made, inputs)).state, made.state);
        });

        it("keeps all its numbers in a preview of a change that leaves them", async () => {
            const ports = inputs.ports as Bag;
            const news = { ...inputs, ports: { ...ports, k0: { ...(ports.k0 as Bag), tag: 12 } } };
            const { ofports } = await plugin.update(SET, "set", made, news, { preview: true });
            assert.equal(Object.keys(ofports as Bag).length, Object.keys(ports).length);
            assert.deepEqual(ofports, made.state.ofports);
        });

        it("is imported as a whole or by names, without a difference afterwards, and writes nothing", async () => {
            const rest = Object.keys(inputs.ports as Bag);
            for (const name of rest) await lab.vsctl("remove", "Port", name, "external_ids", "kvmnet-owner");
            await lab.run("ip", "link", "set", "dev", "k4", "alias", "");
            const before = await lab.everything();
            for (const id of ["sb0/all", `sb0/${rest.join(",")}`]) {
                const there = await plugin.read(SET, "imported", id);
                assert.equal(there.id, "sb0");
                const { ports } = there.inputs as { ports: Record<string, Bag> };
                assert.deepEqual(Object.keys(ports).sort(), rest);
                assert.equal((ports.k4?.tap as Bag).multiQueue, true);
                assert.deepEqual(await changes(there, there.inputs), []);
            }
            const some = await plugin.read(SET, "imported", "sb0/k0,k3");
            assert.deepEqual(Object.keys(some.inputs.ports as Bag), ["k0", "k3"]);
            assert.equal(await lab.everything(), before);
            const all = await plugin.read(SET, "imported", "sb0/all");
            made = { id: "sb0", state: await plugin.update(SET, "imported", all, inputs) };
            assert.match(await get("Port", "k5", "external_ids:kvmnet-owner"), /imported/);
            for (const name of ["k1", "k3", "k5"]) assert.ok(await linkNamed(name), `${name}, which the switch made`);
            await plugin.delete(SET, "imported", made);
            assert.deepEqual(await portsOf("sb0"), []);
            assert.deepEqual([await linkNamed("k4"), (await linkNamed("k0"))?.ifname], [undefined, "k0"]);
        });

        it("that is not there, or is another's, is not imported", async () => {
            await assert.rejects(plugin.read(SET, "imported", "sb0/nosuch"), /nosuch: there is no such port/);
            const other = await plugin.create(PORT, "lone", { name: "k9", bridge: "sb0", type: "internal" });
            await assert.rejects(plugin.read(SET, "imported", "sb0/k9"), /k9: it belongs to resource lone/);
            await plugin.delete(PORT, "lone", other);
        });
    });

    describe("that says as whom a guest may send", () => {
        const [safe, other] = ["52:54:00:00:00:01", "52:54:00:00:00:02"];
        const portSecurity = { mac: safe, addresses: ["10.0.0.1", "fd00::1"] };
        const inputs = (security?: Bag): Bag => ({
            bridge: "sb2",
            ports: {
                safe: { tag: 7, tap: {}, ...(security && { portSecurity: security }) },
                free: { tag: 7, tap: {} },
                ear: { tag: 7, tap: {} },
            },
        });
        let made: Made;
        const around: [type: string, made: Made][] = [];
        before(async () => {
            for (const [type, of] of [
                [BRIDGE, { name: "sb2", datapathType: "netdev", failMode: "secure" }],
                [FLOWS, { bridge: "sb2", flows: ["table=10,priority=0,actions=NORMAL"] }],
                [KEEPER, { bridge: "sb2" }],
            ] as [string, Bag][])
                around.push([type, await plugin.create(type, "sb2", of)]);
            made = await plugin.create(SET, "set", inputs(portSecurity));
        });
        after(async () => {
            if (made) await plugin.delete(SET, "set", made);
            for (const [type, one] of around.reverse()) await plugin.delete(type, "sb2", one);
        });

        const lengths = (frames: Buffer[]) => frames.map(({ length }) => length).sort((a, b) => a - b);
        /** Lengths of what the ear hears while a guest at the tap says all of it. */
        const heard = async (tap: string, frames: Buffer[]) => {
            const streams = frames.map((frame): Stream => ["every", 40, frame]);
            const { ear } = await meeting(lab.run.bind(lab), { ear: [], [tap]: streams }, () => setTimeout(4_000));
            const said = ear!.heard.filter((frame) => fromOf(frame).startsWith("52:54:00:00:00:"));
            return [...new Set(said.map(({ length }) => length))].sort((a, b) => a - b);
        };

        it("passes what is its own and drops what it sends as another: MAC, IPv4, ARP and neighbour discovery", async () => {
            assert.deepEqual(await changes(made, inputs(portSecurity)), []);
            const [honest, spoofed] = asOneself(safe);
            assert.deepEqual(await heard("safe", [...honest, ...spoofed]), lengths(honest));
        });

        it("drops what is behind two VLAN tags, of which a receiver strips those of VID 0, and passes its own behind one", async () => {
            const behindTwo = (frames: Buffer[]) => [
                ...frames.map((frame) => behindTags(frame, 0x8100, 0x8100)),
                ...frames.map((frame) => behindTags(Buffer.concat([frame, Buffer.alloc(1)]), 0x8100, 0x88a8)),
            ];
            const [honest, spoofed] = asOneself(safe);
            const all = [...honest, ...spoofed].map((frame) => behindTags(frame, 0x8100));
            assert.deepEqual(await heard("safe", [...all, ...behindTwo(spoofed)]), lengths(honest));
            const [, others] = asOneself(other);
            const withInner = lengths(others).flatMap((length) => [length + 4, length + 5]);
            assert.deepEqual(await heard("free", behindTwo(others)), withInner);
        });

        it("leaves the set's other ports as they are: from there all of it is heard", async () => {
            const [honest, spoofed] = asOneself(other);
            assert.deepEqual(await heard("free", [...honest, ...spoofed]), lengths([...honest, ...spoofed]));
        });

        it("shows flows that somebody removed, and puts them back", async () => {
            await lab.run("ovs-ofctl", "del-flows", "sb2", "table=5");
            let drifted = made;
            await eventually(async () => {
                drifted = await refreshed(made, inputs(portSecurity));
                assert.deepEqual(await changes(drifted, inputs(portSecurity)), ["ports.safe.portSecurity"]);
            });
            made.state = await plugin.update(SET, "set", drifted, inputs(portSecurity));
            const [honest, spoofed] = asOneself(safe);
            assert.deepEqual(await heard("safe", [...honest, ...spoofed]), lengths(honest));
        });

        it("holds beside a flow that somebody puts into table 0, and tells where its own flow there was removed", async () => {
            await lab.run("ovs-ofctl", "add-flow", "sb2", "actions=NORMAL");
            const [honest, spoofed] = asOneself(safe);
            assert.deepEqual(await heard("free", [...honest, ...spoofed]), lengths([...honest, ...spoofed]));
            assert.deepEqual(await heard("safe", [...honest, ...spoofed]), lengths(honest));
            const ofport = await lab.vsctl("get", "Interface", "safe", "ofport");
            await lab.run("ovs-ofctl", "--strict", "del-flows", "sb2", `priority=40000,in_port=${ofport}`);
            assert.deepEqual(await heard("safe", [...honest, ...spoofed]), lengths([...honest, ...spoofed]));
            let drifted = made;
            await eventually(async () => {
                drifted = await refreshed(made, inputs(portSecurity));
                assert.deepEqual(await changes(drifted, inputs(portSecurity)), ["ports.safe.portSecurity"]);
            });
            made.state = await plugin.update(SET, "set", drifted, inputs(portSecurity));
            assert.deepEqual(await heard("safe", [...honest, ...spoofed]), lengths(honest));
            await lab.run("ovs-ofctl", "--strict", "del-flows", "sb2", "priority=32768");
        });

        it("tells that a flow of somebody else stands among its own, by which all of it passes, until that is removed", async () => {
            const all = "table=5,priority=500";
            const ofport = await lab.vsctl("get", "Interface", "safe", "ofport");
            const alone = { name: "lone5", bridge: "sb2", type: "internal", portSecurity: { mac: other } };
            const port = await plugin.create(PORT, "lone5", alone);
            const [honest, spoofed] = asOneself(safe);
            const faults = async (type: string, name: string, { id, state }: Made, want: Bag) => {
                const wanted = (await plugin.check(type, want)).inputs;
                const read = await plugin.read(type, name, id, wanted, state).catch((error: unknown) => error);
                return unfinishedOf(read)?.reasons.join() ?? "";
            };
            const ofBoth = async () => [
                await faults(SET, "set", made, inputs(portSecurity)),
                await faults(PORT, "lone5", port, alone),
            ];
            const [set, single] = [
                /^OVS port set sb2: port safe: a flow of .* decides/,
                /^OVS port lone5: a flow of .* decides/,
            ];
            for (const [place, ...told] of [
                [all, set, single],
                [`table=5,priority=100,dl_src=${other}`, set, single],
                [`table=5,priority=500,in_port=${ofport}`, set, /^$/],
                ["table=5,priority=99", /^$/, /^$/],
            ] as [string, RegExp, RegExp][]) {
                await lab.run("ovs-ofctl", "add-flow", "sb2", `${place},actions=goto_table:10`);
                await eventually(async () => {
                    const reasons = await ofBoth();
                    for (const [index, what] of told.entries()) assert.match(reasons[index] ?? "", what, place);
                });
                if (place === all) {
                    assert.deepEqual(
                        await heard("safe", [...honest, ...spoofed]),
                        [...lengths(honest), ...lengths(spoofed)].sort((a, b) => a - b),
                    );
                    const update = plugin.update(SET, "set", made, inputs(portSecurity));
                    await assert.rejects(update, (error) => set.test(unfinishedOf(error)?.reasons.join() ?? ""));
                }
                const command = /ovs-ofctl (--strict) (del-flows) (sb2) "(.*)"/.exec((await ofBoth())[0] ?? "");
                const removal = command?.slice(1) ?? ["--strict", "del-flows", "sb2", place];
                await lab.run("ovs-ofctl", ...removal);
                await eventually(async () => assert.deepEqual(await ofBoth(), ["", ""], place));
            }
            assert.deepEqual(await heard("safe", [...honest, ...spoofed]), lengths(honest));
            await plugin.delete(PORT, "lone5", port);
        });

        const numbered = (ofportRequest: number): Bag => {
            const { bridge, ports } = inputs(portSecurity) as { bridge: string; ports: Record<string, Bag> };
            return {
                bridge,
                ports: { ...ports, safe: { ...ports.safe, ofportRequest } },
            };
        };
        /** The numbers at which flows stand. */
        const numbers = async () => {
            const flows = await lab.run("ovs-ofctl", "-OOpenFlow15", "--no-names", "dump-flows", "sb2");
            return [...new Set([...flows.matchAll(/in_port=(\d+)/g)].map(([, number]) => Number(number)))];
        };

        it("passes nothing of another while its OpenFlow number changes", async () => {
            const [[honest], [spoofed]] = asOneself(safe) as [[Buffer], [Buffer]];
            const said: Stream[] = [
                ["every", 10, honest],
                ["every", 1, spoofed],
            ];
            const { ear } = await meeting(lab.run.bind(lab), { ear: [], safe: said }, async () => {
                for (const number of [201, 202, 203]) {
                    made.state = await plugin.update(SET, "set", made, numbered(number));
                    assert.deepEqual(await changes(made, numbered(number)), []);
                    await setTimeout(500);
                }
            });
            const times = (said: Buffer) => ear.heard.filter(({ length }) => length === said.length).length;
            assert.ok(times(honest) > 50, `${times(honest)} honest frames`);
            assert.equal(times(spoofed), 0);
            assert.deepEqual(await numbers(), [203]);
            made.state = await plugin.update(SET, "set", made, inputs(portSecurity));
        });

        it("holds at its number alone after a run that was killed at any moment while that changed", async () => {
            let number = 211;
            const killed = await killedAtEachMoment(
                lab.host,
                async (doomed) => void (await doomed.update(SET, "set", made, numbered(number))),
                async (moment) => {
                    made.state = await plugin.update(SET, "set", made, numbered(number));
                    assert.deepEqual(await changes(made, numbered(number)), [], `killed at moment ${moment}`);
                    assert.deepEqual(await numbers(), [number], `killed at moment ${moment}`);
                    number += 1;
                },
            );
            assert.ok(killed > 2, `${killed} moments`);
            made.state = await plugin.update(SET, "set", made, inputs(portSecurity));
        });

        it("passes nothing of another while it is plugged, as a port of the set and as one of its own", async () => {
            const [[honest], [spoofed]] = asOneself(safe) as [[Buffer], [Buffer]];
            const said: Stream[] = [
                ["every", 10, honest],
                ["every", 1, spoofed],
            ];
            const alone = { name: "alone", bridge: "sb2", tag: 7, portSecurity };
            const tap = await plugin.create(TAP, "alone", { name: "alone" });
            const port = await plugin.create(PORT, "alone", alone);
            const { ear } = await meeting(lab.run.bind(lab), { ear: [], safe: said, alone: said }, async () => {
                for (let turn = 0; turn < 4; turn++) {
                    for (const name of ["safe", "alone"]) await lab.vsctl("del-port", "sb2", name);
                    made.state = await plugin.update(SET, "set", made, inputs(portSecurity));
                    assert.deepEqual(await changes(made, inputs(portSecurity)), []);
                    port.state = (await plugin.create(PORT, "alone", alone)).state;
                    await setTimeout(500);
                }
            });
            const times = (said: Buffer) => ear.heard.filter(({ length }) => length === said.length).length;
            assert.ok(times(honest) > 50, `${times(honest)} honest frames`);
            assert.equal(times(spoofed), 0);
            await plugin.delete(PORT, "alone", port);
            await plugin.delete(TAP, "alone", tap);
        });

        it("passes nothing of another while it goes, as a port of the set and as one of its own", async () => {
            const [[honest], [spoofed]] = asOneself(safe) as [[Buffer], [Buffer]];
            const said: Stream[] = [
                ["every", 10, honest],
                ["every", 1, spoofed],
            ];
            const { ports } = inputs(portSecurity) as { ports: Record<string, Bag> };
            const withMember = { bridge: "sb2", ports: { ...ports, member: { tag: 7, portSecurity } } };
            const alone = { name: "alone", bridge: "sb2", tag: 7, portSecurity };
            const taps = await Promise.all(["member", "alone"].map((name) => plugin.create(TAP, name, { name })));
            const { ear } = await meeting(lab.run.bind(lab), { ear: [], member: said, alone: said }, async () => {
                for (let turn = 0; turn < 4; turn++) {
                    made.state = await plugin.update(SET, "set", made, withMember);
                    const port = await plugin.create(PORT, "alone", alone);
                    await setTimeout(300);
                    made.state = await plugin.update(SET, "set", made, inputs(portSecurity));
                    await plugin.delete(PORT, "alone", port);
                    assert.equal(await lab.vsctl("--if-exists", "get", "Port", "member", "tag"), "");
                }
            });
            const times = (said: Buffer) => ear.heard.filter(({ length }) => length === said.length).length;
            assert.ok(times(honest) > 50, `${times(honest)} honest frames`);
            assert.equal(times(spoofed), 0);
            assert.deepEqual(await numbers(), [Number(await get("Interface", "safe", "ofport"))]);
            for (const tap of taps) await plugin.delete(TAP, tap.id, tap);
        });

        it("is not open after a run that was killed at any moment while it went, and the next one ends that", async () => {
            const killed = await killedAtEachMoment(
                lab.host,
                async (doomed) => {
                    const single = { name: "single", bridge: "sb2", type: "internal", portSecurity };
                    const port = await plugin.create(PORT, "single", single);
                    await doomed.delete(PORT, "single", port);
                },
                async (moment) => {
                    const find = ["--if-exists", "get", "Interface", "single", "ofport", "type"];
                    const [ofport, kind] = (await lab.vsctl(...find)).split("\n");
                    const what = `killed at moment ${moment}`;
                    if (ofport && kind !== "patch") assert.ok((await numbers()).includes(Number(ofport)), what);
                    const inputs = { name: "single", bridge: "sb2", type: "internal", portSecurity };
                    const port = await plugin.create(PORT, "single", inputs);
                    assert.equal(await get("Interface", "single", "type"), "internal", what);
                    assert.equal((await numbers()).length, 2, what);
                    await plugin.delete(PORT, "single", port);
                    assert.equal((await numbers()).length, 1, what);
                },
            );
            assert.ok(killed > 3, `${killed} moments`);
        });

        it("is not open after a run that was killed at any moment while it was plugged, which a refresh tells and the next run finishes", async () => {
            const told: string[] = [];
            const killed = await killedAtEachMoment(
                lab.host,
                async (doomed) => {
                    await lab.vsctl("del-port", "sb2", "safe");
                    await doomed.update(SET, "set", made, inputs(portSecurity));
                },
                async (moment) => {
                    const what = `killed at moment ${moment}`;
                    await setTimeout(100);
                    const find = ["--if-exists", "get", "Interface", "safe", "ofport", "type"];
                    const [ofport, kind] = (await lab.vsctl(...find)).split("\n");
                    if (ofport && kind !== "patch") assert.deepEqual(await numbers(), [Number(ofport)], what);
                    const state = await refreshed(made, inputs(portSecurity)).catch((error: unknown) => {
                        const unfinished = unfinishedOf(error);
                        told.push(...(unfinished?.reasons ?? []));
                        return { id: made.id, state: unfinished?.state ?? assert.fail(String(error)) };
                    });
                    if (kind === "patch")
                        assert.match(told.at(-1) ?? "", /safe: it passes nothing: the run that plugged it/);
                    assert.ok(
                        !(await changes(state, inputs(portSecurity))).some((path) => /type|options|tag/.test(path)),
                        what,
                    );
                    made.state = await plugin.update(SET, "set", state, inputs(portSecurity));
                    assert.deepEqual(await changes(made, inputs(portSecurity)), [], what);
                    assert.deepEqual(await numbers(), [Number(await get("Interface", "safe", "ofport"))], what);
                    assert.equal(await get("Interface", "safe", "options"), "{}", what);
                },
            );
            assert.ok(killed > 3, `${killed} moments`);
            assert.ok(told.length > 1, told.join());
        });

        it("is not open after a run that was killed at any moment while it was made alone, and the next one finishes it", async () => {
            const single = { name: "single", bridge: "sb2", type: "internal", portSecurity };
            const killed = await killedAtEachMoment(
                lab.host,
                async (doomed) => void (await doomed.create(PORT, "single", single)),
                async (moment) => {
                    const port = await plugin.create(PORT, "single", single);
                    assert.equal(await get("Interface", "single", "type"), "internal", `killed at moment ${moment}`);
                    assert.deepEqual(port.state.portSecurity, portSecurity);
                    assert.equal((await linkNamed("single"))?.flags.includes("UP"), true, `killed at moment ${moment}`);
                    assert.equal((await numbers()).length, 2, `killed at moment ${moment}`);
                    await plugin.delete(PORT, "single", port);
                },
            );
            assert.ok(killed > 3, `${killed} moments`);
        });

        it("holds a port whose link comes later, and again after a restart of the switch, whoever was plugged meanwhile", async () => {
            const names = ["alone", "member"];
            const { ports } = inputs(portSecurity) as { ports: Record<string, Bag> };
            const withMember = { bridge: "sb2", ports: { ...ports, member: { tag: 7, portSecurity } } };
            const alone = { name: "alone", bridge: "sb2", tag: 7, portSecurity };
            const left = async (work: Promise<unknown>) => {
                const unfinished = unfinishedOf(await work.catch((error: unknown) => error));
                assert.match(unfinished?.reasons.join() ?? "", /No such device/);
                return unfinished?.state ?? {};
            };
            const port: Made = { id: "alone", state: await left(plugin.create(PORT, "alone", alone)) };
            made.state = await left(plugin.update(SET, "set", made, withMember));
            const [honest, spoofed] = asOneself(safe);
            const areHeld = async (what: string) => {
                for (const name of names) await lab.run("ip", "tuntap", "add", "dev", name, "mode", "tap");
                for (const name of names) await lab.run("ip", "link", "set", "dev", name, "up");
                await eventually(async () => {
                    for (const name of names) assert.match(await get("Interface", name, "ofport"), /^\d+$/);
                });
                for (const name of names)
                    assert.deepEqual(await heard(name, [...honest, ...spoofed]), lengths(honest), `${name} ${what}`);
            };
            const others = ["other0", "other1", "other2"];
            const plugOthers = async (more: string) => {
                for (const name of others)
                    await lab.vsctl(
                        ...["--may-exist", "add-port", "sb2", name + more, "--"],
                        ...["set", "Interface", name + more, "type=internal"],
                    );
            };
            await plugOthers("a");
            await areHeld("whose link came later");

            for (const name of names) await lab.run("ip", "link", "delete", "dev", name);
            const pid = await lab.run("cat", "/run/openvswitch/ovs-vswitchd.pid");
            await lab.run("kill", "-KILL", pid);
            await lab.run("tail", `--pid=${pid}`, "-f", "/dev/null");
            await lab.up();
            for (const name of names) assert.doesNotMatch(await get("Interface", name, "ofport"), /^\d+$/);
            const asked = (await Promise.all(names.map((name) => get("Interface", name, "ofport_request")))).map(
                Number,
            );
            await eventually(async () => {
                const there = await numbers();
                assert.ok(
                    asked.every((number) => there.includes(number)),
                    "what holds them is put back before they are",
                );
            });
            await plugOthers("b");
            await areHeld("whose link came after a restart");

            port.state = (await plugin.read(PORT, "alone", "alone", alone, port.state)).state;
            await plugin.delete(PORT, "alone", port);
            made.state = await plugin.update(SET, "set", made, inputs(portSecurity));
            for (const name of names) await lab.run("ip", "link", "delete", "dev", name);
            for (const name of others) for (const more of "ab") await lab.vsctl("del-port", "sb2", name + more);
        });

        it("does not hold what a flow of somebody else leads past its guards, of which it is warned", async () => {
            const toldBy = async (...flows: string[]) => {
                for (const flow of flows) await lab.run("ovs-ofctl", "add-flow", "sb2", flow);
                engine.logged.length = 0;
                const port = { name: "past", bridge: "sb2", type: "internal", portSecurity: { mac: other } };
                await plugin.delete(PORT, "past", await plugin.create(PORT, "past", port));
                return engine.logged.map(({ message }) => message).filter((message) => /Table 0/.test(message));
            };
            assert.deepEqual(
                await toldBy("priority=39999,actions=NORMAL", "priority=50000,dl_type=0x88b5,actions=drop"),
                [],
            );
            const free = await get("Interface", "free", "ofport");
            const others = [free, "LOCAL"].map((from) => `priority=50000,in_port=${from},actions=NORMAL`);
            assert.deepEqual(await toldBy(...others), []);
            const [honest, spoofed] = asOneself(safe);
            assert.deepEqual(await heard("safe", [...honest, ...spoofed]), lengths(honest));
            assert.match(
                (await toldBy("priority=40001,arp,actions=NORMAL", "priority=65535,ip,actions=NORMAL")).join(),
                /^Table 0 of sb2 holds 2 flows .* portSecurity \(past\).* priority below 40000/,
            );
            assert.notDeepEqual(await heard("safe", [...honest, ...spoofed]), lengths(honest));
            await lab.run("ovs-ofctl", "del-flows", "sb2", "cookie=0/-1,table=0");
        });

        it("warns of such a flow once where an update secures a port", async () => {
            await lab.run("ovs-ofctl", "add-flow", "sb2", "priority=50000,dl_type=0x88b5,actions=NORMAL");
            const told = async (work: () => Promise<unknown>) => {
                engine.logged.length = 0;
                await work();
                return engine.logged.map(({ message }) => /^Table 0/.exec(message)?.[0] ?? message);
            };
            const alone = { name: "later", bridge: "sb2", type: "internal" };
            const port = await plugin.create(PORT, "later", alone);
            const changed = (more: Bag) => async () => {
                port.state = await plugin.update(PORT, "later", port, { ...alone, ...more });
            };
            const secure = { portSecurity: { mac: other } };
            assert.deepEqual(await told(changed({ tag: 5 })), []);
            assert.deepEqual(await told(changed({ tag: 5, ...secure })), ["Table 0"]);
            assert.deepEqual(await told(changed({ tag: 6, ...secure })), []);
            await plugin.delete(PORT, "later", port);

            const { bridge, ports } = inputs(portSecurity) as { bridge: string; ports: Record<string, Bag> };
            const set = (more: Bag) => async () => {
                made.state = await plugin.update(SET, "set", made, { bridge, ports: { ...ports, ...more } });
            };
            const member = { type: "internal" };
            assert.deepEqual(await told(set({ joins: member })), []);
            assert.deepEqual(await told(set({ joins: { ...member, ...secure } })), ["Table 0"]);
            assert.deepEqual(await told(set({ joins: { ...member, ...secure, tag: 8 } })), []);
            assert.deepEqual(await told(set({})), []);
            await lab.run("ovs-ofctl", "del-flows", "sb2", "cookie=0/-1,table=0");
        });

        it("warns of such a flow at each refresh, where somebody has put it later, until it is removed", async () => {
            const alone = { name: "lone6", bridge: "sb2", type: "internal", portSecurity: { mac: other } };
            const port = await plugin.create(PORT, "lone6", alone);
            const isTold = async (flow: string, ...ports: string[]) => {
                await lab.run("ovs-ofctl", "add-flow", "sb2", flow);
                await eventually(async () => {
                    engine.logged.length = 0;
                    await refreshed(made, inputs(portSecurity));
                    await plugin.read(PORT, "lone6", port.id, (await plugin.check(PORT, alone)).inputs, port.state);
                    const told = engine.logged.map(({ message }) => /^Table 0.* portSecurity \((.*?)\)/.exec(message));
                    assert.deepEqual(
                        told.map((words) => words?.[1]),
                        ports,
                    );
                });
                await lab.run("ovs-ofctl", "del-flows", "sb2", "cookie=0/-1,table=0");
            };
            await isTold("priority=50000,dl_type=0x88b5,actions=NORMAL", "safe", "lone6");
            const from = `in_port=${await get("Interface", "safe", "ofport")}`;
            await isTold(`priority=50000,${from},actions=NORMAL`, "safe");
            await isTold("priority=39999,dl_type=0x88b5,actions=NORMAL");
            await plugin.delete(PORT, "lone6", port);
        });

        it("does not hold for ARP with a manager that is in-band, of which both are warned", async () => {
            const manager = { target: "tcp:10.0.0.2:6640" };
            const told = async (work: () => Promise<Made>, type: string) => {
                engine.logged.length = 0;
                const one = await work();
                await plugin.delete(type, "of-band", one);
                return engine.logged.map(({ message }) => message).filter((message) => /in-band/.test(message));
            };
            const managed = (more: Bag) => () => plugin.create(MANAGER, "of-band", { ...manager, ...more });
            const words = /tcp:10\.0\.0\.2:6640 is in-band.* at sb2 \(safe\).*connectionMode out-of-band/;
            assert.match((await told(managed({}), MANAGER)).join(), words);
            assert.deepEqual(await told(managed({ connectionMode: "out-of-band" }), MANAGER), []);

            const [honest, spoofed] = asOneself(safe);
            await lab.vsctl("set-manager", manager.target);
            assert.deepEqual(await heard("safe", [...honest, ...spoofed]), [...lengths(honest), 220, 230]);
            const port = { name: "sb2p", bridge: "sb2", type: "internal", portSecurity: { mac: other } };
            const ported = () => plugin.create(PORT, "of-band", port);
            assert.match((await told(ported, PORT)).join(), /tcp:10\.0\.0\.2:6640 is in-band.* at sb2 \(sb2p\)/);
            await lab.vsctl("set", "Bridge", "sb2", "other_config:disable-in-band=true");
            assert.deepEqual(await told(ported, PORT), []);
            assert.deepEqual(await heard("safe", [...honest, ...spoofed]), lengths(honest));
            await lab.vsctl("remove", "Bridge", "sb2", "other_config", "disable-in-band", "--", "del-manager");
        });

        it("changes live to another identity, and to none", async () => {
            const next = inputs({ mac: other });
            assert.deepEqual(await changes(made, next), [
                "ports.safe.portSecurity.addresses",
                "ports.safe.portSecurity.mac",
            ]);
            made.state = await plugin.update(SET, "set", made, next);
            const own = udp({ from: other, length: 100 }, "10.0.0.99", "10.0.0.2");
            const former = udp({ from: safe, length: 200 }, "10.0.0.1", "10.0.0.2");
            assert.deepEqual(await heard("safe", [own, former]), [100]);
            const [honest, spoofed] = asOneself(other);
            const byAddressAlone = [210, 220, 240];
            assert.deepEqual(
                await heard("safe", [...honest, ...spoofed]),
                [...lengths(honest), ...byAddressAlone].sort((a, b) => a - b),
            );
            made.state = await plugin.update(SET, "set", made, inputs());
            assert.deepEqual(await heard("safe", [own, former]), [100, 200]);
        });
    });

    it("whose names are not all free is refused with each of them, and nothing is changed", async () => {
        await lab.run("ip", "tuntap", "add", "dev", "f0", "mode", "tap");
        await lab.vsctl("add-port", "sb1", "f1", "--", "set", "Interface", "f1", "type=internal");
        const internal = (name: string) => ["--", "set", "Interface", name, "type=internal"];
        await lab.vsctl("add-bond", "sb1", "f-bond", "f3", "f4", ...internal("f3"), ...internal("f4"));
        const before = await lab.everything();
        const ports = { f0: { tap: {} }, f1: { type: "internal" }, f2: { tap: {} }, f3: {} };
        await assert.rejects(plugin.create(SET, "set", { bridge: "sb0", ports }), (error: ServiceError) => {
            assert.equal(error.code, status.ALREADY_EXISTS);
            assert.match(error.details, /a link f0 is on lab/);
            assert.match(error.details, /a port f1 is on sb1/);
            assert.match(error.details, /the interface f3 is in the port f-bond of the bridge sb1/);
            assert.match(error.details, /pulumi import kvmnet:ovs:PortSet/);
            return true;
        });
        assert.equal(await lab.everything(), before);
        await lab.run("ip", "link", "delete", "dev", "f0");
        for (const name of ["f1", "f-bond"]) await lab.vsctl("del-port", name);
    });

    it("keeps a port whose device is missing with the switch's words; the others work, and an update repairs it", async () => {
        const inputs = { bridge: "sb0", ports: { g0: { tap: {} }, g1: { tag: 5 } } };
        const error: unknown = await plugin.create(SET, "set", inputs).catch((error: unknown) => error);
        const unfinished = unfinishedOf(error);
        assert.match(unfinished?.reasons[0] ?? String(error), /port g1: .*g1 \(No such device\)/);
        assert.ok(Number(await get("Interface", "g0", "ofport")) > 0);
        await lab.run("ip", "link", "add", "name", "g1", "type", "veth", "peer", "name", "g1-cable");
        const made = { id: "sb0", state: unfinished?.state ?? {} };
        made.state = await plugin.update(SET, "set", made, inputs);
        assert.deepEqual(await changes(made, inputs), []);
        await plugin.delete(SET, "set", made);
    });

    it("has the switch hear the next link of a name whose former one somebody deleted", async () => {
        const veth = () => lab.run("ip", "link", "add", "name", "v0", "type", "veth", "peer", "name", "v0-cable");
        const inputs = { bridge: "sb0", ports: { v0: { tag: 5 }, v1: { tap: {} } } };
        await veth();
        const made = await plugin.create(SET, "set", inputs);
        const other = await versionOf("v1");
        await lab.run("ip", "link", "delete", "dev", "v0");
        let gone: ReturnType<typeof unfinishedOf>;
        await eventually(async () => {
            gone = unfinishedOf(await refreshed(made, inputs).catch((error: unknown) => error));
            assert.match(gone?.reasons[0] ?? "", /port v0: its link is gone/);
        });
        await veth();
        await eventually(async () => {
            const error = unfinishedOf(await refreshed(made, inputs).catch((error: unknown) => error));
            assert.match(error?.reasons[0] ?? "", /port v0: the switch holds on to a link of this name/);
        });
        made.state = await plugin.update(SET, "set", { id: "sb0", state: gone?.state ?? {} }, inputs);
        assert.ok((await linkNamed("v0"))?.flags.includes("PROMISC"));
        assert.equal(await versionOf("v1"), other, "the others were not touched");
        assert.deepEqual(await changes(made, inputs), []);
        await plugin.delete(SET, "set", made);
        await lab.run("ip", "link", "delete", "dev", "v0");
    });

    it("leaves no meter of a port whose limit is taken off, though somebody had removed its flow", async () => {
        const inputs = { bridge: "sb0", ports: { u0: { type: "internal" } } };
        const limited = { bridge: "sb0", ports: { u0: { type: "internal", ingress: { rate: "10Mbit" } } } };
        const made = await plugin.create(SET, "set", limited);
        await lab.run("ovs-ofctl", "-OOpenFlow13", "del-flows", "sb0", "table=0");
        made.state = await plugin.update(SET, "set", made, inputs);
        assert.doesNotMatch(await lab.run("ovs-ofctl", "-OOpenFlow13", "dump-meters", "sb0"), /rate=10000/);
        assert.deepEqual(await changes(made, inputs), []);
        await plugin.delete(SET, "set", made);
    });

    it("leaves no meter of a port that somebody unplugged when it goes, with or without the port", async () => {
        const meters = () => lab.run("ovs-ofctl", "-OOpenFlow13", "dump-meters", "sb0");
        const inputs = { bridge: "sb0", ports: { u0: { type: "internal", ingress: { rate: "10Mbit" } } } };
        const made = await plugin.create(SET, "set", inputs);
        await lab.vsctl("del-port", "sb0", "u0");
        assert.match(await meters(), /rate=10000/);
        made.state = await plugin.update(SET, "set", made, { bridge: "sb0", ports: {} });
        assert.doesNotMatch(await meters(), /rate=/);
        made.state = await plugin.update(SET, "set", made, inputs);
        await lab.vsctl("del-port", "sb0", "u0");
        await plugin.delete(SET, "set", made);
        assert.doesNotMatch(await meters(), /rate=/);
    });

    it("needs its bridge and the QoS that it names", async () => {
        await assert.rejects(
            plugin.create(SET, "set", { bridge: "nosb", ports: { h0: { tap: {} } } }),
            /no OVS bridge nosb/,
        );
        await assert.rejects(
            plugin.create(SET, "set", { bridge: "sb0", ports: { h0: { tap: {}, qos: "gold" } } }),
            /no QoS gold/,
        );
        assert.equal(await linkNamed("h0"), undefined);
    });

    it("sees that the kernel has lost the QoS of a tap, as when libvirt starts its guest, and puts it back, and only that", async () => {
        const gold = await plugin.create("kvmnet:ovs:Qos", "gold", {
            name: "gold",
            type: "linux-htb",
            maxRate: "50Mbit",
        });
        const inputs = {
            bridge: "sb0",
            ports: { q1: { tap: {}, qos: "gold" }, q2: { tap: {}, qos: "gold" }, q3: { tap: {} } },
        };
        const made = await plugin.create(SET, "set", inputs);
        const shaping = (name: string) => lab.run("tc", "class", "show", "dev", name);
        assert.match(await shaping("q1"), /htb .*ceil 50Mbit/);
        const others = await Promise.all(["q2", "q3"].map(versionOf));
        await lab.run("tc", "qdisc", "replace", "dev", "q1", "root", "noqueue");
        // A refresh may take a list of links that is a second old.
        await setTimeout(1_000);
        const error: unknown = await refreshed(made, inputs).catch((error: unknown) => error);
        const unfinished = unfinishedOf(error);
        assert.match(unfinished?.reasons.join() ?? String(error), /port q1: its QoS is not in force/);
        assert.doesNotMatch(unfinished?.reasons.join() ?? "", /q2|q3/);
        made.state = await plugin.update(SET, "set", { id: "sb0", state: unfinished?.state ?? {} }, inputs);
        assert.match(await shaping("q1"), /htb .*ceil 50Mbit/);
        assert.deepEqual(await Promise.all(["q2", "q3"].map(versionOf)), others);
        await plugin.delete(SET, "set", made);
        await plugin.delete("kvmnet:ovs:Qos", "gold", gold);
    });

    it("leaves no meter at a number that a port no longer has, however it lost it, and the meters of the others", async () => {
        const inputs = (ofportRequest: number): Bag => ({
            bridge: "sb0",
            ports: {
                n0: { type: "internal", ofportRequest: 300, ingress: { rate: "10Mbit" } },
                n1: { type: "internal", ofportRequest, ingress: { rate: "20Mbit" } },
            },
        });
        const meters = async () =>
            [...(await lab.run("ovs-ofctl", "-OOpenFlow13", "dump-meters", "sb0")).matchAll(/meter=(\d+)/g)]
                .map(([, id]) => Number(id) - 65536)
                .sort((a, b) => a - b);
        const made = await plugin.create(SET, "set", inputs(301));
        assert.deepEqual(await meters(), [300, 301]);
        made.state = await plugin.update(SET, "set", made, inputs(302));
        assert.deepEqual(await meters(), [300, 302]);

        await lab.vsctl("set", "Interface", "n1", "ofport_request=303");
        const moved = unfinishedOf(await refreshed(made, inputs(302)).catch((error: unknown) => error));
        assert.match(moved?.reasons[0] ?? "", /flows .* are at the OpenFlow number 302/);
        made.state = await plugin.update(SET, "set", { id: "sb0", state: moved?.state ?? {} }, inputs(303));
        assert.deepEqual(await meters(), [300, 303]);

        await lab.vsctl("del-port", "sb0", "n1");
        made.state = await plugin.update(SET, "set", made, inputs(304));
        assert.deepEqual(await meters(), [300, 304]);
        assert.deepEqual(await changes(made, inputs(304)), []);
        await plugin.delete(SET, "set", made);
        assert.deepEqual(await meters(), []);
    });

    it("renames a tunnel, of which the switch takes no second one that is alike", async () => {
        const tunnel = { type: "vxlan", options: { remoteIp: "192.0.2.7", key: 7 } };
        const made = await plugin.create(SET, "tunnels", {
            bridge: "sb0",
            ports: { t0: tunnel, t9: { type: "internal" } },
        });
        const inputs = { bridge: "sb0", ports: { t1: tunnel } };
        made.state = await plugin.update(SET, "tunnels", made, inputs);
        assert.deepEqual(await portsOf("sb0"), ["t1"]);
        assert.ok(Number(await get("Interface", "t1", "ofport")) > 0);
        assert.deepEqual(await changes(made, inputs), []);
        await plugin.delete(SET, "tunnels", made);
    });

    const places: [what: string, bridge: string, keys: Record<string, number>][] = [
        ["has two tunnels swap their places", "sb0", { p0: 2, p1: 1 }],
        ["gives a new tunnel the place of one that changes", "sb0", { p0: 3, p1: 1, p2: 2 }],
        ["moves its tunnels to another bridge", "sb1", { p0: 1, p1: 2 }],
    ];
    for (const [what, bridge, keys] of places)
        it(what, async () => {
            const tunnel = (key: number) => ({ type: "vxlan", options: { remoteIp: "192.0.2.7", key } });
            const made = await plugin.create(SET, "places", { bridge: "sb0", ports: { p0: tunnel(1), p1: tunnel(2) } });
            const ports = Object.fromEntries(Object.entries(keys).map(([name, key]) => [name, tunnel(key)]));
            made.state = await plugin.update(SET, "places", made, { bridge, ports });
            assert.deepEqual(await changes(made, { bridge, ports }), []);
            await plugin.delete(SET, "places", made);
        });

    it("gives internal ports that no longer ask for an MTU the smallest of the bridge", async () => {
        const inputs = (mtuRequest?: number): Bag => {
            const port = { type: "internal", ...(mtuRequest !== undefined && { mtuRequest }) };
            return { bridge: "sb0", ports: { mt0: port, mt1: port } };
        };
        const mtus = async () => [(await linkNamed("mt0"))?.mtu, (await linkNamed("mt1"))?.mtu];
        const made = await plugin.create(SET, "mtus", inputs(1300));
        await eventually(async () => assert.deepEqual(await mtus(), [1300, 1300]));
        made.state = await plugin.update(SET, "mtus", made, inputs());
        assert.deepEqual(await changes(made, inputs()), []);
        await eventually(async () => assert.deepEqual(await mtus(), [1500, 1500]));
        await plugin.delete(SET, "mtus", made);
    });

    it("sets an internal port up again that somebody set down, with another VLAN", async () => {
        const inputs = (tag: number): Bag => ({ bridge: "sb0", ports: { mgmt: { type: "internal", tag } } });
        const made = await plugin.create(SET, "internal", inputs(5));
        await lab.run("ip", "link", "set", "dev", "mgmt", "down");
        made.state = await plugin.update(SET, "internal", made, inputs(6));
        assert.equal(await get("Port", "mgmt", "tag"), "6");
        assert.ok((await linkNamed("mgmt"))?.flags.includes("UP"));
        await lab.run("ip", "link", "set", "dev", "mgmt", "down");
        let down: ReturnType<typeof unfinishedOf>;
        await eventually(async () => {
            down = unfinishedOf(await refreshed(made, inputs(6)).catch((error: unknown) => error));
            assert.match(down?.reasons[0] ?? "", /port mgmt: its link is set down/);
        });
        made.state = await plugin.update(SET, "internal", { id: "sb0", state: down?.state ?? {} }, inputs(6));
        assert.ok((await linkNamed("mgmt"))?.flags.includes("UP"));
        await plugin.delete(SET, "internal", made);
    });

    it("waits for a link that the switch is still to make for a run that was killed, and sets it up", async () => {
        const inputs = { bridge: "sb0", ports: { late0: { type: "internal" } } };
        const former = await plugin.create(SET, "late", inputs);
        await plugin.delete(SET, "late", former);
        const pid = (await lab.run("cat", "/run/openvswitch/ovs-vswitchd.pid")).trim();
        await lab.run("kill", "-STOP", pid);
        let creating: Promise<Made>;
        try {
            const mark = `external_ids:kvmnet-owner="${String(former.state.owner)}"`;
            await lab.run(
                ...["ovs-vsctl", "--no-wait", "add-port", "sb0", "late0", "--", "set", "Port", "late0", mark],
                ...["--", "set", "Interface", "late0", "type=internal"],
            );
            creating = plugin.create(SET, "late", inputs);
            await setTimeout(300);
        } finally {
            await lab.run("kill", "-CONT", pid);
        }
        const made = await creating;
        assert.ok((await linkNamed("late0"))?.flags.includes("UP"));
        await plugin.delete(SET, "late", made);
    });

    it("makes a tap in place of a link that the switch made for it", async () => {
        const made = await plugin.create(SET, "swap", { bridge: "sb0", ports: { swap0: { type: "internal" } } });
        const inputs = { bridge: "sb0", ports: { swap0: { tap: {} } } };
        made.state = await plugin.update(SET, "swap", made, inputs);
        assert.equal(await get("Interface", "swap0", "type"), "system");
        assert.deepEqual(await changes(made, inputs), []);
        await plugin.delete(SET, "swap", made);
        assert.equal(await linkNamed("swap0"), undefined);
    });

    it("keeps a port in its mirrors whose tap is made anew, and one whose tap somebody deleted", async () => {
        const inputs = (tap: Bag): Bag => ({ bridge: "sb0", ports: { m0: { tap }, m1: { tap }, m2: { tap: {} } } });
        const made = await plugin.create(SET, "mirrored", inputs({}));
        const selects = {
            ...{ bridge: "sb0", name: "ids", outputPort: "m1" },
            ...{ selectSourcePorts: ["m0", "m2"], selectDestinationPorts: ["m0"] },
        };
        const mirror = await plugin.create(MIRROR, "ids", selects);
        const selected = async () => (await plugin.read(MIRROR, "ids", mirror.id, {}, mirror.state)).state;
        made.state = await plugin.update(SET, "mirrored", made, inputs({ multiQueue: true }));
        assert.deepEqual(await selected(), mirror.state);

        await lab.run("ip", "link", "delete", "dev", "m0");
        made.state = await plugin.update(SET, "mirrored", made, inputs({ multiQueue: true }));
        assert.deepEqual(await selected(), mirror.state);
        assert.deepEqual(await changes(made, inputs({ multiQueue: true })), []);
        await plugin.delete(MIRROR, "ids", mirror);
        await plugin.delete(SET, "mirrored", made);
    });

    it("gives a tap that was to be made anew back, with its port, where another step is refused", async () => {
        const inputs = (tap: Bag, more: Bag = {}): Bag => ({ bridge: "sb0", ports: { b0: { tag: 5, tap }, ...more } });
        const made = await plugin.create(SET, "back", inputs({ mtu: 1400 }));
        const row = await get("Port", "b0", "_uuid");
        const full = ["--", "--id=@full", "create", "Flow_Table", "flow_limit=1", "overflow_policy=refuse"];
        await lab.vsctl(...full, "--", "set", "Bridge", "sb0", "flow_tables:0=@full");
        const limited = { b1: { type: "internal", ingress: { rate: "10Mbit" } } };
        const error: unknown = await plugin
            .update(SET, "back", made, inputs({ mtu: 1400, multiQueue: true }, limited))
            .catch((error: unknown) => error);
        assert.match(unfinishedOf(error)?.reasons.join() ?? String(error), /table is full|TABLE_FULL/i);
        assert.deepEqual(await portsOf("sb0"), ["b0"]);
        assert.equal(await get("Port", "b0", "_uuid"), row);
        assert.deepEqual((await refreshed(made, inputs({ mtu: 1400 }))).state.ports, made.state.ports);
        await lab.vsctl("clear", "Bridge", "sb0", "flow_tables");
        await plugin.delete(SET, "back", made);
    });

    it("makes an internal port in place of one with a tap", async () => {
        const made = await plugin.create(SET, "types", { bridge: "sb0", ports: { y0: { tap: { multiQueue: true } } } });
        const internal = { bridge: "sb0", ports: { y0: { type: "internal" } } };
        made.state = await plugin.update(SET, "types", made, internal);
        assert.deepEqual(await changes(made, internal), []);
        assert.ok((await linkNamed("y0"))?.flags.includes("UP"));
        await plugin.delete(SET, "types", made);
        assert.equal(await linkNamed("y0"), undefined);
    });

    it("has the switch let go of a vhost-user NIC whose socket is to be another, which it takes up once, and of no other", async () => {
        const inputs = (vhostServerPath: string, txRetriesMax: number): Bag => ({
            bridge: "sb0",
            ports: { vh0: { type: "dpdkvhostuserclient", options: { vhostServerPath, txRetriesMax } } },
        });
        // Without DPDK the switch refuses the port, which is kept nevertheless.
        const made = unfinishedOf(
            await plugin.create(SET, "sockets", inputs("/run/vh0", 8)).catch((error: unknown) => error),
        );
        const set = { id: "sb0", state: made?.state ?? {} };
        const row = await get("Port", "vh0", "_uuid");
        const updated = async (want: Bag) => {
            const error: unknown = await plugin.update(SET, "sockets", set, want).catch((error: unknown) => error);
            set.state = unfinishedOf(error)?.state ?? {};
        };
        const letGo = async () =>
            (await lab.run("sh", "-c", "ovsdb-tool -mm show-log /etc/openvswitch/conf.db")).match(/type="?null/g)
                ?.length ?? 0;
        const before = await letGo();
        await updated(inputs("/run/vh0", 16));
        assert.equal(await letGo(), before);
        await updated(inputs("/run/vh1", 16));
        assert.equal(await letGo(), before + 1);
        assert.equal(await get("Interface", "vh0", "type"), "dpdkvhostuserclient");
        assert.equal(await get("Interface", "vh0", "options:vhost-server-path"), '"/run/vh1"');
        assert.equal(await get("Port", "vh0", "_uuid"), row);
        await plugin.delete(SET, "sockets", set);
    });

    it("warns of a patch whose peer is not there yet, and of none whose peer comes with it", async () => {
        const patch = (peer: string) => ({ type: "patch", options: { peer } });
        const told = async (work: () => Promise<unknown>) => {
            engine.logged.length = 0;
            await work();
            return engine.logged.map(
                ({ message }) => /pa: its peer \w+ is not there yet/.exec(message)?.[0] ?? message,
            );
        };
        const alone = { bridge: "sb0", ports: { pa: patch("pb") } };
        const both = { bridge: "sb0", ports: { pa: patch("pb"), pb: patch("pa") } };
        let made: Made | undefined;
        const put = (inputs: Bag) => async () => {
            if (made) made.state = await plugin.update(SET, "patches", made, inputs);
            else made = await plugin.create(SET, "patches", inputs);
        };
        assert.deepEqual(await told(put(alone)), ["pa: its peer pb is not there yet"]);
        assert.deepEqual(await told(put(both)), []);
        await plugin.delete(SET, "patches", made as unknown as Made);
        made = undefined;
        assert.deepEqual(await told(put(both)), []);
        await plugin.delete(SET, "patches", made as unknown as Made);
    });

    it("beside another on the same bridge leaves that one alone", async () => {
        const one = await plugin.create(SET, "one", { bridge: "sb0", ports: { i0: { tap: {} } } });
        const two = await plugin.create(SET, "two", { bridge: "sb0", ports: { i1: { tap: {} } } });
        await assert.rejects(
            plugin.create(SET, "three", { bridge: "sb0", ports: { i1: { tap: {} } } }),
            /not all names of its ports are free/,
        );
        await plugin.delete(SET, "two", two);
        assert.deepEqual(await portsOf("sb0"), ["i0"]);
        await plugin.delete(SET, "one", one);
    });

    it("killed at any moment is finished by the next run, whatever was done", async () => {
        const inputs = {
            bridge: "sb0",
            ports: { j0: { tag: 1, tap: {} }, j1: { tap: {}, ingress: { rate: "1Mbit" } } },
        };
        const next = { bridge: "sb0", ports: { j1: { tag: 2, tap: { multiQueue: true } }, j2: { type: "internal" } } };
        const killed = await killedAtEachMoment(
            lab.host,
            async (doomed) => {
                const made = await doomed.create(SET, "set", inputs);
                const { j0, j1 } = inputs.ports;
                made.state = await doomed.update(SET, "set", made, { ...inputs, ports: { j0: { ...j0, tag: 3 }, j1 } });
                made.state = await doomed.update(SET, "set", made, next);
                await doomed.delete(SET, "set", made);
            },
            async (moment) => {
                const made = await plugin.create(SET, "set", next);
                assert.deepEqual(await changes(made, next), []);
                assert.deepEqual(await portsOf("sb0"), ["j1", "j2"], `killed at moment ${moment}`);
                await plugin.delete(SET, "set", made);
                assert.deepEqual(await portsOf("sb0"), []);
                assert.deepEqual(
                    (await lab.linkNames()).filter((name) => /^j\d$/.test(name)),
                    [],
                );
                assert.doesNotMatch(await lab.run("ovs-ofctl", "-OOpenFlow13", "dump-meters", "sb0"), /rate=/);
            },
        );
        assert.ok(killed > 8, `${killed} moments`);
    });

    it("holds its ports to what is declared after a run that was killed at any moment while it let go of the rest", async () => {
        await plugin.create(BRIDGE, "sb2", { name: "sb2", datapathType: "netdev", failMode: "secure" });
        const [limit, security] = [{ ingress: { rate: "10Mbit" } }, { portSecurity: { mac: "52:54:00:00:00:01" } }];
        const inputs = (...held: Bag[]): Bag => ({
            bridge: "sb2",
            ports: Object.fromEntries(
                held.map((more, index) => [`k${index}`, { type: "internal", ofportRequest: 310 + index, ...more }]),
            ),
        });
        const all = { ...limit, ...security };
        const [held, less] = [inputs(all, all, all, all), inputs({}, limit, security, all)];
        const ofctl = (command: string) => lab.run("ovs-ofctl", "-OOpenFlow13", "--no-names", command, "sb2");
        /** The tables and numbers at which flows stand, and the numbers of the meters. */
        const standing = async () => {
            const [flows, meters] = [await ofctl("dump-flows"), await ofctl("dump-meters")];
            const at = [...flows.matchAll(/table=(\d+),.*in_port=(\d+)/g)].map(([, ...at]) => at.join(":"));
            const metered = [...meters.matchAll(/meter=(\d+)/g)].map(([, id]) => `m:${Number(id) - 65536}`);
            return [...new Set([...at, ...metered])].sort().join(" ");
        };
        const notes = async () =>
            [...(await lab.vsctl("list", "Port")).matchAll(/kvmnet-(ingress|security)=/g)]
                .map(([, kind]) => kind)
                .sort()
                .join(" ");
        const made = await plugin.create(SET, "less", held);
        const killed = await killedAtEachMoment(
            lab.host,
            async (doomed) => void (await doomed.update(SET, "less", made, less)),
            async (moment) => {
                const state = await plugin.update(SET, "less", made, less);
                const what = `killed at moment ${moment}`;
                assert.equal(await standing(), "0:311 0:312 0:313 5:312 5:313 m:311 m:313", what);
                assert.equal(await notes(), "ingress ingress security security", what);
                assert.deepEqual(await changes({ ...made, state }, less), []);
                made.state = await plugin.update(SET, "less", { ...made, state }, held);
            },
        );
        assert.ok(killed > 3, `${killed} moments`);
        await plugin.delete(SET, "less", made);
        assert.equal(await standing(), "");
    });

    it("is judged by check, port by port", async () => {
        const { failures } = await plugin.check(SET, {
            bridge: "sb0",
            ports: {
                "nineteen-bytes-long": { tap: {} },
                a: { tag: 0 },
                b: { type: "internal", tap: {} },
                c: { tap: {}, mtuRequest: 1400 },
                d: { vlanMode: "trunk", tag: 7 },
                e: { tap: { uid: -1 } },
                f: { tagg: 7 },
                sb0: { type: "internal", tag: 7 },
                g: { type: "patch", options: { peer: "g" } },
                lo: {},
            },
        });
        assert.deepEqual(Object.keys(failures).sort(), [
            "ports.a.tag",
            "ports.b.tap",
            "ports.c.mtuRequest",
            "ports.d.tag",
            "ports.e.tap.uid",
            "ports.f.tagg",
            "ports.g.options.peer",
            "ports.lo",
            "ports.nineteen-bytes-long",
            "ports.sb0",
        ]);
        const { failures: twice } = await plugin.check(SET, { bridge: "sb0", ports: {} });
        assert.deepEqual(twice, {});
    });
});
