import type * as pulumi from "@pulumi/pulumi";
import { host } from "../resources";
import { BridgeWithPorts, type BridgeWithPortsInput } from "../schemas/bridge-with-ports";
import { Component, parseArgs, type Transform } from "./component";
import { ifName } from "./names";

export interface LinuxBridgeArgs extends Omit<BridgeWithPortsInput, "name"> {
    /** Name on the host; absent means the logical name, shortened where it must be. */
    name?: string;
    transform?: {
        bridge?: Transform<host.BridgeArgs>;
        port?: Transform<host.BridgePortArgs>;
        address?: Transform<host.AddressArgs>;
    };
}

/** A Linux bridge on the host, with its ports and, where the host takes part, its addresses. */
export class LinuxBridge extends Component {
    /** Name of the bridge on the host. */
    readonly bridgeName: pulumi.Output<string>;
    /** MTU of the bridge [byte]. */
    readonly mtu: pulumi.Output<number>;

    /** @throws pulumi.RunError with everything wrong in the arguments */
    constructor(name: string, { transform, ...args }: LinuxBridgeArgs = {}, opts?: pulumi.ComponentResourceOptions) {
        const settings = parseArgs(
            BridgeWithPorts,
            { ...args, name: args.name ?? ifName(name) },
            `LinuxBridge ${name}`,
        );
        super("LinuxBridge", name, settings, opts);
        const { ports, addresses, takesOperatorPath, ...inputs } = settings;

        const bridge = new host.Bridge(...this.child("bridge", { ...inputs, takesOperatorPath }, transform?.bridge));
        for (const [port, carried] of Object.entries(ports)) {
            const plugged = { name: port, bridge: bridge.name, takesOperatorPath, ...carried };
            new host.BridgePort(...this.child(`port-${port}`, plugged, transform?.port));
        }
        for (const address of addresses) {
            const role = `address-${address.replace(/[:/]/g, "-")}`;
            const given = { link: bridge.name, address, takesOperatorPath };
            new host.Address(...this.child(role, given, transform?.address));
        }

        this.bridgeName = bridge.name;
        this.mtu = bridge.mtu;
        this.registerOutputs({
            bridgeName: this.bridgeName,
            ports: Object.keys(ports),
            addresses,
            mtu: this.mtu,
            vlanFiltering: inputs.vlanFiltering ?? false,
        });
    }
}
