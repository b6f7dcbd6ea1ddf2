import * as pulumi from "@pulumi/pulumi";
import { ovs } from "../resources";
import { withCrossCheck } from "../schemas/named";
import { SwitchedName } from "../schemas/ovs-interface";
import { carriedVlans, checkSwitch, SwitchFields, type SwitchInput } from "../schemas/ovs-switch";
import type { Problem } from "../schemas/problems";
import { noSuchVlan, vlanIdOf, vlanListOf } from "../schemas/vlan-names";
import { carriedBy } from "./carried-vlans";
import { Component, parseArgs, type Transform } from "./component";
import { mapped } from "./mapped";
import { ifName } from "./names";

const OvsSwitchSchema = withCrossCheck(SwitchFields.extend({ name: SwitchedName }), checkSwitch);

/** Stands for the name of a bridge that is another resource's output, while the other arguments are judged; nobody's name. */
const ELSEWHERE = "_another-switch";

type PatchInput = NonNullable<SwitchInput["patches"]>[string];

/** How a user may adjust what a switch is made of. */
export interface OvsSwitchTransform {
    bridge?: Transform<ovs.BridgeArgs>;
    uplink?: Transform<ovs.PortArgs>;
    /** Both ends. */
    patch?: Transform<ovs.PortArgs>;
    mirror?: Transform<ovs.MirrorArgs>;
    mirrorPort?: Transform<ovs.PortArgs>;
    flows?: Transform<ovs.FlowsArgs>;
    qos?: Transform<ovs.QosArgs>;
}

export interface OvsSwitchArgs extends Omit<SwitchInput, "patches"> {
    /** Name on the host; absent means the logical name, shortened where it must be. */
    name?: string;
    /** Patches to other switches of the host, by the name of the port; both ends are made here. */
    patches?: Record<string, Omit<PatchInput, "to"> & { to: OvsSwitch | pulumi.Input<string> }>;
    transform?: OvsSwitchTransform;
}

/**
 * A virtual switch on the host: one Open vSwitch bridge whose VLANs have names, its uplinks and patches to other switches,
 * which carry the VLANs that it names or that are listed, its mirrors and its QoS classes.
 */
export class OvsSwitch extends Component {
    /** Name of the bridge on the host. */
    readonly bridgeName: pulumi.Output<string>;
    /** VLAN ids by name. */
    readonly vlans: Readonly<Record<string, number>>;
    /** Names on the host of its QoS classes, by the class. */
    readonly qosNames: Readonly<Record<string, pulumi.Output<string>>>;
    readonly #ownName: string;
    readonly #subject: string;
    readonly #hasPortSecurity: boolean;

    /** @throws pulumi.RunError with everything wrong in the arguments */
    constructor(name: string, { transform, ...args }: OvsSwitchArgs = {}, opts?: pulumi.ComponentResourceOptions) {
        const subject = `OvsSwitch ${name}`;
        const there = mapped(args.patches ?? {}, (_, { to }) => (to instanceof OvsSwitch ? to.bridgeName : to));
        const patches = mapped(args.patches ?? {}, (key, patch) => ({ ...patch, to: plainName(there[key]) }));
        const settings = parseArgs(OvsSwitchSchema, { ...args, patches, name: args.name ?? ifName(name) }, subject);
        const { vlans, uplinks, mirrors, qos, portSecurity, patches: _, ...inputs } = settings;
        super("OvsSwitch", name, { ...settings, patches: mapped(settings.patches, reached) }, opts);
        function reached<Patch extends object>(key: string, patch: Patch) {
            return { ...patch, to: there[key] as pulumi.Input<string> };
        }

        const named = Object.keys(uplinks);
        const ways = {
            ...(named.length > 0 ? { uplinks: named } : {}),
            ...(portSecurity ? { failMode: "secure" as const } : {}),
        };
        const bridge = new ovs.Bridge(...this.child("bridge", { ...inputs, ...ways }, transform?.bridge));
        const on = { bridge: bridge.name };
        if (portSecurity) this.#keptFlows(on, transform?.flows);

        const classes = mapped(
            qos,
            (key, shape) =>
                new ovs.Qos(...this.child(`qos-${key}`, { ...shape, name: `${inputs.name}-${key}` }, transform?.qos)),
        );
        const out = mapped(uplinks, (key, { links, vlans: names, native, mtu, qos: shaper, ...bond }) => {
            const trunk = { vlans: carriedVlans(names, vlans), native };
            const port = {
                ...on,
                name: key,
                ...carriedBy({ trunk }, vlans),
                ...bond,
                ...(links ? { interfaces: links } : {}),
                ...(mtu === undefined ? {} : { mtuRequest: mtu }),
                ...(shaper === undefined ? {} : { qos: classes[shaper]!.name }),
            };
            return new ovs.Port(...this.child(`uplink-${key}`, port, transform?.uplink));
        });
        const across = mapped(settings.patches, (key, { peer = ifName(key, "peer"), vlans: names }) => {
            const both = { type: "patch" as const, vlanMode: "trunk" as const, trunks: carriedVlans(names, vlans) };
            const near = { ...both, ...on, name: key, options: { peer } };
            const far = { ...both, bridge: there[key]!, name: peer, options: { peer: key } };
            new ovs.Port(...this.child(`patch-${key}-peer`, far, transform?.patch));
            return new ovs.Port(...this.child(`patch-${key}`, near, transform?.patch));
        });
        for (const [key, { vlans: names, ports, outputPort, outputVlan, snaplen }] of Object.entries(mirrors)) {
            const listener = outputPort && this.#listener(key, { ...on, name: outputPort }, transform?.mirrorPort);
            const watched = ports?.map((port) => (out[port] ?? across[port])!.name);
            const mirror = {
                ...on,
                name: key,
                selectVlans: vlanListOf(names, vlans),
                ...(watched ? { selectSourcePorts: watched, selectDestinationPorts: watched } : { selectAll: true }),
                ...(listener ? { outputPort: listener } : { outputVlan: vlanIdOf(outputVlan!, vlans) }),
                ...(snaplen === undefined ? {} : { snaplen }),
            };
            new ovs.Mirror(...this.child(`mirror-${key}`, mirror, transform?.mirror));
        }

        this.#ownName = inputs.name;
        this.#subject = subject;
        this.#hasPortSecurity = portSecurity;
        this.vlans = vlans;
        this.bridgeName = bridge.name;
        this.qosNames = mapped(classes, (_, { name }) => name);
        this.registerOutputs({ bridgeName: this.bridgeName, vlans, uplinks: named, portSecurity, qos: this.qosNames });
    }

    /** The id of a VLAN given by its name here or by id. @throws pulumi.RunError that lists the names there are */
    vlan(nameOrId: string | number): number {
        const id = vlanIdOf(nameOrId, this.vlans);
        if (id !== undefined) return id;
        throw new pulumi.RunError(`${this.#subject}: ${noSuchVlan(nameOrId, this.vlans)}.`);
    }

    /** The name on the host of one of its QoS classes. @throws pulumi.RunError that lists the classes there are */
    qosName(key: string): pulumi.Output<string> {
        const name = Object.hasOwn(this.qosNames, key) ? this.qosNames[key] : undefined;
        if (name) return name;
        const names = Object.keys(this.qosNames).join(", ") || "none";
        throw new pulumi.RunError(`${this.#subject}: no QoS class is called "${key}"; declared are: ${names}.`);
    }

    /** @throws pulumi.RunError where the QoS that a tap makes for itself would have the name of one of its classes */
    requireOwnQos(subject: string, tap: string): void {
        if (!Object.keys(this.qosNames).some((key) => `${this.#ownName}-${key}` === tap)) return;
        throw new pulumi.RunError(
            `${subject}: name: rateLimit.toGuest makes a QoS called ${tap}, and a class of ${this.#subject} is called so on the host; ` +
                "give the tap another name.",
        );
    }

    /** Why its taps can have no port security; nothing where they can. */
    portSecurityProblems(): Problem[] {
        if (this.#hasPortSecurity) return [];
        const message =
            "its switch forwards without flows, which a restart would leave open; " +
            `set portSecurity: true on ${this.#subject}`;
        return [{ path: ["portSecurity"], message }];
    }

    /** What a secure bridge needs to switch as usual, and to do so again after a restart. */
    #keptFlows(on: { bridge: pulumi.Output<string> }, by?: Transform<ovs.FlowsArgs>): void {
        const flows = new ovs.Flows(
            ...this.child("flows", { ...on, flows: ["table=10,priority=0,actions=NORMAL"] }, by),
        );
        const [name, inputs, opts] = this.child("keeper", on);
        new ovs.FlowKeeper(name, inputs, { ...opts, dependsOn: flows });
    }

    #listener(mirror: string, inputs: ovs.PortArgs, by?: Transform<ovs.PortArgs>): pulumi.Output<string> {
        return new ovs.Port(...this.child(`mirror-${mirror}-port`, { ...inputs, type: "internal" }, by)).name;
    }
}

/** A switch of ours knows its VLANs by name, too, one that is made elsewhere ids alone; a schema judges what is left. */
export function vlanOn(plug: unknown, vlan: string | number | undefined): string | number | undefined {
    if (vlan === undefined) return undefined;
    return plug instanceof OvsSwitch ? plug.vlan(vlan) : (vlanIdOf(vlan, {}) ?? vlan);
}

/** What cannot be judged here is judged by the provider. */
const plainName = (to: pulumi.Input<string> | undefined) =>
    to === undefined || typeof to === "string" ? to : ELSEWHERE;
