/** Exports of a bridge's traffic: a bridge has at most one of each kind. */
import { shownName } from "../host/errors";
import type { Replica } from "../host/ovsdb/replica";
import type { HostResource } from "../resource";
import { IfName } from "../../schemas/units";
import { attachedRow, managedBy, stateBy, type Shape } from "./attached-row";

interface Export<State extends object> extends Pick<
    HostResource<State>,
    "type" | "title" | "description" | "schema" | "cost" | "presets"
> {
    table: "sFlow" | "IPFIX" | "NetFlow";
    shape: Shape<State>;
    /** What others may have spelled otherwise, as we spell it. */
    inOurWords?: (state: Partial<State>) => Partial<State>;
}

/** @param column of the bridge that names it */
export const exportOf = <State extends { bridge: string; targets: string[] }>(
    column: string,
    { table, shape, inOurWords = (state) => state, ...more }: Export<State>,
) =>
    attachedRow<State>({
        ...more,
        ...ofOneBridge(),
        hook: { table, parent: "Bridge", column },
        claims: ({ bridge }) => [`${table} export of ${bridge}`],
        at: (view: Replica, bridge: string) => {
            const parent = view.byName("Bridge", bridge);
            const row = view.referred(table, parent?.[column])[0];
            return { parent, row, place: { bridge } as Partial<State> };
        },
        managed: (_view, want) => managedBy(shape, want),
        state: (_view, row) => inOurWords(stateBy(shape, row)),
        missing: ({ bridge }) => missingBridge(bridge),
    });

const ofOneBridge = () => ({
    idOf: ({ bridge }: { bridge: string }) => bridge,
    idForm: "BRIDGE",
    checkId: (id: string) => (IfName.safeParse(id).success ? undefined : "write the name of the bridge, such as br0"),
});

/** What to do where a bridge is not there. */
export const missingBridge = (bridge: string) => ({
    what: `OVS bridge ${shownName(bridge)}`,
    next: "Declare it as kvmnet:ovs:Bridge and pass its name on, or correct the name.",
});
