/** A mirror of a bridge. */
import { OvsMirror } from "../../schemas/ovs-mirror";
import { IfName, Label } from "../../schemas/units";
import { vlanRange } from "../../schemas/vlan-range";
import { HostError, quoted, shownName } from "../host/errors";
import { numberOf, textOf } from "../host/ovsdb/columns";
import type { Uuid } from "../host/ovsdb/operations";
import type { Replica, Seen } from "../host/ovsdb/replica";
import { attachedRow, oursFirst } from "./attached-row";
import { missingBridge } from "./ovs-monitoring";
import { vlansOf } from "./ovs-port-rows";
import { one, type Managed } from "./ovs-rows";

export const ovsMirror = attachedRow<OvsMirror>({
    type: "kvmnet:ovs:Mirror",
    title: "OVS mirror",
    description:
        "A mirror of one Open vSwitch bridge: copies of packets, chosen by port and VLAN, to a port or into a VLAN. Ports are " +
        "named; when one of them is made anew it drops out of the mirror, a refresh shows it, and the next update puts it back.",
    schema: OvsMirror,
    cost: {
        bridge: "replace",
        name: "replace",
        selectAll: "update",
        selectSourcePorts: "update",
        selectDestinationPorts: "update",
        selectVlans: "update",
        outputPort: "update",
        outputVlan: "update",
        snaplen: "update",
    },
    standsOn: ["selectSourcePorts", "selectDestinationPorts", "outputPort"],
    hook: { table: "Mirror", parent: "Bridge", column: "mirrors", key: "name" },
    idOf: ({ bridge, name }) => `${bridge}/${name}`,
    idForm: "BRIDGE/NAME",
    checkId: (id) => {
        const [bridge, name] = partsOf(id);
        const fine = IfName.safeParse(bridge).success && Label.safeParse(name).success;
        return fine ? undefined : "write the bridge's name and the mirror's, such as br0/ids";
    },
    claims: ({ bridge, name }) => [`mirror ${name} of ${bridge}`],
    at: (view, id, mark) => {
        const [bridge, name] = partsOf(id);
        const parent = view.byName("Bridge", bridge);
        const rows = view.referred("Mirror", parent?.mirrors).filter((row) => row.name === name);
        const row = oursFirst(rows, mark);
        const filter = textOf(row?.filter);
        const conflict = filter
            ? `it copies only what its filter "${quoted(filter)}" lets through, which has no property here`
            : undefined;
        return { parent, row, place: { bridge }, conflict };
    },
    managed: toRow,
    state: fromRow,
    missing: ({ bridge }) => missingBridge(bridge),
});

function toRow(view: Replica, want: OvsMirror): Managed {
    const port = (name: string) => portOf(view, want, name);
    return {
        columns: {
            name: [want.name],
            select_all: [want.selectAll],
            select_src_port: want.selectSourcePorts.map(port),
            select_dst_port: want.selectDestinationPorts.map(port),
            select_vlan: want.selectVlans.flatMap(idsOf),
            output_port: one(want.outputPort && port(want.outputPort)),
            output_vlan: one(want.outputVlan),
            snaplen: one(want.snaplen),
        },
        keys: {},
    };
}

function fromRow(view: Replica, row: Seen): Omit<OvsMirror, "bridge"> {
    const names = (column: unknown) =>
        view
            .referred("Port", column)
            .map(({ name }) => String(name))
            .sort();
    return {
        name: textOf(row.name) ?? "",
        selectAll: row.select_all === true,
        selectSourcePorts: names(row.select_src_port),
        selectDestinationPorts: names(row.select_dst_port),
        selectVlans: vlansOf(row.select_vlan) ?? [],
        outputPort: names(row.output_port)[0],
        outputVlan: numberOf(row.output_vlan),
        snaplen: numberOf(row.snaplen),
    };
}

/** @throws HostError missing */
function portOf(view: Replica, { bridge, name: mirror }: OvsMirror, name: string): Uuid {
    const port = view.byName("Port", name);
    if (port && view.holderOf(port)?.name === bridge) return port._uuid;
    throw new HostError(
        "missing",
        `OVS mirror ${bridge}/${mirror}`,
        `the bridge ${shownName(bridge)} has no port ${name}`,
        "Declare it as kvmnet:ovs:Port of that bridge and pass its name on, or correct the name.",
    );
}

function idsOf(entry: string): number[] {
    const [from, to] = vlanRange(entry) ?? [1, 0];
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

function partsOf(id: string): [bridge: string, name: string] {
    const at = id.indexOf("/");
    return [id.slice(0, Math.max(at, 0)), id.slice(at + 1)];
}
