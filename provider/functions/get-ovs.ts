/** What a host's Open vSwitch is and has. */
import { GetOvsInputs, GetOvsOutputs } from "../../schemas/get-ovs";
import type { HostFunction } from "../function";
import type { Host } from "../host";
import { HostError } from "../host/errors";
import { keyOf, numberOf, textOf, valuesOf } from "../host/ovsdb/columns";
import type { Replica, Seen } from "../host/ovsdb/replica";
import { OWNER_KEY } from "../owner";
import { vlansOf } from "../resources/ovs-port-rows";
import { entriesOf } from "../resources/ovs-rows";

export const getOvs: HostFunction<GetOvsInputs, GetOvsOutputs> = {
    token: "kvmnet:ovs:getOvs",
    description:
        "What a host's Open vSwitch is and has: versions, datapath and interface types, DPDK, bridges and ports. It only reads; " +
        "of an ovs-vswitchd that does not run it tells what that told last.",
    inputs: GetOvsInputs,
    outputs: GetOvsOutputs,

    async run(host) {
        const view = await host.switch();
        const root = view.root();
        if (!root)
            throw new HostError(
                "unreachable",
                `Open vSwitch on ${host.where}`,
                "its database has no root row",
                "Run `ovs-vsctl --no-wait init` there, or start Open vSwitch by its service.",
            );
        return {
            version: textOf(root.ovs_version) ?? (await ownVersion(host)),
            datapathTypes: texts(root.datapath_types),
            interfaceTypes: texts(root.iface_types),
            dpdkVersion: dpdkOf(root),
            dpdkInitialized: root.dpdk_initialized === true,
            otherConfig: Object.fromEntries(entriesOf(root.other_config)),
            managers: targets(view.referred("Manager", root.manager_options)),
            bridges: byName(view.referred("Bridge", root.bridges)).map((row) => bridgeOf(view, row)),
        };
    },
};

const bridgeOf = (view: Replica, row: Seen): GetOvsOutputs["bridges"][number] => ({
    name: String(row.name),
    datapathType: textOf(row.datapath_type) ?? "system",
    datapathVersion: textOf(row.datapath_version),
    failMode: textOf(row.fail_mode) ?? "standalone",
    protocols: texts(row.protocols),
    controllers: targets(view.referred("Controller", row.controller)),
    ports: byName(view.referred("Port", row.ports))
        .filter(({ name }) => name !== row.name)
        .map((port) => portOf(view, port)),
    owner: keyOf(row.external_ids, OWNER_KEY),
});

function portOf(view: Replica, port: Seen): GetOvsOutputs["bridges"][number]["ports"][number] {
    const interfaces = byName(view.referred("Interface", port.interfaces));
    const ofport = numberOf(interfaces[0]?.ofport);
    return {
        name: String(port.name),
        interfaces: interfaces.map(({ name }) => String(name)),
        type: textOf(interfaces[0]?.type) ?? "system",
        ofport: ofport !== undefined && ofport > 0 ? ofport : undefined,
        error: interfaces.map(({ error }) => textOf(error)).find(Boolean),
        vlanMode: textOf(port.vlan_mode),
        tag: numberOf(port.tag),
        trunks: vlansOf(port.trunks) ?? [],
        owner: keyOf(port.external_ids, OWNER_KEY),
    };
}

/** The start script writes the version into the database, the daemon does not: whoever starts it otherwise has none there. */
export async function ownVersion(host: Host): Promise<string | undefined> {
    const { code, stdout } = await host.place.run(["ovs-vswitchd", "--version"]);
    return code === 0 ? /^ovs-vswitchd \(Open vSwitch\) (\S+)$/m.exec(stdout)?.[1] : undefined;
}

/** Open vSwitch writes `none` where it is built without DPDK. */
function dpdkOf(root: Seen): string | undefined {
    const version = textOf(root.dpdk_version);
    return version === "none" ? undefined : version;
}

const texts = (column: unknown): string[] => valuesOf(column).map(String).sort();
const targets = (rows: Seen[]): string[] => rows.map(({ target }) => String(target)).sort();
const byName = (rows: Seen[]): Seen[] => [...rows].sort((a, b) => (String(a.name) < String(b.name) ? -1 : 1));
