import * as pulumi from "@pulumi/pulumi";
import { host, ovs } from "../resources";
import { Tap, type TapInput } from "../schemas/links";
import { VlanId } from "../schemas/units";
import { Component, parseArgs, type Transform } from "./component";
import { ifName } from "./names";
import { OvsSwitch } from "./ovs-switch";

const VlanTapSchema = Tap.extend({ vlan: VlanId });

/** How a user may adjust what a VLAN tap is made of. */
export interface VlanTapTransform {
    tap?: Transform<host.TapArgs>;
    port?: Transform<ovs.PortArgs>;
}

export interface VlanTapArgs extends Omit<TapInput, "name"> {
    /** Name on the host; absent means the logical name, shortened where it must be. */
    name?: string;
    /** Switch to plug into, or the name of an Open vSwitch bridge made elsewhere. */
    switch: OvsSwitch | pulumi.Input<string>;
    /** Access VLAN: a name out of the switch's VLANs, or an id. */
    vlan: string | number;
    transform?: VlanTapTransform;
}

/** A tap on the host and its access port on an Open vSwitch switch: one VLAN, and nothing else, for one guest NIC. */
export class VlanTap extends Component {
    /** Name of the tap on the host. */
    readonly tapName: pulumi.Output<string>;
    /** Name of the bridge that it is plugged into. */
    readonly bridgeName: pulumi.Output<string>;
    /** Access VLAN [802.1Q id]. */
    readonly vlan: number;

    /** @throws pulumi.RunError with everything wrong in the arguments */
    constructor(
        name: string,
        { transform, switch: plug, ...args }: VlanTapArgs,
        opts?: pulumi.ComponentResourceOptions,
    ) {
        const vlan = plug instanceof OvsSwitch ? plug.vlan(args.vlan) : args.vlan;
        const settings = parseArgs(
            VlanTapSchema,
            { ...args, vlan, name: args.name ?? ifName(name) },
            `VlanTap ${name}`,
        );
        super("VlanTap", name, settings, opts);
        const { vlan: tag, ...tapInputs } = settings;
        const bridge = plug instanceof OvsSwitch ? plug.bridgeName : plug;

        const tap = new host.Tap(...this.child("tap", tapInputs, transform?.tap));
        const port = new ovs.Port(...this.child("port", { name: tap.name, bridge, tag }, transform?.port));

        this.tapName = tap.name;
        this.bridgeName = port.bridge;
        this.vlan = tag;
        this.registerOutputs({ tapName: this.tapName, bridgeName: this.bridgeName, vlan: tag });
    }
}
