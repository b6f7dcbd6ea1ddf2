import assert from "node:assert/strict";
import type { Bag } from "../../provider/wire";
import { Plugin } from "../provider/plugin";
import { eventually } from "../support/eventually";
import { labName } from "../support/labs";
import { FaultLab } from "./support/fault-lab";
import { assertSound } from "./support/invariants";
import { BRIDGE_PORT, LINUX_BRIDGE, OVS_BRIDGE, OVS_PORT, PORT_SET, TAP } from "./support/kind-names";
import { Stack, type Program } from "./support/stack";
import { foreign, look, rowNamed, values } from "./support/world";

/** The kernel and Open vSwitch take them; a shell, a reader of options and one of quotes each take one of them for more. */
const HOSTILE = ["x;id", "-x", "$(id)", `"'\\`, "*", "a,b"];
const [OURS, THEIRS] = ["br-h", "theirs"];
const [OUR_BRIDGE, THEIR_BRIDGE] = ["lb-h", "lb-theirs"];
const SWITCHES = [OURS, THEIRS];
const BRIDGES = [OUR_BRIDGE, THEIR_BRIDGE];
const PLACES = [...SWITCHES, ...BRIDGES];
/** In each place all of them are plugged, under names of its own, beside one that is as usual. */
const hostile = (place: string) => HOSTILE.map((name) => `${name}${PLACES.indexOf(place)}`);
const calm = (place: string) => `calm-${place}`;
const guests = (place: string) => [...hostile(place), calm(place)];
/** As a message names it. */
const shown = (name: string) => (/^[\w-]+$/.test(name) ? name : JSON.stringify(name));

const declared = (tag: number, more: Bag = {}): Program => ({
    switch: { type: OVS_BRIDGE, inputs: { name: OURS, datapathType: "netdev", ...more } },
    port: {
        type: OVS_PORT,
        inputs: { name: "p0", bridge: OURS, type: "internal", tag, ingress: { rate: `${tag}Mbit` } },
        needs: ["switch"],
    },
    set: { type: PORT_SET, inputs: { bridge: OURS, ports: { s0: { tag, tap: { mtu: 1500 } } } }, needs: ["switch"] },
    bridge: { type: LINUX_BRIDGE, inputs: { name: OUR_BRIDGE, mtu: 1500 - tag } },
    tap: { type: TAP, inputs: { name: "t0" } },
    plug: {
        type: BRIDGE_PORT,
        inputs: { name: "t0", bridge: OUR_BRIDGE, isolated: tag > 5 },
        needs: ["bridge", "tap"],
    },
});

describe("ports of others whose names are hostile", function () {
    this.timeout(300_000);
    const lab = new FaultLab(labName("names"));
    let plugin: Plugin;
    let stack: Stack;
    let program = declared(5);
    let theirs: Map<string, string>;

    before(async () => {
        await lab.up();
        await lab.vsctl("add-br", THEIRS, "--", "set", "Bridge", THEIRS, "datapath_type=netdev");
        await lab.run("ip", "link", "add", "name", THEIR_BRIDGE, "type", "bridge");
        plugin = await Plugin.start(lab.host);
        stack = new Stack(plugin);
        assert.deepEqual([...(await stack.up(plugin, program))], []);
        for (const place of PLACES)
            for (const [index, name] of guests(place).entries()) {
                const end = `e${index}-${place}`;
                await lab.run("ip", "link", "add", "name", name, "type", "veth", "peer", "name", end);
                for (const one of [name, end]) await lab.run("ip", "link", "set", "dev", one, "up");
                if (BRIDGES.includes(place)) await lab.run("ip", "link", "set", "dev", name, "master", place);
            }
        for (const bridge of SWITCHES) await plugged(bridge, guests(bridge));
        theirs = foreign(await look(lab));
    });
    after(async () => {
        await plugin?.stop();
        await lab.down();
    });

    /** `ovs-vsctl` would take some of the names for options. */
    async function changed(...operations: object[]): Promise<void> {
        const bump = { op: "mutate", table: "Open_vSwitch", where: [], mutations: [["next_cfg", "+=", 1]] };
        const results = (await lab.query(...operations, bump)) as ({ error?: string } | null)[];
        assert.deepEqual(
            results.filter((one) => one?.error !== undefined),
            [],
        );
    }
    const ofBridge = (bridge: string, mutation: "insert" | "delete", ports: unknown[]) => ({
        op: "mutate",
        table: "Bridge",
        where: [["name", "==", bridge]],
        mutations: [["ports", mutation, ["set", ports]]],
    });

    /** Comes back when the switch has taken all of them in. */
    async function plugged(bridge: string, names: string[]): Promise<void> {
        await changed(
            ...names.flatMap((name, at) => [
                { op: "insert", table: "Interface", "uuid-name": `i${at}`, row: { name } },
                {
                    op: "insert",
                    table: "Port",
                    "uuid-name": `p${at}`,
                    row: { name, interfaces: ["named-uuid", `i${at}`] },
                },
            ]),
            ofBridge(
                bridge,
                "insert",
                names.map((_, at) => ["named-uuid", `p${at}`]),
            ),
        );
        await eventually(async () => {
            const world = await look(lab);
            for (const name of names)
                assert.ok(Number(values(rowNamed(world, "Interface", name)?.ofport)[0]) > 0, name);
        });
    }

    it("are told by the functions that read a host, letter by letter", async () => {
        // What a plugin has read of a host serves its functions for a second.
        const fresh = await Plugin.start(lab.host);
        const { links } = await fresh.invoke("kvmnet:host:getLinks");
        const { bridges } = await fresh.invoke("kvmnet:ovs:getOvs");
        await fresh.stop();
        const named = new Map((links as Bag[]).map((link) => [link.name, link]));
        for (const place of PLACES)
            for (const name of guests(place)) {
                const { kind, owner, master } = named.get(name) ?? {};
                const holder = BRIDGES.includes(place) ? place : undefined;
                assert.deepEqual([kind, owner, master], ["veth", undefined, holder], name);
            }
        const portsOf = (bridge: string) =>
            (bridges as Bag[])
                .filter(({ name }) => name === bridge)
                .flatMap(({ ports }) => ports as Bag[])
                .filter(({ owner }) => owner === undefined)
                .map(({ name, ofport }) => [name, typeof ofport]);
        for (const bridge of SWITCHES)
            assert.deepEqual(
                portsOf(bridge).sort(),
                guests(bridge)
                    .map((name) => [name, "number"])
                    .sort(),
            );
    });

    it("stay out of an import of all ports of a bridge, and are refused where they are named", async () => {
        for (const bridge of SWITCHES) {
            const { state } = await plugin.read(PORT_SET, "all", `${bridge}/all`);
            assert.deepEqual(Object.keys(state.ports as Bag), [calm(bridge)]);
            for (const name of hostile(bridge)) {
                const named = plugin.read(PORT_SET, "one", `${bridge}/${name}`);
                await assert.rejects(named, /its id is not BRIDGE|there is no such port/, name);
                await assert.rejects(plugin.read(OVS_PORT, "one", name), /its id is not a name of an interface/, name);
            }
        }
        await assertSound(lab, stack, program, theirs, "after imports");
    });

    it("are left as they are by a run that changes all of ours beside them, and by a refresh", async () => {
        program = declared(6, { failMode: "secure", mcastSnooping: true });
        assert.deepEqual([...(await stack.up(plugin, program))], []);
        await assertSound(lab, stack, program, theirs, "after a change beside them");
        await stack.refresh(plugin);
        assert.deepEqual(await stack.differing(program), []);
        program = declared(7);
        assert.deepEqual([...(await stack.up(plugin, program))], []);
        await assertSound(lab, stack, program, theirs, "after a second change beside them");
    });

    it("keep the bridges that hold them, which says their names; without them these go", async () => {
        const errors = await stack.up(plugin, {});
        assert.deepEqual([...errors.keys()].sort(), ["bridge", "switch"]);
        for (const [name, place] of [
            ["switch", OURS],
            ["bridge", OUR_BRIDGE],
        ] as const) {
            const { message = "" } = errors.get(name) ?? {};
            assert.match(message, /it holds ports that this stack did not make \(.*\), so it is not removed/);
            for (const guest of guests(place)) assert.ok(message.includes(shown(guest)), `${message} names ${guest}`);
        }
        const { switch: ours, bridge } = program;
        program = { switch: ours as Program[string], bridge: bridge as Program[string] };
        await assertSound(lab, stack, program, theirs, "after a removal that was refused");

        const world = await look(lab);
        await changed(
            ofBridge(
                OURS,
                "delete",
                guests(OURS).map((name) => rowNamed(world, "Port", name)?._uuid),
            ),
        );
        for (const name of guests(OUR_BRIDGE)) await lab.run("ip", "link", "set", "dev", name, "nomaster");
        const unplugged = foreign(await look(lab));
        assert.deepEqual([...(await stack.up(plugin, {}))], []);
        await assertSound(lab, stack, {}, unplugged, "after all of ours are gone");
    });
});
