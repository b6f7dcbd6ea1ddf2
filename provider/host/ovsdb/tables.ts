/** What we follow of the switch database: tables and columns of ovs-vswitchd.conf.db(5), without those that change by themselves. */

import { z } from "zod";
import { kindOf, type ColumnKinds } from "./column-kinds";

/**
 * Statistics and status are left out: they change every few seconds and no resource holds them. A port's status is the
 * exception: it holds the state of spanning tree, and nothing without it.
 */
const WANTED: Readonly<Record<string, readonly string[]>> = {
    Open_vSwitch: [
        "bridges",
        "manager_options",
        "ssl",
        "other_config",
        "external_ids",
        "next_cfg",
        "cur_cfg",
        "ovs_version",
        "datapath_types",
        "iface_types",
        "dpdk_initialized",
        "dpdk_version",
    ],
    Bridge: [
        "name",
        "ports",
        "datapath_type",
        "datapath_id",
        "datapath_version",
        "fail_mode",
        "protocols",
        "stp_enable",
        "rstp_enable",
        "mcast_snooping_enable",
        "flood_vlans",
        "controller",
        "mirrors",
        "netflow",
        "sflow",
        "ipfix",
        "other_config",
        "external_ids",
        "rstp_status",
    ],
    Port: [
        "name",
        "interfaces",
        "tag",
        "trunks",
        "cvlans",
        "vlan_mode",
        "qos",
        "mac",
        "lacp",
        "bond_mode",
        "bond_updelay",
        "bond_downdelay",
        "bond_active_slave",
        "bond_fake_iface",
        "fake_bridge",
        "protected",
        "other_config",
        "external_ids",
        "status",
        "rstp_status",
    ],
    Interface: [
        "name",
        "type",
        "options",
        "ofport",
        "ofport_request",
        "error",
        "mac",
        "mac_in_use",
        "mtu",
        "mtu_request",
        "ifindex",
        "ingress_policing_rate",
        "ingress_policing_burst",
        "ingress_policing_kpkts_rate",
        "ingress_policing_kpkts_burst",
        "lldp",
        "other_config",
        "external_ids",
    ],
    QoS: ["type", "queues", "other_config", "external_ids"],
    Queue: ["dscp", "other_config", "external_ids"],
    Mirror: [
        "name",
        "select_all",
        "select_src_port",
        "select_dst_port",
        "select_vlan",
        "output_port",
        "output_vlan",
        "snaplen",
        "filter",
        "external_ids",
    ],
    Controller: [
        "target",
        "type",
        "connection_mode",
        "inactivity_probe",
        "max_backoff",
        "local_ip",
        "local_netmask",
        "local_gateway",
        "controller_rate_limit",
        "controller_burst_limit",
        "controller_queue_size",
        "enable_async_messages",
        "is_connected",
        "role",
        "other_config",
        "external_ids",
    ],
    Manager: [
        "target",
        "connection_mode",
        "inactivity_probe",
        "max_backoff",
        "is_connected",
        "other_config",
        "external_ids",
    ],
    SSL: ["private_key", "certificate", "ca_cert", "bootstrap_ca_cert", "external_ids"],
    sFlow: ["agent", "header", "polling", "sampling", "targets", "external_ids"],
    IPFIX: [
        "targets",
        "sampling",
        "obs_domain_id",
        "obs_point_id",
        "cache_active_timeout",
        "cache_max_flows",
        "stats_interval",
        "template_interval",
        "other_config",
        "external_ids",
    ],
    NetFlow: ["targets", "engine_id", "engine_type", "active_timeout", "add_id_to_interface", "external_ids"],
};

/** The schema of a database, as far as it matters here. */
export const DatabaseSchema = z.object({
    tables: z.record(z.string(), z.object({ columns: z.record(z.string(), z.unknown()).optional() })).optional(),
});
export type DatabaseSchema = z.output<typeof DatabaseSchema>;

/** What is followed: the wanted columns that this version of Open vSwitch has. @throws z.ZodError where one is none */
export function followed({ tables = {} }: DatabaseSchema): ColumnKinds {
    return Object.fromEntries(
        Object.entries(WANTED).flatMap(([table, wanted]) => {
            const columns = tables[table]?.columns;
            if (!columns) return [];
            const there = wanted.filter((column) => column in columns);
            return [[table, Object.fromEntries(there.map((column) => [column, kindOf(columns[column])]))]];
        }),
    );
}

/** What to ask `monitor_cond` for. */
export const monitorRequest = (kinds: ColumnKinds): Record<string, { columns: string[] }[]> =>
    Object.fromEntries(Object.entries(kinds).map(([table, columns]) => [table, [{ columns: Object.keys(columns) }]]));

/** Tables and columns of this version, to tell what an older one does not have. */
export const hasColumn = ({ tables = {} }: DatabaseSchema, table: string, column: string): boolean =>
    column in (tables[table]?.columns ?? {});
