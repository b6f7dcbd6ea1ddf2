/** What the switch database and the flow tables tell of each kind of resource of Open vSwitch. */
import type { Bag } from "../../../provider/wire";
import { VlanList } from "../../../schemas/units";
import { vlanRange } from "../../../schemas/vlan-range";
import { bits, type Eyes, type Looked } from "./eyes";
import { OVS_BRIDGE, OVS_PORT, PORT_SET } from "./kind-names";
import { keyed, pairs, rowNamed, uuids, values, type SeenRow, type World } from "./world";

export const SWITCH_EYES: Readonly<Record<string, Eyes>> = {
    [OVS_BRIDGE]: {
        usual: { failMode: "standalone", up: true, works: "yes" },
        seen({ world, name }) {
            const row = rowNamed(world, "Bridge", name);
            return {
                ...ownerOf(row),
                up: world.links.get(name)?.flags.includes("UP") === true,
                datapathType: String(row?.datapath_type ?? ""),
                failMode: String(values(row?.fail_mode)[0] ?? "standalone"),
                mac: keyed(row?.other_config, "hwaddr") ?? "",
                works: works(world, name),
            };
        },
    },
    [OVS_PORT]: {
        usual: { type: "system", vlanMode: "", tag: 0, qos: "", up: true, works: "yes" },
        spelled: (inputs) => ({ trunks: JSON.stringify(trunksOf(inputs)) }),
        seen({ world, name }) {
            const row = rowNamed(world, "Port", name);
            const [qos] = uuids(row?.qos);
            return {
                ...ownerOf(row),
                bridge: holding(world, "ports", row),
                type: String(rowNamed(world, "Interface", name)?.type || "system"),
                vlanMode: String(values(row?.vlan_mode)[0] ?? ""),
                tag: Number(values(row?.tag)[0] ?? 0),
                trunks: JSON.stringify(values(row?.trunks)),
                qos: nameOf(world.rows("QoS").find(({ _uuid }) => _uuid[1] === qos)) ?? "",
                up: world.links.get(name)?.flags.includes("UP") === true,
                works: works(world, name),
            };
        },
    },
    [PORT_SET]: {
        spelled: ({ ports = {} }) => ({
            ports: JSON.stringify(
                Object.entries(ports as Record<string, Bag>)
                    .map(portDeclared)
                    .sort(),
            ),
        }),
        seen({ world, inputs, owner }) {
            const onBridge = uuids(rowNamed(world, "Bridge", String(inputs.bridge))?.ports);
            const names = world
                .rows("Port")
                .filter(({ external_ids: ids }) => keyed(ids, "kvmnet-owner") === owner)
                .map(({ _uuid, name }) => (onBridge.includes(_uuid[1]) ? String(name) : `${String(name)} elsewhere`));
            return { ports: JSON.stringify(names.sort().map((name) => portSeen(world, name))) };
        },
    },
    "kvmnet:ovs:Qos": {
        spelled: ({ maxRate, queues = {} }) => ({
            maxRate: bits(maxRate),
            queues: queueText(
                Object.entries(queues as Record<string, Bag>).map(([id, { minRate, maxRate: most }]) => [
                    Number(id),
                    ...[minRate, most].map((rate) => (rate === undefined ? undefined : bits(rate))),
                ]),
            ),
        }),
        seen({ world, name }) {
            const row = world.rows("QoS").find((one) => nameOf(one) === name);
            const rate = (of: SeenRow | undefined, key: string) => {
                const text = keyed(of?.other_config, key);
                return text === undefined ? undefined : Number(text);
            };
            return {
                ...ownerOf(row),
                type: String(row?.type ?? "none"),
                maxRate: rate(row, "max-rate") ?? 0,
                queues: queueText(
                    pairs<number, [string, string]>(row?.queues).map(([id, [, uuid]]) => {
                        const queue = world.rows("Queue").find(({ _uuid }) => _uuid[1] === uuid);
                        return [id, rate(queue, "min-rate"), rate(queue, "max-rate")];
                    }),
                ),
            };
        },
    },
    "kvmnet:ovs:Mirror": {
        seen({ world, name }) {
            const row = rowNamed(world, "Mirror", name);
            return {
                ...ownerOf(row),
                bridge: holding(world, "mirrors", row),
                selectAll: row?.select_all === true,
                outputVlan: Number(values(row?.output_vlan)[0] ?? 0),
            };
        },
    },
    "kvmnet:ovs:Controller": {
        seen({ world, inputs }) {
            const [row] = referred(world, inputs, "controller", "Controller");
            return { target: String(row?.target ?? ""), connectionMode: String(values(row?.connection_mode)[0] ?? "") };
        },
    },
    "kvmnet:ovs:Sflow": {
        seen({ world, inputs }) {
            const [row] = referred(world, inputs, "sflow", "sFlow");
            return { targets: values(row?.targets) as string[], sampling: Number(values(row?.sampling)[0] ?? 0) };
        },
    },
    "kvmnet:ovs:Netflow": {
        seen({ world, inputs }) {
            const [row] = referred(world, inputs, "netflow", "NetFlow");
            return { targets: values(row?.targets) as string[], activeTimeout: Number(row?.active_timeout ?? 0) };
        },
    },
    "kvmnet:ovs:Ipfix": {
        usual: { sampling: 0, obsDomainId: 0 },
        seen({ world, inputs }) {
            const [row] = referred(world, inputs, "ipfix", "IPFIX");
            const number = (column: string) => Number(values(row?.[column])[0] ?? 0);
            return {
                targets: values(row?.targets) as string[],
                sampling: number("sampling"),
                obsDomainId: number("obs_domain_id"),
            };
        },
    },
    "kvmnet:ovs:Settings": {
        usual: { maxIdle: 0 },
        seen({ world }) {
            const [root] = world.rows("Open_vSwitch");
            const number = (key: string) => Number(keyed(root?.other_config, key) ?? 0);
            return { vlanLimit: number("vlan-limit"), maxIdle: number("max-idle") };
        },
    },
    "kvmnet:ovs:Flows": {
        usual: { meters: [] },
        spelled: ({ flows }) => ({ flows: [...(flows as string[])].sort() }),
        async seen({ lab, inputs }) {
            const asked = ["-O", "OpenFlow15", "--no-names"];
            const bridge = String(inputs.bridge);
            const flows = await lab.run("ovs-ofctl", ...asked, "--no-stats", "dump-flows", bridge, "table=10");
            const meters = await lab.run("ovs-ofctl", ...asked, "dump-meters", bridge);
            return {
                flows: flows
                    .split("\n")
                    .filter((line) => line.includes("table=10"))
                    .map((line) => line.replace(/^ *cookie=[^,]*, /, "").replace(/,? +/g, ","))
                    .sort(),
                meters: [...meters.matchAll(/meter=(\d+) (\w+) bands=\s*type=(\w+) rate=(\d+)/g)]
                    .filter(([, id]) => Number(id) < LEAST_OF_OURS)
                    .map(([, id, unit, type, rate]) => `meter=${id},${unit},bands=type=${type},rate=${rate}`),
            };
        },
    },
};

/** Meters of ports' limits have higher numbers. */
const LEAST_OF_OURS = 65536;

const ownerOf = (row: SeenRow | undefined): Bag => ({ owner: keyed(row?.external_ids, "kvmnet-owner") ?? "" });
const nameOf = (row: SeenRow | undefined) => keyed(row?.external_ids, "kvmnet-name");

/** The bridge that holds a row. */
const holding = (world: World, column: "ports" | "mirrors", row: SeenRow | undefined): string =>
    String(world.rows("Bridge").find((bridge) => uuids(bridge[column]).includes(row?._uuid[1] ?? "-"))?.name ?? "");

/** Rows that a bridge refers to. */
function referred(world: World, { bridge }: Looked["inputs"], column: string, table: Parameters<World["rows"]>[0]) {
    const there = uuids(rowNamed(world, "Bridge", String(bridge))?.[column]);
    return world.rows(table).filter(({ _uuid }) => there.includes(_uuid[1]));
}

const queueText = (queues: unknown[][]): string => JSON.stringify(queues.sort(([a], [b]) => Number(a) - Number(b)));

/** A port of a set with its tap, in one line. */
function portSeen(world: World, name: string): string {
    const row = rowNamed(world, "Port", name);
    const tag = Number(values(row?.tag)[0] ?? 0);
    return `${name} tag ${tag} trunks ${values(row?.trunks).length} mtu ${world.links.get(name)?.mtu} ${works(world, name)}`;
}

const portDeclared = ([name, port]: [string, Bag]): string =>
    `${name} tag ${Number(port.tag ?? 0)} trunks ${trunksOf(port).length} mtu ${String((port.tap as Bag | undefined)?.mtu)} yes`;

/** The VLANs of a trunk, one by one. */
function trunksOf({ trunks }: Bag): number[] {
    return (trunks === undefined ? [] : VlanList.parse(trunks)).flatMap((range) => {
        const [from, to] = vlanRange(range) ?? [1, 0];
        return Array.from({ length: to - from + 1 }, (_, index) => from + index);
    });
}

/** Whether the switch has the device: the database says "done" also for one that is missing. */
function works(world: World, name: string): string {
    const row = rowNamed(world, "Interface", name);
    const error = values(row?.error)[0];
    if (typeof error === "string" && error !== "") return error;
    return Number(values(row?.ofport)[0] ?? 0) > 0 ? "yes" : "no port number";
}
