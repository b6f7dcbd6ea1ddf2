import * as pulumi from "@pulumi/pulumi";
import { host, ovs } from "../resources";
import { carriedBy } from "./carried-vlans";
import { VlanTapOf, type VlanTapInput } from "../schemas/vlan-tap";
import { Component, parseArgs, type Transform } from "./component";
import { ifName } from "./names";
import { OvsSwitch } from "./ovs-switch";

/** How a user may adjust what a VLAN tap is made of. */
export interface VlanTapTransform {
    tap?: Transform<host.TapArgs>;
    port?: Transform<ovs.PortArgs>;
    qos?: Transform<ovs.QosArgs>;
}

export interface VlanTapArgs extends Omit<VlanTapInput, "name"> {
    /** Name on the host; absent means the logical name, shortened where it must be. */
    name?: string;
    /** Switch to plug into, or the name of an Open vSwitch bridge made elsewhere. */
    switch: OvsSwitch | pulumi.Input<string>;
    transform?: VlanTapTransform;
}

/**
 * A tap on the host and its port on an Open vSwitch switch, for one guest NIC: an access port of one VLAN, or a trunk of
 * the VLANs that are listed, and never of all.
 */
export class VlanTap extends Component {
    /** Name of the tap on the host. */
    readonly tapName: pulumi.Output<string>;
    /** Name of the bridge that it is plugged into. */
    readonly bridgeName: pulumi.Output<string>;
    /** Access or native VLAN [802.1Q id]; undefined on a trunk that has none. */
    readonly vlan: pulumi.Output<number | undefined>;
    /** VLANs that a trunk carries with a tag, as ids and ranges; undefined on an access port. */
    readonly trunks: pulumi.Output<string[] | undefined>;
    /** MTU of the tap [byte]. */
    readonly mtu: pulumi.Output<number>;

    /** @throws pulumi.RunError with everything wrong in the arguments */
    constructor(
        name: string,
        { transform, switch: plug, ...args }: VlanTapArgs,
        opts?: pulumi.ComponentResourceOptions,
    ) {
        const onSwitch = plug instanceof OvsSwitch ? plug : undefined;
        const vlans = onSwitch?.vlans ?? {};
        const settings = parseArgs(
            VlanTapOf(vlans),
            { ...args, name: args.name ?? ifName(name) },
            `VlanTap ${name}`,
            args.portSecurity && onSwitch?.portSecurityProblems(),
        );
        const { vlan, trunk, rateLimit, qos, portSecurity, ...tapInputs } = settings;
        if (rateLimit?.toGuest) onSwitch?.requireOwnQos(`VlanTap ${name}`, tapInputs.name);
        const carried = carriedBy({ vlan, trunk }, vlans);
        super("VlanTap", name, { ...settings, ...carried }, opts);
        const bridge = plug instanceof OvsSwitch ? plug.bridgeName : plug;

        const tap = new host.Tap(...this.child("tap", tapInputs, transform?.tap));
        const shaper = rateLimit?.toGuest
            ? this.#shaper(tapInputs.name, rateLimit.toGuest, transform?.qos)
            : qos && (onSwitch?.qosName(qos) ?? qos);
        const limit = rateLimit?.fromGuest;
        const port = new ovs.Port(
            ...this.child(
                "port",
                {
                    name: tap.name,
                    bridge,
                    ...carried,
                    ...(shaper ? { qos: shaper } : {}),
                    ...(limit ? { ingress: { rate: limit, burst: rateLimit.burst } } : {}),
                    ...(portSecurity ? { portSecurity } : {}),
                },
                transform?.port,
            ),
        );

        this.tapName = tap.name;
        this.bridgeName = port.bridge;
        this.vlan = port.tag;
        this.trunks = port.trunks;
        this.mtu = tap.mtu;
        this.registerOutputs({
            tapName: this.tapName,
            bridgeName: this.bridgeName,
            vlan: this.vlan,
            trunks: this.trunks,
            mtu: this.mtu,
            rateLimit,
            portSecurity,
        });
    }

    #shaper(tap: string, rate: string, by?: Transform<ovs.QosArgs>): pulumi.Output<string> {
        return new ovs.Qos(...this.child("qos", { name: tap, type: "linux-htb", maxRate: rate }, by)).name;
    }
}
