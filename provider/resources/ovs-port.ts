/** A port of an Open vSwitch bridge, with one interface of the same name. It may be plugged into anybody's bridge. */
import { OvsPort } from "../../schemas/ovs";
import { VlanList, vlanRange } from "../../schemas/units";
import { HostError } from "../host/errors";
import type { Host } from "../host";
import { keyOf, numberOf, textOf, uuidsOf, valuesOf } from "../host/ovsdb/columns";
import {
    absent,
    map,
    named,
    ofRow,
    optional,
    present,
    putKeys,
    rowNamed,
    set,
    type Operation,
    type Uuid,
} from "../host/ovsdb/operations";
import type { Seen } from "../host/ovsdb/replica";
import { OWNER_KEY } from "../owner";
import { ovsdb, type Plan } from "../plan";
import type { Found, HostResource } from "../resource";
import { bringUp } from "./ovs-bridge";
import { faultOf } from "./ovs-fault";

interface PortHere extends Found<OvsPort> {
    port: Uuid;
    /** Bridge that holds it, by name and row; absent where none does. */
    holder?: { name: string; uuid: Uuid };
    interface?: Uuid;
}

export const ovsPort: HostResource<OvsPort, PortHere> = {
    type: "kvmnet:ovs:Port",
    title: "OVS port",
    description: "A port of an Open vSwitch bridge: a tap or another device of the host, or an internal one.",
    schema: OvsPort,
    cost: { name: "replace", bridge: "replace", type: "replace", vlanMode: "update", tag: "update", trunks: "update" },

    async find(host, name) {
        const view = await host.switch();
        const port = view.byName("Port", name);
        if (!port) return undefined;
        const link = view.byName("Interface", name);
        const holder = view.holderOf(port);
        const bridge = textOf(holder?.name) ?? "";
        return {
            state: fromRows(port, link, bridge),
            mark: keyOf(port.external_ids, OWNER_KEY),
            objectId: port._uuid[1],
            fault: faultOf(link),
            conflict: conflictOf(port, link, bridge),
            port: port._uuid,
            ...(holder ? { holder: { name: bridge, uuid: holder._uuid } } : {}),
            ...(link ? { interface: link._uuid } : {}),
        };
    },

    async create(host, want, mark) {
        await requireBridge(host, want);
        return [
            ovsdb(`plugs ${want.name} into ${want.bridge}`, addPort(want, mark), [
                unplug(rowNamed("Bridge", want.bridge), rowNamed("Port", want.name)),
            ]),
            ...up(want),
        ];
    },

    async update(host, found, want, mark) {
        await requireBridge(host, want);
        return [ovsdb(`sets the OVS port ${want.name}`, setPort(found, want, mark)), ...up(want)];
    },

    delete: (_host, { port, holder, state }) =>
        holder ? [ovsdb(`unplugs ${state.name} from ${holder.name}`, [unplug(holder.uuid, port)])] : [],
    claims: ({ name, type }) => [type === "internal" ? `link ${name}` : `plug of ${name}`],
};

/** Nobody else sets an internal port up. */
const up = ({ type, name }: OvsPort): Plan => (type === "internal" ? [bringUp(name)] : []);

/** Interface, port and its place in the bridge; ports of others in that bridge are not touched. */
export function addPort(want: OvsPort, mark: string): Operation[] {
    const row = {
        name: want.name,
        ...vlanColumns(want),
        external_ids: map({ [OWNER_KEY]: mark }),
        interfaces: named("interface"),
    };
    return [
        absent("Port", want.name),
        present("Bridge", want.bridge),
        { op: "insert", table: "Interface", "uuid-name": "interface", row: { name: want.name, type: want.type } },
        { op: "insert", table: "Port", "uuid-name": "port", row },
        plug(want.bridge, named("port")),
    ];
}

function setPort(found: PortHere, want: OvsPort, mark: string): Operation[] {
    const moves = found.holder?.name !== want.bridge;
    return [
        present("Bridge", want.bridge),
        { op: "update", table: "Port", where: ofRow(found.port), row: vlanColumns(want) },
        putKeys("Port", found.port, "external_ids", { [OWNER_KEY]: mark }),
        ...(found.interface && found.state.type !== want.type
            ? [{ op: "update", table: "Interface", where: ofRow(found.interface), row: { type: want.type } }]
            : []),
        ...(moves && found.holder ? [unplug(found.holder.uuid, found.port)] : []),
        ...(moves ? [plug(want.bridge, found.port)] : []),
    ];
}

const plug = (bridge: string, port: unknown): Operation => ({
    op: "mutate",
    table: "Bridge",
    where: [["name", "==", bridge]],
    mutations: [["ports", "insert", set(port)]],
});

const unplug = (bridge: unknown, port: unknown): Operation => ({
    op: "mutate",
    table: "Bridge",
    where: [["_uuid", "==", bridge]],
    mutations: [["ports", "delete", set(port)]],
});

const vlanColumns = ({ vlanMode, tag, trunks }: OvsPort) => ({
    vlan_mode: optional(vlanMode),
    tag: optional(tag),
    trunks: set(...(trunks ?? []).flatMap(idsOf)),
});

function idsOf(entry: string): number[] {
    const [from, to] = vlanRange(entry) ?? [1, 0];
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

/** The only place that knows the columns of a port. */
function fromRows(port: Seen, link: Seen | undefined, bridge: string): OvsPort {
    const trunks = VlanList.parse(
        valuesOf(port.trunks).filter((id) => typeof id === "number" && id >= 1 && id <= 4094),
    );
    return {
        name: String(port.name),
        bridge,
        type: textOf(link?.type) === "internal" ? "internal" : "system",
        vlanMode: textOf(port.vlan_mode) as OvsPort["vlanMode"],
        tag: numberOf(port.tag),
        trunks: trunks.length > 0 ? trunks : undefined,
    };
}

/** What our description of a port cannot hold, so that we leave it alone. */
function conflictOf(port: Seen, link: Seen | undefined, bridge: string): string | undefined {
    if (uuidsOf(port.interfaces).length !== 1 || !link) return "it is a bond, or its interface has another name";
    if (port.name === bridge) return "it is the bridge's own port";
    const type = textOf(link.type) ?? "system";
    return type === "system" || type === "internal" ? undefined : `its interface is of type ${type}`;
}

async function requireBridge(host: Host, { name, bridge }: OvsPort): Promise<void> {
    if (!(await host.switch()).byName("Bridge", bridge))
        throw new HostError(
            "missing",
            `OVS port ${name}`,
            `there is no OVS bridge ${bridge} on ${host.where}`,
            "Declare it as kvmnet:ovs:Bridge and pass its name on, or correct the name.",
        );
}
