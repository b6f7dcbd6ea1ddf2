/** An Open vSwitch bridge: a row in the switch database, and the link of the same name that comes with it. */
import { OvsBridge } from "../../schemas/ovs";
import { HostError, shownName } from "../host/errors";
import { keyOf, numberOf, textOf } from "../host/ovsdb/columns";
import { absent, map, named, ofRow, putKeys, rowNamed, set, type Operation, type Uuid } from "../host/ovsdb/operations";
import type { Seen } from "../host/ovsdb/replica";
import { OWNER_KEY, sameStack } from "../owner";
import { ovsdb, type Step } from "../plan";
import type { Found, HostResource } from "../resource";
import { faultOf } from "./ovs-fault";

interface BridgeHere extends Found<OvsBridge> {
    row: Seen;
}

export const ovsBridge: HostResource<OvsBridge, BridgeHere> = {
    type: "kvmnet:ovs:Bridge",
    title: "OVS bridge",
    description: "A bridge of Open vSwitch, with its internal port up.",
    schema: OvsBridge,
    cost: { name: "replace", datapathType: "replace", failMode: "update", mac: "update" },

    async find(host, name) {
        const view = await host.switch();
        const row = view.byName("Bridge", name);
        if (!row) return undefined;
        return {
            row,
            state: fromRow(row),
            mark: keyOf(row.external_ids, OWNER_KEY),
            objectId: row._uuid[1],
            fault: bridgeFault(row, view.byName("Interface", name)),
        };
    },

    async create(host, want, mark) {
        if ((await host.links()).has(want.name))
            throw new HostError(
                "conflict",
                `OVS bridge ${want.name}`,
                "a link of that name is there already, and it is no OVS bridge",
                "Choose another name, or remove the link.",
            );
        return [
            ovsdb(
                `makes the OVS bridge ${want.name}`,
                addBridge(want, mark),
                dropBridge(rowNamed("Bridge", want.name)),
            ),
            bringUp(want.name),
        ];
    },

    update: (_host, { row }, want, mark) => [
        ovsdb(`sets the OVS bridge ${want.name}`, setBridge(row._uuid, want, mark)),
        bringUp(want.name),
    ],

    async delete(host, { row, state }, mark) {
        const view = await host.switch();
        const foreign = view
            .referred("Port", row.ports)
            .filter((port) => port.name !== state.name && !sameStack(keyOf(port.external_ids, OWNER_KEY), mark))
            .map((port) => shownName(String(port.name)));
        if (foreign.length > 0)
            throw new HostError(
                "refused",
                `OVS bridge ${state.name}`,
                `it holds ports that this stack did not make (${foreign.slice(0, 20).join(", ")}), so it is not removed`,
                "Remove or move these ports first.",
            );
        return [ovsdb(`removes the OVS bridge ${state.name}`, removeBridge(row))];
    },
    claims: ({ name }) => [`link ${name}`],
};

/** All or nothing: the bridge, its internal port and interface, and its place in the root row. */
function addBridge({ name, datapathType, failMode, mac }: OvsBridge, mark: string): Operation[] {
    const row = {
        name,
        datapath_type: datapathType,
        fail_mode: failMode,
        other_config: map(mac ? { hwaddr: mac } : {}),
        external_ids: map({ [OWNER_KEY]: mark }),
        ports: named("port"),
    };
    return [
        absent("Bridge", name),
        { op: "insert", table: "Interface", "uuid-name": "interface", row: { name, type: "internal" } },
        { op: "insert", table: "Port", "uuid-name": "port", row: { name, interfaces: named("interface") } },
        { op: "insert", table: "Bridge", "uuid-name": "bridge", row },
        { op: "mutate", table: "Open_vSwitch", where: [], mutations: [["bridges", "insert", set(named("bridge"))]] },
    ];
}

function setBridge(uuid: Uuid, { failMode, mac }: OvsBridge, mark: string): Operation[] {
    return [
        { op: "update", table: "Bridge", where: ofRow(uuid), row: { fail_mode: failMode } },
        mac
            ? putKeys("Bridge", uuid, "other_config", { hwaddr: mac })
            : {
                  op: "mutate",
                  table: "Bridge",
                  where: ofRow(uuid),
                  mutations: [["other_config", "delete", set("hwaddr")]],
              },
        putKeys("Bridge", uuid, "external_ids", { [OWNER_KEY]: mark }),
    ];
}

/** Guarded by the ports that were judged: whoever adds one meanwhile does not lose it. */
function removeBridge(row: Seen): Operation[] {
    const where = ofRow(row._uuid);
    return [
        {
            op: "wait",
            timeout: 0,
            table: "Bridge",
            where,
            columns: ["ports"],
            until: "==",
            rows: [{ ports: row.ports }],
        },
        ...dropBridge(row._uuid),
    ];
}

/** Its ports, interfaces and the rest go with it. */
const dropBridge = (bridge: unknown): Operation[] => [
    { op: "mutate", table: "Open_vSwitch", where: [], mutations: [["bridges", "delete", set(bridge)]] },
];

/** The only place that knows the columns of a bridge; what is absent there has Open vSwitch's own default. */
const fromRow = (row: Seen): OvsBridge => ({
    name: String(row.name),
    datapathType: textOf(row.datapath_type) === "netdev" ? "netdev" : "system",
    failMode: textOf(row.fail_mode) === "secure" ? "secure" : "standalone",
    mac: keyOf(row.other_config, "hwaddr")?.toLowerCase(),
});

/** A bridge whose datapath is missing gets neither port number nor error. */
function bridgeFault(row: Seen, link: Seen | undefined): string | undefined {
    const missing = textOf(row.datapath_type) !== "netdev" && link !== undefined && numberOf(link.ofport) === undefined;
    if (!missing || textOf(link.error)) return faultOf(link);
    return 'its datapath "system" did not come up; load the kernel module openvswitch, or set datapathType to netdev';
}

/** Sets an internal port up. Where the switch could not make the link there is none, and `find` then tells why. */
export const bringUp = (name: string): Step => ({
    what: `sets ${name} up`,
    check: { link: name, is: "present" },
    action: { via: "ip", lines: [["link", "set", "dev", name, "up"]] },
});
