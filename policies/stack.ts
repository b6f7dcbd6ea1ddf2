/** All resources of a stack at once, by what they are: bridges, ports, taps and guests' NICs, each read once. */
import { at, countAt, listAt, type Resource, textAt } from "./inputs";
import { type Maybe, maybe, known, NotKnown } from "./known";
import { type GuestNic, onOpenVSwitch } from "./nics/guest-nic";
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
    /** All that it says. */
    props: unknown;
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

/** Interface types that lead to another switch; a port of DPDK or AF_XDP is a NIC. */
const BETWEEN_SWITCHES = [
    ...["patch", "vxlan", "geneve", "gre", "ip6gre", "erspan", "ip6erspan", "stt", "lisp", "gtpu", "bareudp", "srv6"],
    ...["dpdk", "afxdp", "afxdp-nonpmd"],
];

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

    /**
     * NICs that libvirt itself plugs into Open vSwitch, by a port that nobody declares. What is not known yet is left out, and
     * so are NICs on a network that was not read and port groups, whose guests may say more.
     */
    readonly libvirtPorts = this.once((): StackNic[] =>
        this.nics().filter(
            ({ nic }) =>
                nic.label === undefined &&
                nic.backend === "bridge" &&
                maybe(() => onOpenVSwitch(nic) && !this.#isDeclared(known(nic.tap))) === true,
        ),
    );

    /** Whether a port of that name is declared. @throws NotKnown where it may be */
    #isDeclared(name: string | undefined): boolean {
        if (name === undefined) return false;
        if (this.portByName().has(name)) return true;
        known(this.#unnamed());
        return false;
    }

    /** A name of a port that is not known yet; undefined where there is none. */
    readonly #unnamed = this.once(() => this.ports().find(({ name }) => name instanceof NotKnown)?.name);

    /** Ports that are uplinks, by their bridge. @throws NotKnown */
    readonly uplinkPorts = this.once(() => {
        const byBridge = new Map<string | undefined, StackPort[]>();
        for (const port of this.ports()) {
            const bridge = known(port.bridge);
            if (this.isUplink(bridge, known(port.name))) byBridge.set(bridge, [...(byBridge.get(bridge) ?? []), port]);
        }
        return byBridge;
    });

    /** Whether a port leads out of its bridge, to the wire or to another switch. @throws NotKnown */
    leadsOut(port: StackPort): boolean {
        return (
            BETWEEN_SWITCHES.includes(known(port.type) ?? "system") ||
            this.isUplink(known(port.bridge), known(port.name)) ||
            known(port.interfaces).length > 0
        );
    }

    /** Ports that a guest is behind: those of the host's own devices that lead nowhere else. @throws NotKnown */
    isGuests(port: StackPort): boolean {
        return !this.leadsOut(port) && known(port.type) !== "internal";
    }

    /** Links by the bridge that they are plugged into, whichever kind it is. What is not known yet is left out. */
    readonly plugged = this.once(() => {
        const links = new Map<string, string>();
        for (const { name, bridge } of [...this.ports(), ...this.bridgePorts()])
            if (typeof name === "string" && typeof bridge === "string") links.set(name, bridge);
        return links;
    });

    /** Ports of Open vSwitch by name. What is not known yet is left out. */
    readonly portByName = this.once(
        () => new Map(this.ports().flatMap((port) => (typeof port.name === "string" ? [[port.name, port]] : []))),
    );

    /** Addresses that the host has: link, and text such as `10.0.0.1/24`. What is not known yet is left out. */
    readonly addresses = this.once(() =>
        this.of("kvmnet:host:Address").flatMap((resource) => {
            const [link, address] = [textAt(resource.props, "link"), textAt(resource.props, "address")];
            return typeof link === "string" && typeof address === "string" ? [{ resource, link, address }] : [];
        }),
    );

    /** MTU of links by name. What is not known yet is left out. */
    readonly mtus = this.once(() => {
        const mtus = new Map<string, number>();
        for (const { name, mtu } of this.links())
            if (typeof name === "string" && typeof mtu === "number") mtus.set(name, mtu);
        for (const { name, tapMtu } of this.ports())
            if (typeof name === "string" && typeof tapMtu === "number") mtus.set(name, tapMtu);
        return mtus;
    });

    /** Bridges that a guest is plugged into: by a tap of ours, or by libvirt. What is not known yet is left out. */
    readonly guestBridges = this.once(() => {
        const taps = new Set<string>();
        for (const { props } of this.of("kvmnet:host:Tap")) {
            const name = textAt(props, "name");
            if (typeof name === "string") taps.add(name);
        }
        const bridges = new Set<string>();
        for (const { nic } of this.nics()) {
            const bridge = maybe(() => known(nic.said("bridge")));
            if (typeof bridge === "string") bridges.add(bridge);
            if (typeof nic.tap === "string") taps.add(nic.tap);
        }
        for (const { name, bridge, tapMtu } of this.ports())
            if (typeof name === "string" && tapMtu !== undefined && typeof bridge === "string") bridges.add(bridge);
        for (const tap of taps) {
            const bridge = this.plugged().get(tap);
            if (bridge !== undefined) bridges.add(bridge);
        }
        return bridges;
    });

    /** What a setting of the kernel is set to; undefined where nobody sets it. @throws NotKnown */
    sysctl(key: string): { resource: Resource; value: string | undefined } | undefined {
        const resource = this.of("kvmnet:host:Sysctl").find(({ props }) => textAt(props, "key") === key);
        return resource && { resource, value: known(textAt(resource.props, "value")) };
    }

    readonly #byType = this.once(() => {
        const byType = new Map<string, Resource[]>();
        for (const resource of this.resources) {
            const same = byType.get(resource.type);
            if (same) same.push(resource);
            else byType.set(resource.type, [resource]);
        }
        return byType;
    });

    of(type: string): readonly Resource[] {
        return this.#byType().get(type) ?? [];
    }

    /** Uplinks by bridge; what of them is not known. */
    readonly #uplinks = this.once(() => {
        const uplinks = new Map<string | undefined, Set<unknown>>();
        let open: NotKnown | undefined;
        for (const { kind, name, uplinks: named } of this.bridges()) {
            if (kind !== "ovs") continue;
            if (name instanceof NotKnown) open = name;
            else if (named instanceof NotKnown) open = named;
            else uplinks.set(name, new Set([...(uplinks.get(name) ?? []), ...named]));
        }
        return { uplinks, open };
    });

    /** Whether a name is among a bridge's uplinks. @throws NotKnown */
    isUplink(bridge: string | undefined, name: string | undefined): boolean {
        const { uplinks, open } = this.#uplinks();
        if (uplinks.get(bridge)?.has(name)) return true;
        if (open) throw open;
        return false;
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
        props,
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
