import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { status, type ServiceError } from "@grpc/grpc-js";
import type { Bag } from "../../provider/wire";
import { labPaths } from "../../schemas/lab-paths";
import { FakeEngine } from "../provider/fake-engine";
import { Plugin, type Made } from "../provider/plugin";
import { eventually } from "../support/eventually";
import { labName } from "../support/labs";
import { argv } from "../support/object-life";
import { Operator, standing, workingOn } from "../support/operator";
import { ProviderLab } from "./provider-lab";

const CHECKED = { checked: true };
const CONTROLLER = { bridge: "br7", target: "tcp:127.0.0.1:6653", connectionMode: "out-of-band" };
/** A switch that a test makes for itself. */
const SWITCH = { name: "br7", datapathType: "netdev", failMode: "standalone" };

describe("the connection of who works on a host", function () {
    this.timeout(300_000);
    const lab = new ProviderLab(labName("operator"));
    const engine = new FakeEngine();
    let plugin: Plugin;
    let operator: Operator;
    let leave: () => Promise<void>;
    const ip = (line: string) => lab.run("ip", ...argv(line));
    const everything = () => standing((...words) => lab.run(...words));

    /** Refused in these words, and the host is as it was. */
    const refused = async (work: () => Promise<unknown>, ...says: RegExp[]) => {
        const before = await everything();
        await assert.rejects(work(), (error: ServiceError) => {
            // What an update was to change is there, and is told as unfinished.
            assert([status.FAILED_PRECONDITION, status.UNKNOWN].includes(error.code), error.details);
            for (const words of says) assert.match(error.details, words);
            return true;
        });
        assert.equal(await everything(), before);
        assert(await operator.answers());
    };
    /** What the plugin knows of connections may be a second old. */
    const known = () => new Promise((resolve) => setTimeout(resolve, 1_100));
    const create = (kind: string, name: string, inputs: Bag) => plugin.create(`kvmnet:${kind}`, name, inputs);
    /** A program declares a plug once; here several resources would have the same. */
    const plug = (name: string, link: string) =>
        plugin.create("kvmnet:ovs:Port", name, { name: link, bridge: "br-ovs", type: "system" }, CHECKED);
    const warnings = () =>
        engine.logged.map(({ message }) => message).filter((text) => text.includes("SSH connection"));
    const remove = (kind: string, name: string, made: Made) => plugin.delete(`kvmnet:${kind}`, name, made);
    /** Of the one thing whose former values are noted. */
    const rewriteNotes = (rewritten: (former: Bag) => Bag) => {
        const folder = join(labPaths(lab.name).hostState, "journal");
        const [file = "", ...others] = readdirSync(folder);
        assert.deepEqual(others, []);
        const entry = JSON.parse(readFileSync(join(folder, file), "utf8")) as { former: Bag };
        writeFileSync(join(folder, file), JSON.stringify({ ...entry, former: rewritten(entry.former) }));
    };

    before(async () => {
        await lab.up();
        ({ operator, leave } = await workingOn(lab.name, lab.run.bind(lab)));
        await ip("link add name br9 address 52:54:00:00:00:09 type bridge");
        await ip("link set dev br9 addrgenmode none");
        await ip("link set dev br9 up");
        await lab.vsctl("add-br", "br-ovs", "--", "set", "Bridge", "br-ovs", "datapath_type=netdev");
        plugin = await Plugin.start(lab.host, await engine.start());
    });
    after(async () => {
        await plugin?.stop();
        engine.stop();
        await leave?.();
        await lab.down();
    });

    it("is seen as the kernel has it: the socket says it in IPv6, and the route in IPv4", async () => {
        assert.match(
            await lab.run("ss", "-Htn", "state", "established"),
            /\[::ffff:192\.0\.2\.1\]:22 +\[::ffff:192\.0\.2\.7\]/,
        );
        assert.match(await ip("route get fibmatch 192.0.2.7 from 192.0.2.1"), /^192\.0\.2\.0\/24 dev wan0/);
    });

    it("keeps its link from a bridge", () =>
        refused(
            () => create("host:BridgePort", "port", { name: "wan0", bridge: "br9" }),
            /^bridge port wan0: the SSH connection from 192\.0\.2\.7 to 192\.0\.2\.1 runs over the link wan0, which is to be plugged into the bridge br9; its 192\.0\.2\.1\/24 would stop working there, so nothing was changed\. Set takesOperatorPath: true .*, or use another link\.$/,
        ));

    it("keeps its link from a switch, alone and in a set", async () => {
        await refused(
            () => plug("port", "wan0"),
            /^OVS port wan0: the SSH connection from 192\.0\.2\.7 .* over the link wan0, .* into the bridge br-ovs;/,
        );
        await refused(
            () => plugin.create("kvmnet:ovs:PortSet", "set", { bridge: "br-ovs", ports: { wan0: {} } }, CHECKED),
            /^OVS port set br-ovs: the SSH connection from 192\.0\.2\.7 .* over the link wan0,/,
        );
    });

    it("keeps its link from a macvtap that takes it whole, new or in place of one that does not", async () => {
        const whole = { name: "mvt0", link: "wan0", mode: "passthru" };
        const says =
            /^macvtap mvt0: the SSH connection from 192\.0\.2\.7 to 192\.0\.2\.1 runs over the link wan0, which is to be plugged into the macvtap mvt0; its 192\.0\.2\.1\/24 would stop working there, so nothing was changed\. Set takesOperatorPath: true/;
        await refused(() => create("host:Macvtap", "direct", whole), says);
        const direct = await create("host:Macvtap", "direct", { ...whole, mode: "bridge" });
        assert(await operator.answers());
        await refused(() => create("host:Macvtap", "direct", whole), says);
        await remove("host:Macvtap", "direct", direct);

        await ip("address add 198.51.100.1/24 dev lan0");
        const other = await create("host:Macvtap", "other", { ...whole, link: "lan0" });
        assert.match(
            engine.logged.at(-1)?.message ?? "",
            /Macvtap mvt0: its link lan0 has the address 198\.51\.100\.1, which works no more while it is in the passthru macvtap\. Give it to the guest\./,
        );
        await remove("host:Macvtap", "other", other);
        await ip("address delete 198.51.100.1/24 dev lan0");
    });

    it("keeps the MAC address of its other end, or of the router to that, on its link", async () => {
        const { another, leave } = await byRouter();
        for (const [link, wire, address] of [
            ["wan0", "wan1", "192.0.2.7"],
            ["lan0", "lan1", "198.51.100.7"],
        ] as const) {
            const mac = (await ip(`netns exec operator cat /sys/class/net/${wire}/address`)).trim();
            const wrong = { link, address, mac: "52:54:00:00:00:66" };
            const says = new RegExp(
                `^neighbour ${link}/${address}: the SSH connection from .* goes over ${link} to ${address}, whose MAC address is ${mac} and would be 52:54:00:00:00:66, so nothing was changed\\. Set takesOperatorPath: true`,
            );
            await refused(() => create("host:Neighbor", "neighbor", wrong), says);
            const made = await create("host:Neighbor", "neighbor", { ...wrong, mac });
            await refused(() => plugin.update("kvmnet:host:Neighbor", "neighbor", made, wrong), says);
            await remove("host:Neighbor", "neighbor", made);
            assert(await another.answers());
        }
        const elsewhere = { link: "lan0", address: "192.0.2.7", mac: "52:54:00:00:00:66" };
        await remove("host:Neighbor", "elsewhere", await create("host:Neighbor", "elsewhere", elsewhere));
        await leave();
    });

    it("keeps its other end's address from being the host's own, and is warned where its router's is to be", async () => {
        const { leave } = await byRouter();
        for (const [link, address] of [
            ["wan0", "192.0.2.7/24"],
            ["lan0", "203.0.113.7/32"],
        ] as const)
            await refused(
                () => create("host:Address", "own", { link, address }),
                new RegExp(
                    `^address ${link}/${address}: the SSH connection from ${address.split("/")[0]} to \\S+ comes from this address, which would be the host's own, so nothing was changed\\. Set takesOperatorPath: true`,
                ),
            );
        await remove(
            "host:Address",
            "router",
            await create("host:Address", "router", { link: "br9", address: "198.51.100.7/32" }),
        );
        assert.match(
            warnings().at(-1) ?? "",
            /^the SSH connection from 203\.0\.113\.7 to 203\.0\.113\.1 goes by the router 198\.51\.100\.7, whose address br9 gets: have another way to the host\.$/,
        );
        await leave();
    });

    it("keeps its packets from another way: an address whose network is nearer, and such a route", async () => {
        await refused(
            () => create("host:Address", "address", { link: "lan0", address: "192.0.2.2/28" }),
            /^address lan0\/192\.0\.2\.2\/28: the SSH connection .* goes over wan0 and would be led over lan0 by the route to 192\.0\.2\.0\/28, so nothing/,
        );
        await refused(
            () => create("host:Route", "route", { destination: "192.0.2.7/32", link: "lan0" }),
            /^route 192\.0\.2\.7\/32 table main: the SSH connection .* would be led over lan0/,
        );
    });

    it("keeps its packets from a rule that leads them elsewhere or nowhere, whether it comes, changes or goes", async () => {
        await ip("route add 192.0.2.0/24 dev lan0 table 100");
        await refused(
            () => create("host:Rule", "table", { priority: 100, to: "192.0.2.7/32", table: "100" }),
            /^rule ipv4 priority 100: the SSH connection from 192\.0\.2\.7 to 192\.0\.2\.1 goes over wan0 and would be led over lan0 by the route to 192\.0\.2\.0\/24 of table 100 with this rule, so nothing was changed\. Set takesOperatorPath: true .*, or have the rule be for other packets\.$/,
        );
        await refused(
            () => create("host:Rule", "action", { priority: 100, ipproto: "tcp", sport: "22", action: "prohibit" }),
            /goes over wan0 and would end at the prohibit of the rule at priority 100 with this rule, so nothing/,
        );
        const marked = { priority: 100, fwmark: "1", table: "100" };
        const rule = await create("host:Rule", "rule", marked);
        await refused(
            () => plugin.update("kvmnet:host:Rule", "rule", rule, { ...marked, fwmark: "0/0xff" }),
            /would be led over lan0 by the route to 192\.0\.2\.0\/24 of table 100 with this rule/,
        );
        await remove("host:Rule", "rule", rule);
        const kept = await create("host:Rule", "kept", { priority: 100, from: "192.0.2.1/32", table: "main" });
        await ip("rule add priority 200 unreachable");
        await refused(
            () => remove("host:Rule", "kept", kept),
            /would end at the unreachable of the rule at priority 200 without this rule, so nothing was changed\. Set takesOperatorPath: true on it and run `pulumi up` before/,
        );
        await ip("rule delete priority 200");
        await ip("route flush table 100");
        await remove("host:Rule", "kept", kept);
    });

    it("keeps its packets from a route in a table that a rule asks first, whether it comes, changes or goes", async () => {
        const before = await everything();
        await ip("address add 198.51.100.1/24 dev lan0");
        await ip("address add 2001:db8::1/64 dev wan0 nodad");
        await ip("-n operator address add 2001:db8::7/64 dev wan1 nodad");
        const another = await Operator.connect(lab.name, "operator", "2001:db8::1", 22);
        await known();
        const families = [
            ["-4", "192.0.2.7/32", "0.0.0.0/0"],
            ["-6", "2001:db8::7/128", "::/0"],
        ] as const;
        for (const [family, destination, all] of families) {
            await ip(`${family} rule add priority 90 table 100`);
            const says = (end: string, tail: string) =>
                new RegExp(
                    `^route ${destination} table 100: the SSH connection from .* goes over wan0 and would ${end}, so nothing was changed\\. Set takesOperatorPath: true .*${tail}`,
                );
            const led = `be led over lan0 by the route to ${destination} of table 100 with this route`;
            const first = { destination, table: "100" };
            await refused(
                () => create("host:Route", "first", { ...first, link: "lan0" }),
                says(led, ", or choose another network or table\\.$"),
            );
            const made = await create("host:Route", "first", { ...first, type: "throw" });
            await refused(
                () => plugin.update("kvmnet:host:Route", "first", made, { ...first, link: "lan0" }),
                says(led, ", or choose another"),
            );
            await ip(`${family} route add ${all} dev lan0 table 100`);
            await refused(
                () => remove("host:Route", "first", made),
                says(
                    `be led over lan0 by the route to ${all} of table 100 without this route`,
                    "on it and run `pulumi up` before",
                ),
            );
            await ip(`${family} route delete ${all} dev lan0 table 100`);
            const alike = { ...first, link: "wan0", takesOperatorPath: true };
            made.state = await plugin.update("kvmnet:host:Route", "first", made, alike);
            await remove("host:Route", "first", made);
        }
        await refused(
            () =>
                create("host:Route", "found", {
                    destination: "192.0.2.0/24",
                    table: "100",
                    gateway: "198.51.100.7",
                }),
            /would be led over lan0 by the route to 192\.0\.2\.0\/24 of table 100 with this route/,
        );
        await another.leave();
        for (const [family] of families) await ip(`${family} rule delete priority 90`);
        await ip("address delete 198.51.100.1/24 dev lan0");
        await ip("address delete 2001:db8::1/64 dev wan0");
        await ip("-n operator address delete 2001:db8::7/64 dev wan1");
        await known();
        await eventually(async () => assert.equal(await everything(), before));
    });

    it("keeps its way from changes of one run that do no harm alone, and cut it together: they are taken back", async () => {
        const everywhere = await everything();
        type Change = () => Promise<unknown>;
        const together = async (...works: [Change, Change]) => {
            const before = await everything();
            const ends = await Promise.allSettled(works.map((work) => work()));
            assert.match(await ip("route get fibmatch 192.0.2.7 from 192.0.2.1"), /dev wan0/);
            assert(await operator.answers());
            const refusals = ends.filter((end) => end.status === "rejected").map(({ reason }) => String(reason));
            assert(refusals.length > 0);
            for (const text of refusals)
                assert.match(text, /: .*the SSH connection from 192\.0\.2\.7 .* goes over wan0.* would (end|be led) /);
            if (refusals.length === works.length) assert.equal(await everything(), before);
            return refusals;
        };
        /** What came of it, and goes again. */
        const made: Managed[] = [];
        const makes = (kind: string, name: string, inputs: Bag) => async () =>
            made.push([kind, name, await create(kind, name, inputs)]);
        const leave = async () => {
            for (const one of made.splice(0)) await remove(...one);
        };

        await ip("rule add priority 200 table main");
        const [both] = await together(
            makes("host:Rule", "leap", { priority: 100, goto: 250 }),
            makes("host:Rule", "target", { priority: 250, action: "blackhole" }),
        );
        await leave();
        assert.match(
            both ?? "",
            /with what else changed at the same moment, .* would end at the blackhole of the rule at priority 250, so it was taken back at once\. Have one of the rules/,
        );
        await together(
            makes("host:Rule", "asks", { priority: 100, table: "100" }),
            makes("host:Route", "leads", { destination: "192.0.2.7/32", link: "lan0", table: "100" }),
        );
        await leave();
        await ip("rule delete priority 200");

        await makes("host:Rule", "first", { priority: 100, table: "main" })();
        await makes("host:Rule", "second", { priority: 101, table: "main" })();
        await ip("rule add priority 200 unreachable");
        const [first, second] = made as [Managed, Managed];
        await together(
            () => remove(...first),
            () => remove(...second),
        );
        await ip("rule delete priority 200");
        await leave();
        assert.equal(await everything(), everywhere);
    });

    it("goes on beside rules for other packets, and is warned of one of which it cannot be told; it may end where a rule says so", async () => {
        const [before, told] = [await everything(), warnings()];
        const others: Bag[] = [
            { sport: "2222" },
            { iif: "lan0" },
            { uidRange: "1000-1999" },
            { to: "198.51.100.0/24" },
        ];
        for (const [index, other] of others.entries()) {
            const inputs = { priority: 100 + index, action: "blackhole", ...other };
            await remove("host:Rule", "other", await create("host:Rule", "other", inputs));
        }
        assert.deepEqual(warnings(), told);
        await remove(
            "host:Rule",
            "tos",
            await create("host:Rule", "tos", { priority: 100, tos: 4, action: "blackhole" }),
        );
        assert.match(
            warnings().join(),
            /the SSH connection from 192\.0\.2\.7 to 192\.0\.2\.1 goes over wan0 and may end at the blackhole of the rule at priority 100 with the rule ipv4 priority 100: have another way to the host\.$/,
        );
        const taking = { priority: 100, to: "192.0.2.7/32", action: "blackhole", takesOperatorPath: true };
        const taken = await create("host:Rule", "taken", taking);
        await assert.rejects(ip("route get 192.0.2.7 from 192.0.2.1"));
        const { state } = await plugin.read("kvmnet:host:Rule", "taken", taken.id, {}, taken.state);
        assert.deepEqual(state, taken.state, "a refresh keeps what the host has no place for");
        await remove("host:Rule", "taken", taken);
        assert.equal(await everything(), before);
        assert(await operator.answers());
    });

    it("keeps what lies below the link of its route, and that link itself", async () => {
        await ip("link add name br8 up type bridge");
        await ip("link set dev lan0 master br8");
        await ip("address add 198.51.100.1/24 dev br8");
        await ip("-n operator address add 198.51.100.7/24 dev lan1");
        const another = await Operator.connect(lab.name, "operator", "198.51.100.1", 22);
        await known();
        await refused(
            () => plug("below", "lan0"),
            /from 198\.51\.100\.7 to 198\.51\.100\.1 runs over the link lan0 \(part of its way over br8\)/,
        );
        await refused(
            () => plug("itself", "br8"),
            /runs over the link br8, .*; its 198\.51\.100\.1\/24 would stop working there/,
        );
        await another.leave();
        await ip("-n operator address delete 198.51.100.7/24 dev lan1");
        await ip("link delete dev br8");
    });

    it("keeps the route by which it goes when the address that brings it gets another length", async () => {
        const inputs = { link: "lan0", address: "198.51.100.1/24" };
        const wide = await create("host:Address", "wide", inputs);
        const near = await create("host:Address", "near", { ...inputs, address: "198.51.100.1/25" });
        await ip("-n operator address add 198.51.100.200/24 dev lan1");
        const another = await Operator.connect(lab.name, "operator", "198.51.100.1", 22);
        await known();
        await refused(
            () => remove("host:Address", "wide", wide),
            /^address lan0\/198\.51\.100\.1\/24: the SSH connection from 198\.51\.100\.200 .* goes over lan0 by the route to 198\.51\.100\.0\/24, which goes with this address/,
        );
        assert(await another.answers());
        await another.leave();
        await ip("-n operator address delete 198.51.100.200/24 dev lan1");
        await known();
        await remove("host:Address", "near", near);
        await remove("host:Address", "wide", wide);
    });

    it("may end where the port says that it takes its path; unplugged, the host is as it was", async () => {
        const before = await everything();
        const port = await create("host:BridgePort", "told", { name: "wan0", bridge: "br9", takesOperatorPath: true });
        assert.match(await ip("link show dev wan0"), /master br9/);
        const { state } = await plugin.read("kvmnet:host:BridgePort", "told", port.id, {}, port.state);
        assert.deepEqual(state, port.state, "a refresh keeps what the host has no place for");
        await remove("host:BridgePort", "told", port);
        await eventually(async () => assert.equal(await everything(), before));
        assert(await operator.answers());
    });

    it("goes on while another link is plugged in and has an address and a route", async () => {
        const made = await managed();
        assert(await operator.answers());
        for (const one of made.reverse()) await remove(...one);
        assert(await operator.answers());
    });

    it("keeps the plug, the address and the route that it came to use, until they say that they take it", async () => {
        const before = await everything();
        const made = await managed();
        await ip("-n operator address add 203.0.113.7/24 dev lan1");
        const another = await Operator.connect(lab.name, "operator", "203.0.113.1", 22);
        await known();
        const [port, address] = made as [Managed, Managed, Managed];
        await refused(
            () => remove(...port),
            /^bridge port lan0: the SSH connection from 203\.0\.113\.7 .* over the link lan0 \(part of its way over br9\), which is to be unplugged, so nothing was changed\. Set takesOperatorPath: true on it and run `pulumi up` before/,
        );
        await refused(
            () => remove(...address),
            /^address br9\/203\.0\.113\.1\/24: the SSH connection from 203\.0\.113\.7 to 203\.0\.113\.1 is to this address of br9/,
        );
        assert(await another.answers());
        for (const [kind, name, { id, state }] of made.reverse()) {
            const type = `kvmnet:${kind}`;
            const { inputs: news } = await plugin.check(type, { ...inputsOf(kind), takesOperatorPath: true });
            assert.deepEqual((await plugin.diff(type, state, news)).diffsList, ["takesOperatorPath"]);
            assert.deepEqual((await plugin.diff(type, state, news)).replacesList, []);
            await remove(kind, name, { id, state: await plugin.update(type, name, { id, state }, news) });
        }
        await another.leave();
        await ip("-n operator address delete 203.0.113.7/24 dev lan1");
        await eventually(async () => assert.equal(await everything(), before));
    });

    it("keeps a port that the switch makes, and the VLANs of what it runs over, until they say that they take it", async () => {
        const before = await everything();
        const port = async (name: string, more: Bag): Promise<[string, Made, Bag]> => {
            const inputs = { name, bridge: "br-ovs", ...more };
            return [name, await plugin.create("kvmnet:ovs:Port", name, { type: "system", ...inputs }, CHECKED), inputs];
        };
        const mine = await port("mgmt0", { type: "internal", tag: 7 });
        const uplink = await port("lan0", { vlanMode: "native-untagged", tag: 7, trunks: ["7-9"] });
        const other = await port("other0", { type: "internal", tag: 7 });
        const another = await throughSwitch();
        const change = ([name, made, inputs]: typeof mine, more: Bag) =>
            plugin.update("kvmnet:ovs:Port", name, made, { type: "system", ...inputs, ...more }, CHECKED);
        for (const one of [mine, uplink]) {
            await refused(() => remove("ovs:Port", one[0], one[1]), new RegExp(`over the link ${one[0]}.* unplugged,`));
            await refused(
                () => change(one, { tag: 8 }),
                new RegExp(`over the link ${one[0]}.* is to carry other VLANs`),
            );
        }
        await refused(() => change(uplink, { trunks: ["8-9"] }), /is to carry other VLANs/);
        await refused(() => change(uplink, { interfaces: ["no0", "no1"] }), /over the link lan0.* unplugged,/);
        uplink[1].state = await change(uplink, { trunks: ["7-10"] });
        assert(await another.answers());
        await remove("ovs:Port", other[0], other[1]);
        for (const one of [mine, uplink]) {
            one[1].state = await change(one, { tag: 8, takesOperatorPath: true });
            await remove("ovs:Port", one[0], one[1]);
        }
        await another.leave();
        await ip("-n operator address delete 203.0.113.7/24 dev lan1");
        await eventually(async () => assert.equal(await everything(), before));
    });

    it("keeps such ports of a set", async () => {
        const type = "kvmnet:ovs:PortSet";
        const inputs = { bridge: "br-ovs", ports: { mgmt0: { type: "internal", tag: 7 }, lan0: { tag: 7 } } };
        const set = await plugin.create(type, "kept", inputs, CHECKED);
        const another = await throughSwitch();
        const change = (ports: Bag) => plugin.update(type, "kept", set, { ...inputs, ports }, CHECKED);
        const { mgmt0, lan0 } = inputs.ports;
        await refused(() => change({ lan0 }), /over the link mgmt0, which is to be unplugged/);
        await refused(
            () => change({ mgmt0: { ...mgmt0, tag: 8 }, lan0 }),
            /over the link mgmt0, which is to carry other/,
        );
        await refused(() => change({ mgmt0, lan0: { tag: 8 } }), /over the link lan0 .* which is to carry other VLANs/);
        const patch = { type: "patch", tag: 7, options: { peer: "no0" } };
        await refused(() => change({ mgmt0: patch, lan0 }), /over the link mgmt0, which is to be unplugged/);
        await refused(() => remove("ovs:PortSet", "kept", set), /which is to be unplugged/);
        await another.leave();
        await ip("-n operator address delete 203.0.113.7/24 dev lan1");
        await known();
        await remove("ovs:PortSet", "kept", set);
    });

    it("keeps the VLAN that somebody has given such a port of a set, and that its next change would take", async () => {
        const type = "kvmnet:ovs:PortSet";
        const inputs = { bridge: "br-ovs", ports: { mgmt0: { type: "internal", tag: 7 }, lan0: { tag: 8 } } };
        const set = await plugin.create(type, "moved", inputs, CHECKED);
        await lab.vsctl("set", "Port", "lan0", "tag=7");
        const another = await throughSwitch();
        const ports = { ...inputs.ports, lan0: { tag: 8, protected: true } };
        await refused(
            () => plugin.update(type, "moved", set, { ...inputs, ports }, CHECKED),
            /over the link lan0 .* which is to carry other VLANs/,
        );
        assert(await another.answers());
        await another.leave();
        await ip("-n operator address delete 203.0.113.7/24 dev lan1");
        await known();
        await remove("ovs:PortSet", "moved", set);
    });

    it("keeps such ports of a set that somebody has moved to another bridge", async () => {
        const type = "kvmnet:ovs:PortSet";
        const inputs = { bridge: "br-ovs", ports: { mgmt0: { type: "internal", tag: 7 }, lan0: { tag: 7 } } };
        const set = await plugin.create(type, "away", inputs, CHECKED);
        await lab.vsctl("add-br", "br8", "--", "set", "Bridge", "br8", "datapath_type=netdev");
        const ports = await Promise.all(["mgmt0", "lan0"].map((name) => lab.vsctl("get", "Port", name, "_uuid")));
        for (const uuid of ports.map((text) => text.trim()))
            await lab.vsctl("remove", "Bridge", "br-ovs", "ports", uuid, "--", "add", "Bridge", "br8", "ports", uuid);
        await ip("link set dev mgmt0 up");
        const another = await throughSwitch();
        await refused(
            () => remove("ovs:PortSet", "away", set),
            /over the link (mgmt0|lan0).* which is to be unplugged/,
        );
        const { mgmt0, lan0 } = inputs.ports;
        const change = (next: Bag) => plugin.update(type, "away", set, { ...inputs, ports: next }, CHECKED);
        await refused(
            () => change({ lan0: { ...lan0, takesOperatorPath: true } }),
            /over the link mgmt0, .* unplugged/,
        );
        await refused(
            () => change({ mgmt0: { ...mgmt0, protected: true }, lan0: { ...lan0, takesOperatorPath: true } }),
            /over the link mgmt0, which is to be unplugged/,
        );
        assert(await another.answers());
        await another.leave();
        await ip("-n operator address delete 203.0.113.7/24 dev lan1");
        await known();
        await remove("ovs:PortSet", "away", set);
        await lab.vsctl("del-br", "br8");
    });

    it("keeps the switch that it runs over: from its removal, and from what leaves it without flows", async () => {
        const { made, another, leave } = await overSwitch();
        await refused(
            () => remove("ovs:Bridge", "br7", made),
            /^OVS bridge br7: the SSH connection from 203\.0\.113\.7 .* over the link br7, which is to be removed, so nothing was changed\. Set takesOperatorPath: true on it and run `pulumi up` before/,
        );
        const secure = { ...SWITCH, failMode: "secure" };
        await refused(
            () => plugin.update("kvmnet:ovs:Bridge", "br7", made, secure, CHECKED),
            /^OVS bridge br7: the SSH connection .* over the link br7, whose bridge passes nothing with failMode secure, as it has no flow that passes, so nothing was changed/,
        );
        assert(await another.answers());
        await refused(
            () => plugin.create("kvmnet:ovs:Controller", "first", CONTROLLER, CHECKED),
            /^OVS controller br7\/tcp:127\.0\.0\.1:6653: the SSH connection .* over the link br7, whose bridge loses its flows to a first primary controller and passes nothing until that has put some there, so nothing was changed/,
        );
        await lab.run("ovs-ofctl", "add-flow", "br7", "table=0,priority=5,arp,actions=NORMAL");
        await refused(
            () => plugin.update("kvmnet:ovs:Bridge", "br7", made, secure, CHECKED),
            /^OVS bridge br7: the SSH connection .* runs through it, where what comes in at br7 passes by no flow that stays with failMode secure, so nothing was changed\. `ovs-appctl .*`/,
        );
        await lab.run("ovs-ofctl", "add-flow", "br7", "table=0,priority=5,actions=NORMAL");
        made.state = await plugin.update("kvmnet:ovs:Bridge", "br7", made, secure, CHECKED);
        assert(await another.answers(), "by the flow that somebody gave it");
        const told = { ...CONTROLLER, takesOperatorPath: true };
        const controller = await plugin.create("kvmnet:ovs:Controller", "first", told, CHECKED);
        await lab.run("ovs-ofctl", "add-flow", "br7", "table=0,priority=5,actions=NORMAL");
        controller.state = await plugin.update("kvmnet:ovs:Controller", "first", controller, CONTROLLER, CHECKED);
        await refused(
            () => remove("ovs:Controller", "first", controller),
            /over the link br7, whose bridge loses its flows with its last primary controller and passes nothing with failMode secure, so nothing was changed\. Set takesOperatorPath: true on it and/,
        );
        controller.state = await plugin.update("kvmnet:ovs:Controller", "first", controller, told, CHECKED);
        await remove("ovs:Controller", "first", controller);
        await leave();
    });

    it("keeps its switch from segmenting in userspace, with which its links stop until a restart", async () => {
        const { another, leave } = await overSwitch();
        const settings = { userspaceTsoEnable: true };
        await refused(
            () => plugin.create("kvmnet:ovs:Settings", "settings", settings, CHECKED),
            /^settings of Open vSwitch: the SSH connection from 203\.0\.113\.7 .* over the link (br7|lan0).*, which passes nothing from then on until ovs-vswitchd is restarted, so nothing was changed\. Set takesOperatorPath: true/,
        );
        assert(await another.answers());
        const other = await plugin.create("kvmnet:ovs:Settings", "settings", { maxIdle: 9000 }, CHECKED);
        await refused(
            () => plugin.update("kvmnet:ovs:Settings", "settings", other, { maxIdle: 9000, ...settings }, CHECKED),
            /which passes nothing from then on/,
        );
        await remove("ovs:Settings", "settings", other);
        // As where that stood in the database before it was switched off.
        const off = { userspaceTsoEnable: false };
        const kept = await plugin.create("kvmnet:ovs:Settings", "settings", off, CHECKED);
        rewriteNotes((former) => ({ ...former, "userspace-tso-enable": "true" }));
        await refused(
            () => remove("ovs:Settings", "settings", kept),
            /which passes nothing from then on until ovs-vswitchd is restarted, so nothing was changed\. Set takesOperatorPath: true on it and run/,
        );
        await refused(
            () => plugin.update("kvmnet:ovs:Settings", "settings", kept, { maxIdle: 9000 }, CHECKED),
            /which passes nothing from then on/,
        );
        rewriteNotes((former) => ({ ...former, "userspace-tso-enable": null }));
        await remove("ovs:Settings", "settings", kept);
        await leave();
    });

    it("keeps its packets through the flows of its switch, and takes back at once what drops them", async () => {
        const { made, plugged, port, another, leave } = await overSwitch();
        const dump = () => lab.run("ovs-ofctl", "-OOpenFlow15", "--no-stats", "dump-flows", "br7");
        const takenBack = async (work: () => Promise<unknown>, ...says: RegExp[]) => {
            const flows = await dump();
            await refused(
                work,
                /^O\S+ \S+ \S+: the SSH connection from 203\.0\.113\.7 to 203\.0\.113\.1 runs through/,
                ...says,
            );
            assert.equal(await dump(), flows);
            assert(await another.answers());
        };
        const sets = (flows: string[], more: Bag = {}) => ({ bridge: "br7", cookie: "0x7", flows, ...more });
        const NORMAL = "table=10,priority=0,actions=NORMAL";
        const DROPS: [string[], RegExp][] = [
            [["table=10,priority=0,actions=drop"], /what comes in at br7 no longer reached lan0, so it was taken back/],
            [
                [NORMAL, "table=10,priority=9,tcp,tp_dst=22,actions=drop"],
                /comes in at lan0 no longer reached br7,.*tcp,/,
            ],
            [[NORMAL, "table=10,priority=9,arp,actions=drop"], /comes in at lan0 no longer reached br7,.*arp,/],
        ];
        for (const [flows, says] of DROPS)
            await takenBack(
                () => plugin.create("kvmnet:ovs:Flows", "drops", sets(flows), CHECKED),
                says,
                /takesOperatorPath: true/,
            );
        const passes = [NORMAL, "table=10,priority=9,tcp,tp_dst=23,actions=drop"];
        const flows = await plugin.create("kvmnet:ovs:Flows", "flows", sets(passes), CHECKED);
        for (const [drops, says] of DROPS)
            await takenBack(() => plugin.update("kvmnet:ovs:Flows", "flows", flows, sets(drops), CHECKED), says);
        made.state = await plugin.update("kvmnet:ovs:Bridge", "br7", made, { ...SWITCH, failMode: "secure" }, CHECKED);
        const secured = { ...plugged, takesOperatorPath: false, portSecurity: { mac: "52:54:00:00:00:07" } };
        await takenBack(() => plugin.update("kvmnet:ovs:Port", "lan0", port, secured, CHECKED), /comes in at lan0/);
        await takenBack(() => remove("ovs:Flows", "flows", flows), /comes in at br7/);
        const told = sets(["table=10,priority=0,actions=drop"], { takesOperatorPath: true });
        flows.state = await plugin.update("kvmnet:ovs:Flows", "flows", flows, told, CHECKED);
        await leave(() => remove("ovs:Flows", "flows", flows));
    });

    it("keeps what each end asks for the other's MAC address, in IPv4 and in IPv6", async () => {
        const { another, leave } = await overSwitch();
        await ip("address add 2001:db8:7::1/64 dev br7 nodad");
        await ip("-n operator address add 2001:db8:7::7/64 dev lan1 nodad");
        const sixth = await Operator.connect(lab.name, "operator", "2001:db8:7::1", 22);
        await known();
        for (const match of ["arp,arp_op=1", "arp,arp_op=2", "icmp6,icmpv6_type=135", "icmp6,icmpv6_type=136"]) {
            const flows = ["table=10,priority=0,actions=NORMAL", `table=10,priority=9,${match},actions=drop`];
            const [protocol = "", which = ""] = match.split(",");
            await refused(
                () => plugin.create("kvmnet:ovs:Flows", "drops", { bridge: "br7", cookie: "0x7", flows }, CHECKED),
                new RegExp(`comes in at \\w+ no longer reached .*taken back at once.*,${protocol},.*${which},`),
            );
            assert((await another.answers()) && (await sixth.answers()));
        }
        await sixth.leave();
        await ip("-n operator address delete 2001:db8:7::7/64 dev lan1");
        await leave();
    });

    it("keeps a link of ours that it runs over by an address of somebody else's, and where that leads", async () => {
        const before = await everything();
        await ip("address add 198.51.100.1/24 dev lan0");
        await ip("-n operator address add 198.51.100.7/24 dev lan1");
        await ip("-n operator link add name vx1 type vxlan id 7 dstport 4789 remote 198.51.100.1 dev lan1");
        await ip("-n operator address add 203.0.113.7/24 dev vx1");
        await ip("-n operator link set dev vx1 up");
        const inputs = { name: "vx0", vni: 7, remote: "198.51.100.7", link: "lan0" };
        const made = await create("host:Vxlan", "tunnel", inputs);
        await ip("address add 203.0.113.1/24 dev vx0");
        const another = await Operator.connect(lab.name, "operator", "203.0.113.1", 22);
        await known();
        await refused(
            () => remove("host:Vxlan", "tunnel", made),
            /^VXLAN link vx0: the SSH connection from 203\.0\.113\.7 to 203\.0\.113\.1 runs over the link vx0, which is to be removed, so nothing was changed\. Set takesOperatorPath: true on it and run `pulumi up` before/,
        );
        const change = (more: Bag) => plugin.update("kvmnet:host:Vxlan", "tunnel", made, { ...inputs, ...more });
        await refused(
            () => change({ remote: "198.51.100.8" }),
            /^VXLAN link vx0: the SSH connection from 203\.0\.113\.7 .* over the link vx0, which is to lead elsewhere, so nothing was changed\. Set takesOperatorPath: true if/,
        );
        made.state = await change({ mtu: 1400 });
        made.state = await change({ mtu: 1400, takesOperatorPath: true });
        const { state } = await plugin.read("kvmnet:host:Vxlan", "tunnel", made.id, {}, made.state);
        assert.deepEqual(state, made.state, "a refresh keeps what the host has no place for");
        assert(await another.answers());
        await remove("host:Vxlan", "tunnel", made);
        await another.leave();
        await ip("-n operator link delete dev vx1");
        await ip("-n operator address delete 198.51.100.7/24 dev lan1");
        await ip("address delete 198.51.100.1/24 dev lan0");
        await known();
        await eventually(async () => assert.equal(await everything(), before));
    });

    it("keeps a bridge and a wire of ours that it runs over", async () => {
        const before = await everything();
        const veth = await create("host:Veth", "veth", { name: "ve0", peer: "ve1" });
        const bridge = await create("host:Bridge", "bridge", { name: "br8" });
        await ip("link set dev ve1 netns operator");
        await ip("-n operator link set dev ve1 up");
        await ip("link set dev ve0 master br8");
        await ip("address add 203.0.113.1/24 dev br8");
        await ip("-n operator address add 203.0.113.7/24 dev ve1");
        const another = await Operator.connect(lab.name, "operator", "203.0.113.1", 22);
        await known();
        await refused(
            () => remove("host:Veth", "veth", veth),
            /^veth pair ve0: .* over the link ve0 \(part of its way over br8\), which is to be removed/,
        );
        await refused(
            () => remove("host:Bridge", "bridge", bridge),
            /^Linux bridge br8: .* over the link br8, which is to be removed/,
        );
        assert(await another.answers());
        await another.leave();
        await ip("-n operator address delete 203.0.113.7/24 dev ve1");
        await known();
        await remove("host:Veth", "veth", veth);
        await remove("host:Bridge", "bridge", bridge);
        await eventually(async () => assert.equal(await everything(), before));
    });

    it("keeps the link by which the outer packets of its tunnel leave", async () => {
        const before = await everything();
        await ip("address add 198.51.100.1/24 dev lan0");
        await ip("-n operator address add 198.51.100.7/24 dev lan1");
        await ip("-n operator link add name vx1 type vxlan id 7 dstport 4789 remote 198.51.100.1 dev lan1");
        await ip("-n operator address add 203.0.113.7/24 dev vx1");
        await ip("-n operator link set dev vx1 up");
        for (const by of ["", "dev lan0"]) {
            const tunnel = `type vxlan id 7 dstport 4789 remote 198.51.100.7 ${by}`.trim();
            await ip(`link add name vx0 up address 52:54:00:00:00:70 ${tunnel}`);
            await ip("address add 203.0.113.1/24 dev vx0");
            const another = await Operator.connect(lab.name, "operator", "203.0.113.1", 22);
            await known();
            await refused(
                () => create("host:BridgePort", "below", { name: "lan0", bridge: "br9" }),
                /^bridge port lan0: the SSH connection from 203\.0\.113\.7 to 203\.0\.113\.1 runs over the link lan0 \(part of its way over vx0\), which is to be plugged into/,
            );
            assert(await another.answers());
            await another.leave();
            await ip("link delete dev vx0");
        }
        await ip("-n operator link delete dev vx1");
        await ip("-n operator address delete 198.51.100.7/24 dev lan1");
        await ip("address delete 198.51.100.1/24 dev lan0");
        await known();
        await eventually(async () => assert.equal(await everything(), before));
    });

    it("keeps its link where the route to it names a nexthop object alone", async () => {
        const compat = (value: string) => lab.run("sysctl", "-qw", `net.ipv4.nexthop_compat_mode=${value}`);
        const { another, leave } = await byRouter();
        await ip("nexthop add id 7 via 198.51.100.7 dev lan0");
        await ip("route replace 203.0.113.7/32 nhid 7");
        await compat("0");
        await known();
        await refused(
            () => create("host:BridgePort", "object", { name: "lan0", bridge: "br9" }),
            /^bridge port lan0: the SSH connection from 203\.0\.113\.7 .* runs over the link lan0, which is to be plugged into/,
        );
        await refused(
            () => create("host:Rule", "ends", { priority: 100, to: "203.0.113.7/32", action: "blackhole" }),
            /goes over lan0 and would end at the blackhole of the rule at priority 100 with this rule/,
        );
        const harmless = { priority: 100, to: "203.0.113.7/32", table: "main" };
        await remove("host:Rule", "main", await create("host:Rule", "main", harmless));
        assert(await another.answers());
        await compat("1");
        await ip("route delete 203.0.113.7/32");
        await ip("nexthop delete id 7");
        await leave();
    });

    it("keeps IPv6 of its link, where it goes by that", async () => {
        const before = await everything();
        const key = (link: string) => `net.ipv6.conf.${link}.disable_ipv6`;
        const inputs = (link: string, value: string, more: Bag = {}) => ({ key: key(link), value, ...more });
        await lab.run("sysctl", "-qw", `${key("lan0")}=1`);
        const on = await create("host:Sysctl", "on", inputs("lan0", "0"));
        await ip("address add 2001:db8::1/64 dev lan0 nodad");
        await ip("-n operator address add 2001:db8::7/64 dev lan1 nodad");
        const another = await Operator.connect(lab.name, "operator", "2001:db8::1", 22);
        await known();
        const says =
            /^sysctl net\.ipv6\.conf\.\w+\.disable_ipv6: the SSH connection from 2001:db8::7 to 2001:db8::1 goes over lan0, which is to lose IPv6 and its addresses, so nothing was changed\. Set takesOperatorPath: true/;
        await refused(() => create("host:Sysctl", "all", inputs("all", "1")), says);
        await refused(() => plugin.update("kvmnet:host:Sysctl", "on", on, inputs("lan0", "1")), says);
        await refused(() => remove("host:Sysctl", "on", on), says, /run `pulumi up` before it is removed/);
        const other = await create("host:Sysctl", "other", inputs("wan0", "1"));
        await remove("host:Sysctl", "other", other);
        assert(await another.answers());
        const told = inputs("lan0", "0", { takesOperatorPath: true });
        on.state = await plugin.update("kvmnet:host:Sysctl", "on", on, told);
        await remove("host:Sysctl", "on", on);
        await another.leave();
        await ip("-n operator address delete 2001:db8::7/64 dev lan1");
        await lab.run("sysctl", "-qw", `${key("lan0")}=0`);
        await eventually(async () => assert.equal(await everything(), before));
    });

    it("keeps IPv6 of its link from an MTU that is too small for it, which is warned of where it runs elsewhere", async () => {
        const before = await everything();
        await ip("address add 2001:db8::1/64 dev lan0 nodad");
        await ip("-n operator address add 2001:db8::7/64 dev lan1 nodad");
        const another = await Operator.connect(lab.name, "operator", "2001:db8::1", 22);
        await known();
        const inputs = (mtu: number, more: Bag = {}) => ({ name: "lan0", mtu, ...more });
        const says =
            /^link tuning lan0: the SSH connection from 2001:db8::7 to 2001:db8::1 goes over lan0, which loses IPv6 when lan0 has an MTU of 1279 byte, as that takes at least 1280, so nothing was changed\. Set takesOperatorPath: true/;
        await refused(() => create("host:Link", "small", inputs(1279)), says);
        const small = await create("host:Link", "small", inputs(1280));
        await refused(() => plugin.update("kvmnet:host:Link", "small", small, inputs(1279)), says);
        assert(await another.answers());
        await another.leave();
        await remove("host:Link", "small", small);
        await known();
        const other = await create("host:Link", "other", inputs(1279));
        assert.match(
            engine.logged.map(({ message }) => message).join("\n"),
            /^lan0 loses its address 2001:db8::1\/64 for good: with an MTU of 1279 byte the kernel takes IPv6 from it, which needs 1280\.$/m,
        );
        await remove("host:Link", "other", other);
        await ip("-n operator address delete 2001:db8::7/64 dev lan1");
        await eventually(async () => assert.equal(await everything(), before));
    });

    it("keeps the last of two addresses that go at the same moment, by which it goes", async () => {
        const before = await everything();
        await ip("address add 10.9.9.9/32 dev lo");
        const own = await create("host:Address", "own", { link: "lan0", address: "10.77.0.3/24" });
        const more = await create("host:Address", "more", { link: "lan0", address: "10.77.0.4/24" });
        await ip("-n operator address add 10.77.0.7/24 dev lan1");
        await ip("-n operator route add 10.9.9.9/32 via 10.77.0.3");
        const another = await Operator.connect(lab.name, "operator", "10.9.9.9", 22);
        await known();
        const ends = await Promise.allSettled([
            remove("host:Address", "own", own),
            remove("host:Address", "more", more),
        ]);
        const refusals = ends.flatMap((end) => (end.status === "rejected" ? [String(end.reason)] : []));
        assert.match(
            refusals.join("\n"),
            /with what else changed at the same moment, .* from 10\.77\.0\.7 to 10\.9\.9\.9, which goes over lan0, would find no route, so it was taken back at once/,
        );
        assert(await another.answers());
        await another.leave();
        await known();
        for (const [name, made] of [
            ["own", own],
            ["more", more],
        ] as const)
            await remove("host:Address", name, made);
        await ip("-n operator route delete 10.9.9.9/32");
        await ip("-n operator address delete 10.77.0.7/24 dev lan1");
        await ip("address delete 10.9.9.9/32 dev lo");
        await eventually(async () => assert.equal(await everything(), before));
    });

    it("keeps IPv6 of its link from the former MTU of a tuning that goes, where that is too small for it", async () => {
        const before = await everything();
        await ip("link set dev lan0 mtu 1200");
        const large = await create("host:Link", "large", { name: "lan0", mtu: 1500 });
        await ip("address add 2001:db8::1/64 dev lan0 nodad");
        await ip("-n operator address add 2001:db8::7/64 dev lan1 nodad");
        const another = await Operator.connect(lab.name, "operator", "2001:db8::1", 22);
        await known();
        await refused(
            () => remove("host:Link", "large", large),
            /goes over lan0, which loses IPv6 when lan0 has an MTU of 1200 byte/,
            /run `pulumi up` before it is removed/,
        );
        await refused(
            () => plugin.update("kvmnet:host:Link", "large", large, { name: "lan0", txQueueLength: 900 }),
            /has an MTU of 1200 byte/,
        );
        const told = { name: "lan0", mtu: 1500, takesOperatorPath: true };
        large.state = await plugin.update("kvmnet:host:Link", "large", large, told);
        assert(await another.answers());
        await remove("host:Link", "large", large);
        await another.leave();
        await ip("-n operator address delete 2001:db8::7/64 dev lan1");
        await ip("link set dev lan0 mtu 1500");
        await eventually(async () => assert.equal(await everything(), before));
    });

    it("keeps the default route that a router advertised, which goes when the host forwards", async () => {
        const before = await everything();
        await ip("address add 2001:db8:7::1/64 dev lan0 nodad");
        await ip("-n operator address add 2001:db8:7::7/64 dev lan1 nodad");
        await ip("-n operator link set dev lo up");
        await ip("-n operator address add 2001:db8:9::7/128 dev lo");
        await ip("-n operator route add 2001:db8:7::1/128 dev lan1 src 2001:db8:9::7");
        await ip("-6 route add default via 2001:db8:7::7 dev lan0 proto ra");
        const another = await Operator.connect(lab.name, "operator", "2001:db8:7::1", 22);
        await known();
        const own = "net.ipv6.conf.lan0.accept_ra";
        await lab.run("sysctl", "-qw", `${own}=1`);
        const inputs = (key: string, more: Bag = {}) => ({
            key: `net.ipv6.conf.${key}.forwarding`,
            value: "1",
            ...more,
        });
        // Of a link that has lost IPv6 the host still has the connection, whose other end nobody told that it is over.
        for (const key of ["all", "wan0"])
            await refused(
                () => create("host:Sysctl", "forwards", inputs(key)),
                new RegExp(
                    `^sysctl net\\.ipv6\\.conf\\.${key}\\.forwarding: the SSH connection from 2001:db8:\\S+ to 2001:db8:\\S+ goes over lan0 by a default route that a router advertised, which the kernel removes when it forwards, so nothing was changed\\. Set net\\.ipv6\\.conf\\.lan0\\.accept_ra to 2 first, by a Sysctl that this one depends on, or takesOperatorPath: true`,
                ),
            );
        const told = inputs("wan0", { takesOperatorPath: true });
        await remove("host:Sysctl", "told", await create("host:Sysctl", "told", told));
        await lab.run("sysctl", "-qw", `${own}=2`);
        await remove("host:Sysctl", "forwards", await create("host:Sysctl", "forwards", inputs("wan0")));
        assert(await another.answers());
        await another.leave();
        await lab.run("sysctl", "-qw", `${own}=1`);
        await ip("-6 route delete default dev lan0");
        await ip("-n operator address delete 2001:db8:9::7/128 dev lo");
        await ip("-n operator address delete 2001:db8:7::7/64 dev lan1");
        await ip("address delete 2001:db8:7::1/64 dev lan0");
        await known();
        await eventually(async () => assert.equal(await everything(), before));
    });

    it("is not known where nobody is connected: the default route's link is plugged in, with a caution", async () => {
        await operator.leave();
        await ip("route add default via 192.0.2.7");
        await known();
        await remove(
            "host:BridgePort",
            "free",
            await create("host:BridgePort", "free", { name: "wan0", bridge: "br9" }),
        );
        assert(
            engine.logged.some(({ message }) => message.startsWith("wan0 carries the default route of lab ")),
            JSON.stringify(engine.logged),
        );
    });

    /** A connection through a switch that is the plugin's; it goes, with what a test has made there, and the host is as it was. */
    async function overSwitch() {
        const before = await everything();
        const made = await plugin.create("kvmnet:ovs:Bridge", "br7", SWITCH, CHECKED);
        const plugged = { name: "lan0", bridge: "br7", type: "system", takesOperatorPath: true };
        const port = await plugin.create("kvmnet:ovs:Port", "lan0", plugged, CHECKED);
        const another = await throughSwitch("br7");
        const leave = async (removesRest: () => Promise<unknown> = () => Promise.resolve()) => {
            await another.leave();
            await ip("-n operator address delete 203.0.113.7/24 dev lan1");
            await removesRest();
            const leaving = { ...SWITCH, failMode: "secure", takesOperatorPath: true };
            made.state = await plugin.update("kvmnet:ovs:Bridge", "br7", made, leaving, CHECKED);
            await known();
            await remove("ovs:Port", "lan0", port);
            await remove("ovs:Bridge", "br7", made);
            await eventually(async () => assert.equal(await everything(), before));
        };
        return { made, plugged, port, another, leave };
    }

    /** A connection over lan0 and a link of a switch's own, which are there. */
    async function throughSwitch(own = "mgmt0"): Promise<Operator> {
        // On the userspace datapath the kernel hears what comes in at lan0, too, and leaves the checksums of a veth open.
        await lab.run("sysctl", "-qw", "net.ipv4.conf.lan0.arp_ignore=1");
        await ip("netns exec operator ethtool -K lan1 tx off");
        await ip(`address add 203.0.113.1/24 dev ${own}`);
        await ip("-n operator address add 203.0.113.7/24 dev lan1");
        const another = await Operator.connect(lab.name, "operator", "203.0.113.1", 22);
        assert(await another.answers());
        await known();
        return another;
    }

    /** A connection over lan0 by a router, between addresses of the two loopbacks; it goes with them. */
    async function byRouter() {
        const before = await everything();
        await ip("address add 198.51.100.1/24 dev lan0");
        await ip("-n operator address add 198.51.100.7/24 dev lan1");
        await ip("address add 203.0.113.1/32 dev lo");
        await ip("-n operator link set dev lo up");
        await ip("-n operator address add 203.0.113.7/32 dev lo");
        await ip("route add 203.0.113.7/32 via 198.51.100.7");
        await ip("-n operator route add 203.0.113.1/32 via 198.51.100.1 src 203.0.113.7");
        const another = await Operator.connect(lab.name, "operator", "203.0.113.1", 22);
        assert(await another.answers());
        await known();
        const leave = async () => {
            await another.leave();
            await ip("-n operator address delete 203.0.113.7/32 dev lo");
            await ip("-n operator address delete 198.51.100.7/24 dev lan1");
            await ip("address delete 203.0.113.1/32 dev lo");
            await ip("address delete 198.51.100.1/24 dev lan0");
            await known();
            await eventually(async () => assert.equal(await everything(), before));
        };
        return { another, leave };
    }

    type Managed = [kind: string, name: string, made: Made];

    const inputsOf = (kind: string): Bag =>
        ({
            "host:BridgePort": { name: "lan0", bridge: "br9" },
            "host:Address": { link: "br9", address: "203.0.113.1/24" },
            "host:Route": { destination: "0.0.0.0/0", gateway: "203.0.113.7", metric: 10 },
        })[kind] ?? {};

    /** What a management network is made of, in the order in which it is made. */
    async function managed(): Promise<Managed[]> {
        const made: Managed[] = [];
        for (const kind of ["host:BridgePort", "host:Address", "host:Route"])
            made.push([kind, kind, await create(kind, kind, inputsOf(kind))]);
        return made;
    }
});
