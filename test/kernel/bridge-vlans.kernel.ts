import assert from "node:assert/strict";
import type { Bag } from "../../provider/wire";
import { FakeEngine } from "../provider/fake-engine";
import { Plugin, unfinishedOf, type Made } from "../provider/plugin";
import { eventually } from "../support/eventually";
import { run, runJson } from "../support/kernel-guest";
import { assertWithin, linkOf, type LinkHost } from "../support/link-life";
import { moveIn, reaches } from "../support/namespace-guests";

const [BRIDGE, PORT, VETH] = ["kvmnet:host:Bridge", "kvmnet:host:BridgePort", "kvmnet:host:Veth"];

interface Vlans {
    ifname: string;
    vlans: { vlan: number; vlanEnd?: number; flags?: string[] }[];
}

describe("VLANs of a Linux bridge", function () {
    this.timeout(600_000);
    const engine = new FakeEngine();
    let plugin: Plugin;
    const host = (): LinkHost => ({ plugin, engine, run });
    /** What bridge(8) shows of a port: `10 PVID Egress Untagged`, `20-29`. */
    const vlansOf = async (port: string) =>
        (await runJson<Vlans[]>("bridge", "-json", "-compressvlans", "vlan", "show"))
            .find(({ ifname }) => ifname === port)
            ?.vlans.map(({ vlan, vlanEnd, flags = [] }) =>
                [vlanEnd ? `${vlan}-${vlanEnd}` : vlan, ...flags].join(" "),
            ) ?? [];

    before(async () => (plugin = await Plugin.start("local", await engine.start())));
    after(async () => {
        await plugin?.stop();
        engine.stop();
    });

    describe("a bridge that filters", () => {
        const inputs: Bag = { name: "vf0", vlanFiltering: true };
        let made: Made;
        it("filters from its first moment, with the kernel's VLAN 1 for whoever says nothing", async () => {
            made = await plugin.create(BRIDGE, "vf", inputs);
            assertWithin(await linkOf(host(), "vf0"), {
                linkinfo: { info_data: { vlan_filtering: 1, vlan_default_pvid: 1 } },
            });
            assert.deepEqual(await vlansOf("vf0"), ["1 PVID Egress Untagged"]);
            assertWithin(made.state, inputs);
            assert.deepEqual(await plugin.create(BRIDGE, "vf", inputs), made, "twice is once");
        });

        it("takes part in VLANs by its own port, changed live", async () => {
            const own = { ...inputs, tagged: ["10", "20-29"], pvid: 5 };
            made.state = await plugin.update(BRIDGE, "vf", made, own);
            assert.deepEqual(await vlansOf("vf0"), ["5 PVID Egress Untagged", "10", "20-29"]);
            assertWithin(made.state, own);
            made.state = await plugin.update(BRIDGE, "vf", made, { ...own, tagged: ["11"] });
            assert.deepEqual(await vlansOf("vf0"), ["5 PVID Egress Untagged", "11"]);
            made.state = await plugin.update(BRIDGE, "vf", made, inputs);
            assert.deepEqual(await vlansOf("vf0"), ["1 PVID Egress Untagged"]);
        });

        it("changes its default VLAN while it filters, and to none", async () => {
            made.state = await plugin.update(BRIDGE, "vf", made, { ...inputs, defaultPvid: 7 });
            assert.deepEqual(await vlansOf("vf0"), ["7 PVID Egress Untagged"]);
            made.state = await plugin.update(BRIDGE, "vf", made, { ...inputs, defaultPvid: 0 });
            assert.deepEqual([await vlansOf("vf0"), made.state.defaultPvid], [[], 0]);
            const wanted = (await plugin.check(BRIDGE, { ...inputs, defaultPvid: 0 })).inputs;
            assert.deepEqual((await plugin.diff(BRIDGE, { ...made.state, ...wanted }, wanted)).diffsList, []);
            made.state = await plugin.update(BRIDGE, "vf", made, inputs);
            assert.deepEqual(await vlansOf("vf0"), ["1 PVID Egress Untagged"]);
        });

        it("whose VLANs were changed by hand shows it to a refresh, and gets them back", async () => {
            await run("bridge", ..."vlan add dev vf0 vid 99 self".split(" "));
            const wanted = { ...(await plugin.check(BRIDGE, inputs)).inputs, mac: made.state.mac as string };
            await eventually(async () => {
                const { state } = await plugin.read(BRIDGE, "vf", "vf0", inputs, made.state);
                assert.deepEqual((await plugin.diff(BRIDGE, state, wanted)).diffsList.sort(), ["pvid", "tagged"]);
            });
            made.state = await plugin.update(BRIDGE, "vf", made, inputs);
            assert.deepEqual(await vlansOf("vf0"), ["1 PVID Egress Untagged"]);
        });

        it("tells that somebody has it filter by service tags, and filters by 802.1Q again", async () => {
            const protocol = (name: string) =>
                run("ip", ..."link set dev vf0 type bridge vlan_protocol".split(" "), name);
            await protocol("802.1ad");
            await eventually(async () => {
                const read = await plugin
                    .read(BRIDGE, "vf", "vf0", inputs, made.state)
                    .catch((error: unknown) => error);
                assert.match(
                    unfinishedOf(read)?.reasons.join() ?? "",
                    /vf0: it filters VLANs by service tags \(802.1ad\)/,
                );
            });
            made.state = await plugin.update(BRIDGE, "vf", made, inputs);
            assertWithin(await linkOf(host(), "vf0"), { linkinfo: { info_data: { vlan_protocol: "802.1Q" } } });
            assert.deepEqual(await vlansOf("vf0"), ["1 PVID Egress Untagged"]);
        });

        it("stops and begins to filter live, with its VLANs", async () => {
            made.state = await plugin.update(BRIDGE, "vf", made, { name: "vf0" });
            assertWithin(await linkOf(host(), "vf0"), { linkinfo: { info_data: { vlan_filtering: 0 } } });
            made.state = await plugin.update(BRIDGE, "vf", made, { ...inputs, defaultPvid: 3, tagged: [4] });
            assert.deepEqual(await vlansOf("vf0"), ["4"]);
            assertWithin(await linkOf(host(), "vf0"), { linkinfo: { info_data: { vlan_default_pvid: 3 } } });
            await plugin.delete(BRIDGE, "vf", made);
        });

        it("made by hand is imported with its VLANs: the next preview is empty", async () => {
            await run("ip", ..."link add name vh0 type bridge vlan_filtering 1 vlan_default_pvid 9".split(" "));
            await run("ip", ..."link set dev vh0 up".split(" "));
            await run("bridge", ..."vlan add dev vh0 vid 30-35 self".split(" "));
            const seen = await plugin.read(BRIDGE, "vh", "vh0");
            assertWithin(seen.inputs, { vlanFiltering: true, defaultPvid: 9, pvid: 9, tagged: ["30-35"] });
            const { inputs: checked, failures } = await plugin.check(BRIDGE, seen.inputs);
            assert.deepEqual(failures, {});
            assert.deepEqual((await plugin.diff(BRIDGE, seen.state, checked)).diffsList, []);
            await run("ip", ..."link delete dev vh0".split(" "));
        });
    });

    describe("a port of it", () => {
        const WIRE: Bag = { name: "pa0", bridge: "vp0" };
        let [bridge, wire]: Made[] = [];
        before(async () => {
            bridge = await plugin.create(BRIDGE, "vp", { name: "vp0", vlanFiltering: true });
            wire = await plugin.create(VETH, "pa", { name: "pa0", peer: "pa1" });
        });
        after(async () => {
            await plugin.delete(VETH, "pa", wire as Made);
            await plugin.delete(BRIDGE, "vp", bridge as Made);
        });

        const shapes: [what: string, vlans: Bag, seen: string[]][] = [
            ["an access port", { pvid: 10 }, ["10 PVID Egress Untagged"]],
            ["a trunk", { tagged: ["10", "20-29"] }, ["10", "20-29"]],
            ["a trunk with a native VLAN", { pvid: 5, tagged: ["10-12"] }, ["5 PVID Egress Untagged", "10-12"]],
            ["a pvid that leaves with its tag", { pvid: 5, tagged: ["5-6"] }, ["5 PVID", "6"]],
            [
                "several VLANs untagged",
                { pvid: 5, untagged: ["5-7"] },
                ["5 PVID Egress Untagged", "6-7 Egress Untagged"],
            ],
            ["every VLAN there is", { tagged: ["1-4094"] }, ["1-4094"]],
        ];
        for (const [what, vlans, seen] of shapes)
            it(`is ${what}, from the start and live`, async () => {
                const inputs = { ...WIRE, ...vlans };
                const made = await plugin.create(PORT, "p", inputs);
                assert.deepEqual(await vlansOf("pa0"), seen);
                assertWithin(made.state, inputs);
                await plugin.delete(PORT, "p", made);
                const plain = await plugin.create(PORT, "p", WIRE);
                assert.deepEqual(await vlansOf("pa0"), ["1 PVID Egress Untagged"]);
                assert.deepEqual((await plugin.diff(PORT, plain.state, inputs)).replacesList, []);
                plain.state = await plugin.update(PORT, "p", plain, inputs);
                assert.deepEqual(await vlansOf("pa0"), seen);
                const read = await plugin.read(PORT, "p", "pa0", inputs, plain.state);
                assert.deepEqual(read.state, plain.state);
                const imported = await plugin.read(PORT, "p", "pa0");
                assert.deepEqual(imported.inputs, inputs, "an import tells the same");
                plain.state = await plugin.update(PORT, "p", plain, WIRE);
                assert.deepEqual(await vlansOf("pa0"), ["1 PVID Egress Untagged"], "and back to what the kernel has");
                await plugin.delete(PORT, "p", plain);
            });

        it("changed by hand shows it to a refresh, and gets it back", async () => {
            const inputs = { ...WIRE, pvid: 10 };
            const made = await plugin.create(PORT, "p", inputs);
            await run("bridge", ..."vlan add dev pa0 vid 666".split(" "));
            await eventually(async () => {
                const { state } = await plugin.read(PORT, "p", "pa0", inputs, made.state);
                assert.deepEqual((await plugin.diff(PORT, state, inputs)).diffsList, ["tagged"]);
            });
            await plugin.update(PORT, "p", made, inputs);
            assert.deepEqual(await vlansOf("pa0"), ["10 PVID Egress Untagged"]);
            await plugin.delete(PORT, "p", made);
        });

        it("of a bridge with another default makes no difference where nothing is said", async () => {
            const other = await plugin.create(BRIDGE, "vq", { name: "vq0", vlanFiltering: true, defaultPvid: 8 });
            const inputs = { name: "pa0", bridge: "vq0" };
            const made = await plugin.create(PORT, "p", inputs);
            assert.deepEqual(await vlansOf("pa0"), ["8 PVID Egress Untagged"]);
            assert.deepEqual((await plugin.diff(PORT, made.state, inputs)).diffsList, []);
            await plugin.delete(PORT, "p", made);
            await plugin.delete(BRIDGE, "vq", other);
        });
    });

    describe("another default of a bridge", () => {
        const DECLARED: Record<string, Bag> = {
            pd0: {},
            pd1: { pvid: 1 },
            pd2: { pvid: 20 },
            pd3: { tagged: ["1", "30"] },
        };
        const FILTERS: Bag = { name: "vd0", vlanFiltering: true };
        const ports = Object.keys(DECLARED);
        const made = new Map<string, Made>();
        let bridge: Made;
        const tables = async () =>
            Object.fromEntries(await Promise.all(ports.map(async (port) => [port, await vlansOf(port)] as const)));
        /** What they carry where only the first follows the default. */
        const standing = (...first: string[]) => ({
            pd0: first,
            pd1: ["1 PVID Egress Untagged"],
            pd2: ["20 PVID Egress Untagged"],
            pd3: ["1", "30"],
        });
        before(async () => {
            bridge = await plugin.create(BRIDGE, "vd", FILTERS);
            for (const name of ports) {
                made.set(`${VETH} ${name}`, await plugin.create(VETH, name, { name, peer: `${name}-in` }));
                made.set(
                    `${PORT} ${name}`,
                    await plugin.create(PORT, name, { name, bridge: "vd0", ...DECLARED[name] }),
                );
            }
        });
        after(async () => {
            for (const [key, one] of [...made].reverse()) {
                const [type = "", name = ""] = key.split(" ");
                await plugin.delete(type, name, one);
            }
            await plugin.delete(BRIDGE, "vd", bridge);
        });
        const become = async (inputs: Bag) => (bridge.state = await plugin.update(BRIDGE, "vd", bridge, inputs));

        const changes: [what: string, inputs: Bag, first: string[]][] = [
            ["another", { ...FILTERS, defaultPvid: 7 }, ["7 PVID Egress Untagged"]],
            ["one that a port declares", { ...FILTERS, defaultPvid: 20 }, ["20 PVID Egress Untagged"]],
            ["the kernel's again", FILTERS, ["1 PVID Egress Untagged"]],
            ["none", { ...FILTERS, defaultPvid: 0 }, []],
            ["one where there was none", { ...FILTERS, defaultPvid: 30 }, ["30 PVID Egress Untagged"]],
            ["none that counts, for it filters no more", { name: "vd0" }, ["1 PVID Egress Untagged"]],
            ["none, when it filters again", { ...FILTERS, defaultPvid: 0 }, []],
        ];
        for (const [what, inputs, first] of changes)
            it(`is for the ports that declare no VLANs: ${what}`, async () => {
                await become(inputs);
                assert.deepEqual(await tables(), standing(...first));
            });

        it("leaves what somebody has given a port by hand", async () => {
            await run("bridge", ..."vlan add dev pd0 vid 99 pvid untagged".split(" "));
            await become(FILTERS);
            assert.deepEqual(await vlansOf("pd0"), ["99 PVID Egress Untagged"]);
            await run("bridge", ..."vlan del dev pd0 vid 99".split(" "));
            await run("bridge", ..."vlan add dev pd0 vid 1 pvid untagged".split(" "));
        });
    });

    describe("guests on it", () => {
        const made: [type: string, name: string, Made][] = [];
        const make = async (type: string, name: string, inputs: Bag) =>
            made.push([type, name, await plugin.create(type, name, inputs)]);
        /** Guests as network namespaces, each with an address: two in VLAN 10, one in VLAN 20, one on a trunk of both. */
        const guests: [guest: string, address: string, vlans: Bag][] = [
            ["ga", "192.0.2.1/24", { pvid: 10 }],
            ["gb", "192.0.2.2/24", { pvid: 10 }],
            ["gc", "192.0.2.3/24", { pvid: 20 }],
            ["gt", "192.0.2.4/24", { tagged: ["10", "20"] }],
        ];
        before(async () => {
            await make(BRIDGE, "vg", { name: "vg0", vlanFiltering: true });
            for (const [guest, address, vlans] of guests) {
                await make(VETH, guest, { name: guest, peer: `${guest}-in` });
                await make(PORT, guest, { name: guest, bridge: "vg0", ...vlans });
                await moveIn(guest, address, guest === "gt" ? 10 : undefined);
            }
        });
        after(async () => {
            for (const [type, name, one] of made.reverse()) await plugin.delete(type, name, one);
            for (const [guest] of guests) await run("ip", "netns", "delete", guest);
        });

        it("of one VLAN reach each other, tagged or not, and none of another VLAN", async () => {
            assert.ok(await reaches("ga", "192.0.2.2"));
            assert.ok(await reaches("ga", "192.0.2.4"), "the trunk, with a tag");
            assert.ok(!(await reaches("ga", "192.0.2.3")));
        });

        it("that are isolated do not reach each other, and others do", async () => {
            for (const guest of ["ga", "gb"]) {
                const port = made.find(([type, name]) => type === PORT && name === guest)?.[2] as Made;
                port.state = await plugin.update(PORT, guest, port, {
                    name: guest,
                    bridge: "vg0",
                    pvid: 10,
                    isolated: true,
                });
            }
            assert.ok(!(await reaches("ga", "192.0.2.2")));
            assert.ok(await reaches("ga", "192.0.2.4"));
        });
    });
});
