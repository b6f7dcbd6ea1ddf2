/** A connection through which the switch database can be read and written. */
import { OvsManager, OvsManagerOutputs } from "../../schemas/ovs-manager";
import { Target } from "../../schemas/ovs-target";
import { isOpen, isTls } from "../../schemas/target-text";
import type { Host } from "../host";
import { attachedRow, managedBy, stateBy, type Shape } from "./attached-row";
import { inBandCautions } from "./in-band";

const SHAPE: Shape<OvsManager> = {
    columns: {
        target: ["target", "text"],
        connectionMode: ["connection_mode", "text"],
        inactivityProbe: ["inactivity_probe", "number"],
        maxBackoff: ["max_backoff", "number"],
    },
    otherConfig: { dscp: ["dscp", "number"] },
};

export const ovsManager = attachedRow<OvsManager>({
    type: "kvmnet:ovs:Manager",
    title: "OVS manager",
    description:
        "A connection of the switch database, for whoever manages the switch from outside. ovs-vswitchd uses it only to " +
        "know what is in-band; ovsdb-server opens it, where it was started with the remote " +
        "`db:Open_vSwitch,Open_vSwitch,manager_options`, as every distribution does.",
    schema: OvsManager,
    cost: {
        target: "replace",
        connectionMode: "update",
        inactivityProbe: "update",
        maxBackoff: "update",
        dscp: "update",
    },
    outputs: OvsManagerOutputs,
    hook: { table: "Manager", parent: "Open_vSwitch", column: "manager_options" },
    idOf: ({ target }) => target,
    idForm: "TARGET",
    checkId: (id) => (Target.safeParse(id).success ? undefined : "write its target, such as ssl:10.0.0.5:6640"),
    claims: ({ target }) => [`manager ${target}`],
    cautions: async (host, want) => [
        ...(await targetCautions(host, want.target, "the switch database")),
        ...(await inBandCautions(host, want)),
    ],
    at: (view, target) => {
        const root = view.root();
        const row = view.referred("Manager", root?.manager_options).find((row) => row.target === target);
        return { parent: root, row, place: {} };
    },
    managed: (_view, want) => managedBy(SHAPE, want),
    state: (_view, row) => stateBy(SHAPE, row),
    told: ({ is_connected }) => ({ isConnected: is_connected === true }),
    missing: () => ({
        what: "initialised switch database",
        next: "Run `ovs-vsctl --no-wait init` there, or start Open vSwitch by its service.",
    }),
});

/** What to think of before a connection is made. @param what it opens to others */
export async function targetCautions(host: Host, target: string, what: string): Promise<string[]> {
    if (isOpen(target))
        return [
            `${target} opens ${what} without TLS: whoever is on the way can read and change it. Use ssl or pssl with Tls.`,
        ];
    const view = await host.switch();
    const withoutTls = isTls(target) && view.referred("SSL", view.root()?.ssl).length === 0;
    return withoutTls ? [`${target} needs TLS settings, and ${host.where} has none yet; declare kvmnet:ovs:Tls.`] : [];
}
