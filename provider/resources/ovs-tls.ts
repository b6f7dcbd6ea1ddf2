/** The row of the table SSL, of which a host has at most one. */
import { OvsTls } from "../../schemas/ovs-tls";
import { attachedRow, managedBy, stateBy, type Shape } from "./attached-row";

/** The only id that there is: the name of the table. */
const ID = "SSL";

const SHAPE: Shape<OvsTls> = {
    columns: {
        privateKey: ["private_key", "text"],
        certificate: ["certificate", "text"],
        caCert: ["ca_cert", "text"],
        bootstrapCaCert: ["bootstrap_ca_cert", "flag"],
    },
};

export const ovsTls = attachedRow<OvsTls>({
    type: "kvmnet:ovs:Tls",
    title: "TLS settings of Open vSwitch",
    description:
        "What TLS needs for controllers and managers: the paths of key, certificate and authority on the host. A host has " +
        "one. Open vSwitch reads the files itself and notices when they change; their content is never in the state. " +
        "Which TLS versions and ciphers are spoken is said on the command lines of its daemons alone (--ssl-protocols, --ssl-ciphers).",
    schema: OvsTls,
    cost: {
        privateKey: "update",
        certificate: "update",
        caCert: "update",
        bootstrapCaCert: "update",
    },
    hook: { table: "SSL", parent: "Open_vSwitch", column: "ssl" },
    idOf: () => ID,
    idForm: ID,
    checkId: (id) => (id === ID ? undefined : `write ${ID}: a host has one`),
    claims: () => ["TLS of Open vSwitch"],
    async cautions(host, { privateKey, certificate, caCert, bootstrapCaCert }) {
        const wanted = [privateKey, certificate, ...(bootstrapCaCert ? [] : [caCert])];
        const { stdout } = await host.place.run(["stat", "--format=%n", "--", ...wanted]);
        const there = stdout.split("\n");
        const missing = wanted.filter((path) => !there.includes(path));
        return missing.length === 0
            ? []
            : [`There is no ${missing.join(" and no ")} on ${host.where}; connections by TLS fail until there is.`];
    },
    at: (view) => {
        const root = view.root();
        return { parent: root, row: view.referred("SSL", root?.ssl)[0], place: {} };
    },
    managed: (_view, want) => managedBy(SHAPE, want),
    state: (_view, row) => stateBy(SHAPE, row),
    missing: () => ({
        what: "initialised switch database",
        next: "Run `ovs-vsctl --no-wait init` there, or start Open vSwitch by its service.",
    }),
});
