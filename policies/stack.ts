/** All resources of a stack at once, by what they are: bridges, ports, taps and guests' NICs, each read once. */
import { at, countAt, listAt, type Resource, textAt } from "./inputs";
import { type Maybe, maybe, known, NotKnown } from "./known";
import type { GuestNic } from "./nics/guest-nic";
import { guestNics } from "./nics/reader";

/** A port of Open vSwitch, alone or one of a set. */
export interface StackPort {
    resource: Resource;
    name: Maybe<string | undefined>;
    bridge: Maybe<string | undefined>;
    type: Maybe<string | undefined>;
    vlanMode: Maybe<string | undefined>;
    tag: Maybe<number | undefined>;
    trunks: Maybe<unknown[]>;
    cvlans: Maybe<unknown[]>;
    interfaces: Maybe<unknown[]>;
    /** MTU of the tap that a set makes with the port. */
    tapMtu: Maybe<number | undefined>;
}

export interface StackBridge {
    resource: Resource;
    kind: "ovs" | "linux";
    name: Maybe<string | undefined>;
    uplinks: Maybe<unknown[]>;
    mtu: Maybe<number | undefined>;
    /** Whether a spanning tree runs. */
    stp: Maybe<boolean>;
}

/** A link that has an MTU: a tap, a bond, a VLAN, ... */
export interface StackLink {
    resource: Resource;
    name: Maybe<string | undefined>;
    mtu: Maybe<number | undefined>;
}

export interface StackNic {
    resource: Resource;
    nic: GuestNic;
}

const LINKS = ["Tap", "Veth", "Vlan", "Bond", "Vxlan", "Macvtap", "Dummy", "Link"].map((name) => `kvmnet:host:${name}`);

export class Stack {
    constructor(readonly resources: readonly Resource[]) {}

    readonly ports = this.once((): StackPort[] => [
        ...this.of("kvmnet:ovs:Port").map((resource) => portOf(resource, resource.props, at(resource.props, "name"))),
        ...this.of("kvmnet:ovs:PortSet").flatMap((resource) =>
            Object.entries(objectOf(at(resource.props, "ports"))).map(([name, port]) => ({
                ...portOf(resource, port, name),
                bridge: textAt(resource.props, "bridge"),
            })),
        ),
    ]);

    readonly bridges = this.once((): StackBridge[] => [
        ...this.of("kvmnet:ovs:Bridge").map((resource) => bridgeOf(resource, "ovs")),
        ...this.of("kvmnet:host:Bridge").map((resource) => bridgeOf(resource, "linux")),
    ]);

    readonly links = this.once((): StackLink[] =>
        this.resources
            .filter(({ type }) => LINKS.includes(type))
            .map((resource) => ({
                resource,
                name: textAt(resource.props, "name"),
                mtu: countAt(undefined, resource.props, "mtu"),
            })),
    );

    /** What plugs a link into a Linux bridge. */
    readonly bridgePorts = this.once(() =>
        this.of("kvmnet:host:BridgePort").map((resource) => ({
            resource,
            name: textAt(resource.props, "name"),
            bridge: textAt(resource.props, "bridge"),
        })),
    );

    readonly nics = this.once((): StackNic[] =>
        this.resources
            .filter(({ type }) => guestNics.types.includes(type))
            .flatMap((resource) =>
                guestNics.read(resource.props).flatMap((nic) => (nic instanceof NotKnown ? [] : [{ resource, nic }])),
            ),
    );

    /** Ports that are uplinks, by their bridge. @throws NotKnown */
    readonly uplinkPorts = this.once(() => {
        const byBridge = new Map<string | undefined, StackPort[]>();
        for (const port of this.ports()) {
            const bridge = known(port.bridge);
            if (this.isUplink(bridge, known(port.name))) byBridge.set(bridge, [...(byBridge.get(bridge) ?? []), port]);
        }
        return byBridge;
    });

    of(type: string): Resource[] {
        return this.resources.filter((resource) => resource.type === type);
    }

    /** Whether a name is among a bridge's uplinks. @throws NotKnown */
    isUplink(bridge: string | undefined, name: string | undefined): boolean {
        return this.bridges().some(
            (one) => one.kind === "ovs" && known(one.name) === bridge && known(one.uplinks).includes(name),
        );
    }

    private once<Value>(work: () => Value): () => Value {
        let value: { is: Value } | undefined;
        return () => (value ??= { is: work() }).is;
    }
}

function portOf(resource: Resource, props: unknown, name: unknown): StackPort {
    return {
        resource,
        name: typeof name === "string" || name instanceof NotKnown ? name : undefined,
        bridge: textAt(props, "bridge"),
        type: textAt(props, "type"),
        vlanMode: textAt(props, "vlanMode"),
        tag: countAt(undefined, props, "tag"),
        trunks: listAt(props, "trunks"),
        cvlans: listAt(props, "cvlans"),
        interfaces: listAt(props, "interfaces"),
        tapMtu: countAt(undefined, props, "tap", "mtu"),
    };
}

function bridgeOf(resource: Resource, kind: StackBridge["kind"]): StackBridge {
    const { props } = resource;
    return {
        resource,
        kind,
        name: textAt(props, "name"),
        uplinks: listAt(props, "uplinks"),
        mtu: countAt(undefined, props, kind === "ovs" ? "mtuRequest" : "mtu"),
        stp: maybe(() => known(at(props, "stp")) === true || known(at(props, "rstp")) === true),
    };
}

const objectOf = (value: unknown): object =>
    typeof value === "object" && value !== null && !(value instanceof NotKnown) && !Array.isArray(value) ? value : {};
