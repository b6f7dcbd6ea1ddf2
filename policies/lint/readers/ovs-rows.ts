/** Rows of the database Open_vSwitch as the resources that rules judge. */
import { PROGRAM } from "../../rules/versions";
import type { PlacedResource } from "../finding";
import type { OvsRow, OvsTables, OvsValue } from "./ovs-value";
import { leadsOutByName, uplinksAmong } from "./uplinks";

export function resourcesOfOvs(file: string, tables: OvsTables): PlacedResource[] {
    const made = (type: string, name: string, { line }: OvsRow, props: object): PlacedResource => ({
        type: `kvmnet:ovs:${type}`,
        name,
        props,
        position: { file, line },
    });
    const rowsOf = (table: string) => [...(tables.get(table)?.values() ?? [])];
    const rowsAt = (table: string, row: OvsRow, column: string): OvsRow[] =>
        listAt(row, column).flatMap((uuid) => tables.get(table)?.get(String(uuid)) ?? []);

    return [
        ...rowsOf("Bridge").flatMap((bridge) => {
            const name = textAt(bridge, "name") ?? "";
            const ports = rowsAt("Port", bridge, "ports")
                .map((port) => ({ port, links: rowsAt("Interface", port, "interfaces") }))
                // Each bridge has a port of its own name, which is the bridge's.
                .filter(({ port }) => textAt(port, "name") !== name || isSaid(port));
            return [
                made("Bridge", name, bridge, {
                    name,
                    datapathType: textAt(bridge, "datapath_type"),
                    failMode: textAt(bridge, "fail_mode"),
                    stp: oneAt(bridge, "stp_enable") === true,
                    rstp: oneAt(bridge, "rstp_enable") === true,
                    mcastSnooping: oneAt(bridge, "mcast_snooping_enable") === true,
                    uplinks: uplinksOf(ports),
                    macTableSize: mapAt(bridge, "other_config").get("mac-table-size"),
                }),
                ...ports.map(({ port, links }) =>
                    made("Port", textAt(port, "name") ?? "", port, {
                        ...portOf(name, port, links),
                        ...(isHeldByFlows(bridge, port, links) ? { heldByFlows: true } : {}),
                    }),
                ),
                ...ports.flatMap(({ links }) => links.flatMap((link) => linkOf(file, link))),
                ...rowsAt("Controller", bridge, "controller").map((row) =>
                    made("Controller", name, row, { bridge: name, target: textAt(row, "target") }),
                ),
                ...rowsAt("Mirror", bridge, "mirrors").map((row) =>
                    made("Mirror", textAt(row, "name") ?? "", row, {
                        bridge: name,
                        name: textAt(row, "name"),
                        selectAll: oneAt(row, "select_all") === true,
                    }),
                ),
            ];
        }),
        ...rowsOf("Open_vSwitch").flatMap((root) => [
            ...programOf(file, root),
            ...settingsOf(root).map((settings) => made("Settings", "Open vSwitch", root, settings)),
            ...rowsAt("Manager", root, "manager_options").map((row) =>
                made("Manager", "manager", row, { target: textAt(row, "target") }),
            ),
            ...rowsAt("SSL", root, "ssl").map((row) =>
                made("Tls", "ssl", row, {
                    privateKey: textAt(row, "private_key"),
                    certificate: textAt(row, "certificate"),
                    caCert: textAt(row, "ca_cert"),
                    bootstrapCaCert: oneAt(row, "bootstrap_ca_cert") === true,
                }),
            ),
        ]),
        ...rowsOf("QoS").map((row) => {
            const rate = mapAt(row, "other_config").get("max-rate");
            return made("Qos", row.uuid.slice(0, 8), row, {
                name: row.uuid.slice(0, 8),
                type: textAt(row, "type"),
                maxRate: rate === undefined ? undefined : `${rate}bit`,
            });
        }),
    ];
}

const oneAt = ({ columns }: OvsRow, column: string): string | number | boolean | undefined => {
    const value: OvsValue | undefined = columns.get(column);
    if (value instanceof Map) return undefined;
    return Array.isArray(value) ? value[0] : value;
};
const textAt = (row: OvsRow, column: string): string | undefined => {
    const value = oneAt(row, column);
    return value === undefined || value === "" ? undefined : String(value);
};
const listAt = ({ columns }: OvsRow, column: string) => {
    const value = columns.get(column);
    return value === undefined || value instanceof Map ? [] : Array.isArray(value) ? value : [value];
};
const mapAt = (
    { columns }: OvsRow,
    column: string,
): ReadonlyMap<string | number | boolean, string | number | boolean> => {
    const value = columns.get(column);
    return value instanceof Map ? value : new Map();
};

/** Settings of the switch as a whole that rules look at; none where it has none of them. */
function settingsOf(root: OvsRow): object[] {
    const said = mapAt(root, "other_config");
    const [vlanLimit, pmdCpuMask] = [said.get("vlan-limit"), said.get("pmd-cpu-mask")];
    return vlanLimit === undefined && pmdCpuMask === undefined ? [] : [{ vlanLimit, pmdCpuMask }];
}

/** Only a switch that was started by its own script writes its version here. */
function programOf(file: string, root: OvsRow): PlacedResource[] {
    const version = textAt(root, "ovs_version");
    if (version === undefined) return [];
    const name = "Open vSwitch";
    return [{ type: PROGRAM, name, props: { name, version }, position: { file, line: root.line } }];
}

interface PlacedPort {
    port: OvsRow;
    links: OvsRow[];
}

const isSaid = (port: OvsRow) => oneAt(port, "tag") !== undefined || listAt(port, "trunks").length > 0;

/** What the switch takes for a burst of 0 (ovs-vswitchd.conf.db(5), ingress_policing_burst) [kbit]. */
const UNSAID_BURST = 8000;

/** A guest of OVN or Neutron: on such a bridge passes what a flow lets pass, and flows are in no database. */
const isHeldByFlows = (bridge: OvsRow, port: OvsRow, links: OvsRow[]) =>
    textAt(bridge, "fail_mode") === "secure" &&
    !isSaid(port) &&
    links.some((link) => mapAt(link, "external_ids").has("iface-id"));

function portOf(bridge: string, port: OvsRow, links: OvsRow[]): object {
    const [link] = links;
    const rate = link && Number(oneAt(link, "ingress_policing_rate") ?? 0);
    const burst = link && Number(oneAt(link, "ingress_policing_burst") ?? 0);
    return {
        name: textAt(port, "name"),
        bridge,
        type: (link && textAt(link, "type")) ?? "system",
        vlanMode: textAt(port, "vlan_mode"),
        tag: oneAt(port, "tag"),
        trunks: listAt(port, "trunks").map(String),
        cvlans: listAt(port, "cvlans").map(String),
        ...(links.length > 1
            ? {
                  interfaces: links.flatMap((one) => textAt(one, "name") ?? []).sort(),
                  bondMode: textAt(port, "bond_mode"),
                  lacp: textAt(port, "lacp"),
              }
            : {}),
        ...(rate
            ? // The switch counts both in thousands of bits.
              { ingress: { rate: `${rate}kbit`, burst: `${(burst || UNSAID_BURST) * 125}B` } }
            : {}),
    };
}

function linkOf(file: string, link: OvsRow): PlacedResource[] {
    const name = textAt(link, "name");
    const mtu = oneAt(link, "mtu") ?? oneAt(link, "mtu_request");
    if (name === undefined || typeof mtu !== "number") return [];
    return [{ type: "kvmnet:host:Link", name, props: { name, mtu }, position: { file, line: link.line } }];
}

/** Drivers of links that are the host's own work, not ways out of it. */
const MADE_BY_HOST = ["tun", "veth", "openvswitch", "bridge", "dummy", "ifb", "macvlan", "vxlan", "geneve"];

/** Ports that lead out of the host: a running switch tells the driver of each link, else its name tells what it is. */
const uplinksOf = (ports: PlacedPort[]) =>
    uplinksAmong(
        ports.map(({ port, links }) => {
            const isOut = links.map(leadsOut);
            return {
                name: textAt(port, "name") ?? "",
                leadsOut: isOut.includes(true) || (isOut.includes(undefined) ? undefined : false),
                saysVlans: isSaid(port),
            };
        }),
    );

/** Interface types whose link is a NIC. */
const OF_NICS = ["dpdk", "afxdp", "afxdp-nonpmd"];

function leadsOut(link: OvsRow): boolean | undefined {
    const type = textAt(link, "type") ?? "system";
    if (OF_NICS.includes(type)) return true;
    if (type !== "system") return false;
    const ids = mapAt(link, "external_ids");
    if (ids.has("attached-mac") || ids.has("iface-id") || ids.has("vm-id")) return false;
    const driver = mapAt(link, "status").get("driver_name");
    if (typeof driver === "string") return !MADE_BY_HOST.includes(driver);
    return leadsOutByName(textAt(link, "name") ?? "");
}
