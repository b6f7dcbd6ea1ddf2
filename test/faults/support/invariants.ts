/** What holds after every fault and one more run: declared = switch database = kernel, and nothing else of ours anywhere. */
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { labPaths } from "../../../schemas/lab-paths";
import { VlanList } from "../../../schemas/units";
import { vlanRange } from "../../../schemas/vlan-range";
import type { Bag } from "../../../provider/wire";
import type { FaultLab } from "./fault-lab";
import type { Program, Stack } from "./stack";
import { foreign, keyed, look, marks, rowNamed, uuids, values, type SeenLink, type World } from "./world";

export const OVS_BRIDGE = "kvmnet:ovs:Bridge";
export const OVS_PORT = "kvmnet:ovs:Port";
export const PORT_SET = "kvmnet:ovs:PortSet";
export const LINUX_BRIDGE = "kvmnet:host:Bridge";
export const BRIDGE_PORT = "kvmnet:host:BridgePort";
export const TAP = "kvmnet:host:Tap";
/** Kinds of which one resource is several things of the host. */
const SEVERAL = [PORT_SET, "kvmnet:host:Veth", "kvmnet:ovs:Qos"];

/** What our own eyes see of a resource, under the names of its inputs; a key that is not here is not judged. */
const SEEN: Readonly<Record<string, (world: World, name: string, inputs: Bag, owner: string) => Bag>> = {
    [TAP]: (world, name) => {
        const link = world.links.get(name);
        const data = link?.linkinfo?.info_data ?? {};
        return {
            ...linkSeen(link),
            kind: data.type === "tap" ? "tap" : "none",
            multiQueue: data.multi_queue === true,
            mtu: link?.mtu ?? 0,
        };
    },
    [LINUX_BRIDGE]: (world, name) => {
        const link = world.links.get(name);
        return {
            ...linkSeen(link),
            kind: link?.linkinfo?.info_kind ?? "none",
            mtu: link?.mtu ?? 0,
            stp: link?.linkinfo?.info_data?.stp_state === 1,
            ...(link?.address ? { mac: link.address } : {}),
        };
    },
    [BRIDGE_PORT]: (world, name) => ({ bridge: world.links.get(name)?.master ?? "" }),
    [OVS_BRIDGE]: (world, name) => {
        const row = rowNamed(world, "Bridge", name);
        return {
            ...rowSeen(row),
            up: world.links.get(name)?.flags.includes("UP") === true,
            datapathType: String(row?.datapath_type ?? ""),
            failMode: String(values(row?.fail_mode)[0] ?? "standalone"),
            mac: keyed(row?.other_config, "hwaddr") ?? "",
            works: works(world, name),
        };
    },
    [OVS_PORT]: (world, name) => {
        const row = rowNamed(world, "Port", name);
        const holder = world.rows("Bridge").find(({ ports }) => JSON.stringify(ports).includes(row?._uuid[1] ?? "-"));
        return {
            ...rowSeen(row),
            bridge: String(holder?.name ?? ""),
            type: String(rowNamed(world, "Interface", name)?.type || "system"),
            vlanMode: String(values(row?.vlan_mode)[0] ?? ""),
            tag: Number(values(row?.tag)[0] ?? 0),
            trunks: JSON.stringify(values(row?.trunks)),
            up: world.links.get(name)?.flags.includes("UP") === true,
            works: works(world, name),
        };
    },
    [PORT_SET]: (world, _, { bridge }, owner) => {
        const onBridge = uuids(rowNamed(world, "Bridge", String(bridge))?.ports);
        const names = world
            .rows("Port")
            .filter(({ external_ids: ids }) => keyed(ids, "kvmnet-owner") === owner)
            .map(({ _uuid, name }) => (onBridge.includes(_uuid[1]) ? String(name) : `${String(name)} elsewhere`));
        return { ports: JSON.stringify(names.sort().map((name) => portSeen(world, name))) };
    },
};

/** A port of a set with its tap, in one line. */
function portSeen(world: World, name: string): string {
    const row = rowNamed(world, "Port", name);
    const tag = Number(values(row?.tag)[0] ?? 0);
    return `${name} tag ${tag} trunks ${values(row?.trunks).length} mtu ${world.links.get(name)?.mtu} ${works(world, name)}`;
}

const portDeclared = ([name, port]: [string, Bag]): string =>
    `${name} tag ${Number(port.tag ?? 0)} trunks ${trunksOf(port).length} mtu ${String((port.tap as Bag | undefined)?.mtu)} yes`;

/** What is as it is unless declared otherwise. */
const USUAL: Readonly<Record<string, Bag>> = {
    [TAP]: { kind: "tap", up: true, mtu: 1500, multiQueue: false },
    [LINUX_BRIDGE]: { kind: "bridge", up: true, mtu: 1500, stp: false },
    [BRIDGE_PORT]: {},
    [OVS_BRIDGE]: { failMode: "standalone", up: true, works: "yes" },
    [OVS_PORT]: { type: "system", vlanMode: "", tag: 0, trunks: "[]", up: true, works: "yes" },
};

const linkSeen = (link: SeenLink | undefined): Bag => ({
    owner: link?.ifalias ?? "",
    up: link?.flags.includes("UP") === true,
});
const rowSeen = (row: Record<string, unknown> | undefined): Bag => ({
    owner: keyed(row?.external_ids, "kvmnet-owner") ?? "",
});

/** Whether the switch has the device: the database says "done" also for one that is missing. */
function works(world: World, name: string): string {
    const row = rowNamed(world, "Interface", name);
    const error = values(row?.error)[0];
    if (typeof error === "string" && error !== "") return error;
    return Number(values(row?.ofport)[0] ?? 0) > 0 ? "yes" : "no port number";
}

/**
 * Judges a host and a stack by the program that was run last.
 *
 * @param theirs what others have there, as `foreign` told it before the faults
 * @param what   for messages: what had happened
 * @param beside owner marks of other stacks on the host
 */
export async function assertSound(
    lab: FaultLab,
    stack: Stack,
    program: Program,
    theirs: ReadonlyMap<string, string>,
    what: string,
    beside: Iterable<string> = [],
): Promise<void> {
    const world = await look(lab);
    const owners = stack.owners();
    assert.deepEqual([...owners.keys()].sort(), Object.keys(program).sort(), `${what}: the state holds the program`);
    for (const [name, { type, inputs }] of Object.entries(program)) {
        const seen = SEEN[type]?.(world, String(inputs.name), inputs, owners.get(name) ?? "") ?? {};
        const owner: Bag = type === BRIDGE_PORT || type === PORT_SET ? {} : { owner: owners.get(name) ?? "" };
        const declared: Bag = { ...USUAL[type], ...spelled(inputs), ...owner };
        const judged = Object.keys(declared).filter((key) => key in seen);
        const pick = (bag: Bag) => Object.fromEntries(judged.map((key) => [key, bag[key]]));
        assert.deepEqual(pick(seen), pick(declared), `${what}: ${type} ${name} is as declared`);
    }
    const marked = [...marks(world)];
    const others = [...beside];
    const own = marked.filter(([mark]) => !others.includes(mark));
    const stray = own.filter(([mark]) => ![...owners.values()].includes(mark));
    assert.deepEqual(stray, [], `${what}: nothing carries our mark outside the state`);
    const several = Object.keys(program).filter((name) => SEVERAL.includes(program[name]?.type ?? ""));
    const ofSeveral = several.map((name) => owners.get(name));
    for (const [mark, things] of own)
        if (!ofSeveral.includes(mark)) assert.equal(things.length, 1, `${what}: ${mark} is on ${things.join()}`);
    assertUntouched(theirs, foreign(world), what);
    assert.deepEqual(begun(lab), [], `${what}: nothing is half written`);
}

/** Others' things, before and after: each as it was, to the byte, and none more. */
function assertUntouched(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>, what: string): void {
    const things = [...new Set([...before.keys(), ...after.keys()])];
    const changed = things.filter((thing) => before.get(thing) !== after.get(thing));
    const of = (seen: ReadonlyMap<string, string>) => changed.map((thing) => `${thing}: ${seen.get(thing) ?? "none"}`);
    assert.deepEqual(of(after), of(before), `${what}: what others have is as it was`);
}

/** Inputs as our own eyes spell them. */
function spelled(inputs: Bag): Bag {
    const ids = trunksOf(inputs);
    const ports = inputs.ports as Record<string, Bag> | undefined;
    return {
        ...inputs,
        ...(ids.length > 0 ? { trunks: JSON.stringify(ids) } : {}),
        ...(ports ? { ports: JSON.stringify(Object.entries(ports).map(portDeclared).sort()) } : {}),
    };
}

/** The VLANs of a trunk, one by one. */
function trunksOf({ trunks }: Bag): number[] {
    return (trunks === undefined ? [] : VlanList.parse(trunks)).flatMap((range) => {
        const [from, to] = vlanRange(range) ?? [1, 0];
        return Array.from({ length: to - from + 1 }, (_, index) => from + index);
    });
}

/** Files of the journal that somebody is writing; what a killed run has begun goes with the next change of the journal. */
function begun(lab: FaultLab): string[] {
    try {
        return readdirSync(join(labPaths(lab.name).hostState, "journal")).filter((file) => {
            const [, writer] = /\.json\.(\d+)\.new$/.exec(file) ?? [];
            return writer === undefined ? !file.endsWith(".json") : existsSync(`/proc/${writer}`);
        });
    } catch {
        return [];
    }
}
