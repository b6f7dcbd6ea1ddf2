/** A rule for what may cut off whoever works on the host from elsewhere. */
import { at, type Resource } from "../inputs";
import { known, type Maybe, NotKnown } from "../known";
import { type Reader, rule } from "../rule";
import { made } from "./examples";

interface Way {
    /** The port of a set that says it; absent where the resource itself does. */
    port?: string;
    taken: Maybe<unknown>;
}

const ways: Reader<Way> = {
    types: [
        ...["host:Address", "host:Bond", "host:Bridge", "host:BridgePort", "host:Dummy", "host:Ifb"],
        ...["host:Link", "host:Macvtap", "host:Neighbor", "host:Route", "host:Rule", "host:Sysctl"],
        ...["host:Tap", "host:Veth", "host:Vlan", "host:Vxlan"],
        ...["ovs:Bridge", "ovs:Controller", "ovs:Flows", "ovs:Port", "ovs:PortSet", "ovs:Settings"],
    ].map((type) => `kvmnet:${type}`),
    read(props) {
        const ports = at(props, "ports");
        if (ports instanceof NotKnown) return [ports];
        const own: Way = { taken: at(props, "takesOperatorPath") };
        const ofPorts = Object.entries(ports ?? {}).map(([port, said]): Way => ({
            port,
            taken: at(said, "takesOperatorPath"),
        }));
        return [own, ...ofPorts];
    },
    name: ({ port }) => (port === undefined ? "its takesOperatorPath" : `port ${port}`),
};

const taking = (type: string, props: Record<string, unknown>): Resource =>
    made(type, { ...props, takesOperatorPath: true });

const operatorGuardOff = rule({
    id: "sec-operator-guard-off",
    title: "What could cut off an SSH connection to the host is refused, not waved through for good.",
    severity: "high",
    level: { default: "advisory", security: "mandatory" },
    why: "kvmnet refuses a change that would cut off an SSH connection to the host, unless the resource says takesOperatorPath. That is meant for the one change after which the connection runs elsewhere; where it stays, no later change of the resource is refused either.",
    sources: ["kvmnet, docs/reference: takesOperatorPath"],
    url: "https://docs.kernel.org/networking/bridge.html",
    tags: ["security", "host"],
    proof: {
        file: "test/live/operator-path.spec.ts",
        shows: "may end where the port says that it takes its path; unplugged, the host is as it was",
    },
    appliesTo: ways,
    parameters: {},
    judge({ taken }) {
        if (known(taken) !== true) return undefined;
        return {
            found: "it may cut off an SSH connection to the host at any change",
            set: "Take takesOperatorPath away once the change is made, or exempt the resource until a date, with the reason.",
        };
    },
    fix: "Remove takesOperatorPath after the change that needs it.",
    examples: {
        good: [
            made("host:BridgePort", { name: "eth0", bridge: "br-mgmt" }),
            made("host:Address", { link: "br-mgmt", address: "10.0.0.1/24", takesOperatorPath: false }),
        ],
        bad: [
            taking("host:BridgePort", { name: "eth0", bridge: "br-mgmt" }),
            made("ovs:PortSet", { bridge: "br0", ports: { tap0: { tag: 10, takesOperatorPath: true } } }),
        ],
    },
});

export const operatorRules = [operatorGuardOff];
