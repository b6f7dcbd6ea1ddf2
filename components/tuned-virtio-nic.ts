import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { host, ovs } from "../resources";
import type { DeclaredNic } from "../schemas/declared";
import type { TapInput } from "../schemas/links";
import { withCrossCheck } from "../schemas/named";
import { NicSecurity, securityOf } from "../schemas/nic-security";
import { type Problem, problemsOf } from "../schemas/problems";
import { Label, VlanId } from "../schemas/units";
import { vlanIdOf } from "../schemas/vlan-names";
import { VlanTapFields } from "../schemas/vlan-tap";
import { checkNic, type DecidedNic, VirtioNic, type VirtioNicInput } from "../schemas/virtio-nic";
import type { TunedNic } from "../tuning/nic";
import { Component, parseArgs, thisStack, type Transform } from "./component";
import { decideNic } from "./decided-nic";
import { LinuxBridge } from "./linux-bridge";
import { takeDerived } from "./derived-macs";
import { ifName, nicMac } from "./names";
import { OvsSwitch, vlanOn } from "./ovs-switch";
import { VlanTap, type VlanTapArgs, type VlanTapTransform } from "./vlan-tap";

const NicSchema = withCrossCheck(
    VirtioNic.extend({
        guest: Label,
        nic: Label,
        vcpus: z.int("vcpus is a whole number from 1 to 512").min(1, "a guest has at least 1 vCPU").max(512),
        vlan: VlanId.optional(),
        trunk: VlanTapFields.shape.trunk,
        rateLimit: VlanTapFields.shape.rateLimit,
        qos: VlanTapFields.shape.qos,
        portSecurity: NicSecurity.optional(),
        plug: z.enum(["switch", "bridge"], {
            error: "a NIC is plugged into exactly one of switch and bridge; set one of them",
        }),
    }),
    (args, say) => {
        checkNic(args, [], say);
        if (args.plug === "bridge" && args.vhostUserSocket !== undefined)
            say(["vhostUserSocket"], "a Linux bridge has no vhost-user; plug the NIC into a switch with DPDK");
        for (const key of ["trunk", "rateLimit", "qos"] as const)
            if (args[key] !== undefined && (args.plug === "bridge" || args.vhostUserSocket !== undefined))
                say([key], `${key} is for a tap on an Open vSwitch switch; remove it`);
        if (args.plug === "bridge" && args.portSecurity !== undefined)
            say(["portSecurity"], "portSecurity is for a NIC on an Open vSwitch switch; remove it");
        if (args.plug === "switch" && args.vlan === undefined && args.trunk === undefined)
            say(
                ["vlan"],
                "a NIC on a switch needs its VLAN, else it carries every one; set a name out of the switch's vlans, or an id",
            );
        if (args.plug === "bridge" && args.vlan !== undefined)
            say(["vlan"], "a NIC on a Linux bridge has no VLAN here; plug it into a switch or remove vlan");
    },
);

/** How a user may adjust what a NIC is made of on the host. */
export interface TunedVirtioNicTransform extends VlanTapTransform {
    bridgePort?: Transform<host.BridgePortArgs>;
}

/** What a NIC is plugged into: a switch and one of its VLANs, or a Linux bridge. */
interface Plug {
    /** Switch to plug into, or the name of an Open vSwitch bridge made elsewhere. */
    switch?: OvsSwitch | pulumi.Input<string>;
    /** Access VLAN on the switch: a name out of its VLANs, or an id. */
    vlan?: string | number;
    /** Linux bridge to plug into, or the name of one made elsewhere. */
    bridge?: LinuxBridge | pulumi.Input<string>;
}

export interface TunedVirtioNicArgs extends VirtioNicInput, Plug, Pick<VlanTapArgs, "trunk" | "rateLimit" | "qos"> {
    /** Name of the guest that has this NIC. */
    guest: string;
    /** Name of the NIC in its guest; absent means the logical name. */
    nic?: string;
    /** As whom the guest may send, on a switch with `portSecurity`: `{}` takes MAC and address from the NIC. */
    portSecurity?: z.input<typeof NicSecurity>;
    /** Virtual CPUs of the guest [count]: the tuning model derives the queues from it. */
    vcpus: number;
    transform?: TunedVirtioNicTransform;
}

/** One NIC of a guest with every value decided, and its tap on a switch or bridge of the host. */
export class TunedVirtioNic extends Component {
    /** All that the guest's domain is written from. */
    readonly decided: DecidedNic;
    /** Why the queues and rings are what they are. */
    readonly reasons: TunedNic;
    /** Address of the guest's interface with its prefix length, where one was given. */
    readonly address: string | undefined;
    /**
     * How the guest comes to its address and reaches others, as it was declared: by the Linux bridge, or by the VLAN of
     * what it sends without a tag.
     */
    readonly network: Pick<z.output<typeof VirtioNic>, "dhcp" | "gateway" | "nameservers"> &
        Pick<Plug, "bridge"> & { vlan?: number };
    /** Name of the tap that the domain opens; of the switch's port where the NIC is vhost-user's. */
    readonly tapName: pulumi.Output<string>;
    /** What a guest and its host are held against. */
    readonly declared: pulumi.Output<DeclaredNic>;

    /** @throws pulumi.RunError with everything wrong in the arguments */
    constructor(name: string, { transform, ...args }: TunedVirtioNicArgs, opts?: pulumi.ComponentResourceOptions) {
        const { switch: ovsSwitch, bridge: linuxBridge } = args;
        const given = judgedOf({ ...args, nic: args.nic ?? name });
        const settings = parseArgs(NicSchema, given, `TunedVirtioNic ${name}`, problemsOfSwitch(args));
        const { guest, nic, vcpus, vlan, address } = settings;
        const decision = decideNic(settings, vcpus, nicMac(thisStack(), guest, nic));
        if (settings.mac === undefined) takeDerived(decision.nic.mac, name);
        super("TunedVirtioNic", name, { ...settings, ...decision.nic }, opts);
        const onHost = { name: ifName(guest, nic), multiQueue: decision.nic.queues > 1, mtu: decision.nic.mtu };

        const { vhostUserSocket, trunk, rateLimit, qos } = settings;
        const portSecurity =
            settings.portSecurity && securityOf(settings.portSecurity, { mac: decision.nic.mac, address });
        const { tapName, bridgeName } =
            ovsSwitch === undefined
                ? this.#onBridge(onHost, linuxBridge!, transform)
                : vhostUserSocket === undefined
                  ? this.#onSwitch({
                        ...onHost,
                        switch: ovsSwitch,
                        vlan,
                        trunk,
                        rateLimit,
                        qos,
                        portSecurity,
                        transform,
                    })
                  : this.#byVhostUser({ ...onHost, switch: ovsSwitch, vlan, portSecurity, transform }, vhostUserSocket);

        this.decided = decision.nic;
        this.reasons = decision.reasons;
        this.address = address;
        this.network = { ...settings, vlan: vlan ?? nativeOf(ovsSwitch, trunk?.native), bridge: linuxBridge };
        this.tapName = tapName;
        this.declared = pulumi.all([tapName, bridgeName]).apply(([tap, bridge]): DeclaredNic => ({
            guest,
            nic,
            ...decision.nic,
            tap,
            plug: { kind: ovsSwitch === undefined ? "linux" : "ovs", bridge, vlan: vlan ?? null },
            address: address ?? null,
        }));
        const { reasons } = decision;
        this.registerOutputs({
            ...{ guest, nic, vcpus, ...decision.nic, tapName, bridgeName, vlan, address },
            ...{ trunk, rateLimit, portSecurity, reasons },
        });
    }

    #onSwitch(args: VlanTapArgs): OnHost {
        return new VlanTap(...this.child("tap", args));
    }

    /** The switch has DPDK and is the socket's client; QEMU keeps the socket, so that either may be started again. */
    #byVhostUser(
        { name, switch: plug, vlan, mtu, portSecurity, transform }: VlanTapArgs,
        vhostServerPath: string,
    ): OnHost {
        const inputs = {
            name: name ?? "",
            bridge: plug instanceof OvsSwitch ? plug.bridgeName : plug,
            type: "dpdkvhostuserclient" as const,
            options: { vhostServerPath },
            tag: Number(vlan),
            mtuRequest: mtu,
            ...(portSecurity ? { portSecurity } : {}),
        };
        const port = new ovs.Port(...this.child("port", inputs, transform?.port));
        return { tapName: port.name, bridgeName: port.bridge };
    }

    #onBridge(
        tapInputs: TapInput,
        plug: LinuxBridge | pulumi.Input<string>,
        transform?: TunedVirtioNicTransform,
    ): OnHost {
        const bridge = plug instanceof LinuxBridge ? plug.bridgeName : plug;
        const tap = new host.Tap(...this.child("tap", tapInputs, transform?.tap));
        const port = new host.BridgePort(...this.child("port", { name: tap.name, bridge }, transform?.bridgePort));
        return { tapName: tap.name, bridgeName: port.bridge };
    }
}

/** What is wrong with a NIC, for a guest that tells it beside what is its own. */
export function nicProblems(args: TunedVirtioNicArgs): Problem[] {
    const given = judgedOf(args);
    const { error } = NicSchema.safeParse(given);
    return [...(error ? problemsOf(error, given, NicSchema) : []), ...problemsOfSwitch(args)];
}

/** What a switch of ours has not that a NIC needs of it. */
const problemsOfSwitch = ({ switch: plug, portSecurity }: Pick<TunedVirtioNicArgs, "switch" | "portSecurity">) =>
    portSecurity && plug instanceof OvsSwitch ? plug.portSecurityProblems() : [];

/** The arguments as its schema judges them: what it is plugged into by its kind, the VLAN by its id. */
const judgedOf = ({ switch: ovsSwitch, bridge, ...args }: TunedVirtioNicArgs) => ({
    ...args,
    vlan: vlanOn(ovsSwitch, args.vlan),
    plug: plugOf(ovsSwitch, bridge),
});

interface OnHost {
    tapName: pulumi.Output<string>;
    bridgeName: pulumi.Output<string>;
}

function plugOf(ovsSwitch: unknown, linuxBridge: unknown): "switch" | "bridge" | undefined {
    if ((ovsSwitch === undefined) === (linuxBridge === undefined)) return undefined;
    return ovsSwitch === undefined ? "bridge" : "switch";
}

const nativeOf = (plug: Plug["switch"], native: Plug["vlan"]) =>
    native === undefined ? undefined : vlanIdOf(native, plug instanceof OvsSwitch ? plug.vlans : {});
