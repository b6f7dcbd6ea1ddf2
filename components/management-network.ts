import * as pulumi from "@pulumi/pulumi";
import { host } from "../resources";
import { isV6 } from "../schemas/ip-text";
import {
    ManagementNetwork as ManagementNetworkSchema,
    type ManagementNetworkInput,
} from "../schemas/management-network";
import { Component, parseArgs, type Transform } from "./component";
import { ifName } from "./names";

export interface ManagementNetworkArgs extends Omit<ManagementNetworkInput, "name"> {
    /** Name of the bridge on the host; absent means the logical name, shortened where it must be. */
    name?: string;
    /** Link of the host by which the network is reached: often the output of an `Uplink` in the same program. */
    uplink: pulumi.Input<string>;
    transform?: {
        bridge?: Transform<host.BridgeArgs>;
        vlan?: Transform<host.VlanArgs>;
        port?: Transform<host.BridgePortArgs>;
        address?: Transform<host.AddressArgs>;
        route?: Transform<host.RouteArgs>;
    };
}

/**
 * A Linux bridge with the addresses by which the host is managed, its uplink or one VLAN of it, and its default routes. It
 * takes no path that an SSH connection to the host uses, unless it is told so.
 */
export class ManagementNetwork extends Component {
    /** Name of the bridge on the host. */
    readonly bridgeName: pulumi.Output<string>;
    /** MTU of the bridge [byte]. */
    readonly mtu: pulumi.Output<number>;

    /** @throws pulumi.RunError with everything wrong in the arguments */
    constructor(
        name: string,
        { transform, uplink, ...args }: ManagementNetworkArgs,
        opts?: pulumi.ComponentResourceOptions,
    ) {
        const settings = parseArgs(
            ManagementNetworkSchema,
            { ...args, name: args.name ?? ifName(name) },
            `ManagementNetwork ${name}`,
        );
        super("ManagementNetwork", name, settings, opts);
        const { vlan, addresses, gateways, metric, takesOperatorPath, ...inputs } = settings;

        const bridge = new host.Bridge(...this.child("bridge", { ...inputs, takesOperatorPath }, transform?.bridge));
        const link =
            vlan === undefined
                ? uplink
                : this.#tagged(
                      // Where nothing is said of the MTU, it is the uplink's.
                      {
                          name: ifName(settings.name, `v${vlan}`),
                          link: uplink,
                          vlanId: vlan,
                          mtu: args.mtu,
                          takesOperatorPath,
                      },
                      transform?.vlan,
                  );
        const plugged = { name: link, bridge: bridge.name, takesOperatorPath };
        const port = new host.BridgePort(...this.child("port", plugged, transform?.port));
        const own = addresses.map((address) => {
            const role = `address-${address.replace(/[:/]/g, "-")}`;
            const given = { link: port.bridge, address, takesOperatorPath };
            return new host.Address(...this.child(role, given, transform?.address));
        });
        for (const gateway of gateways) {
            const [role, destination] = isV6(gateway) ? ["default-ipv6", "::/0"] : ["default-ipv4", "0.0.0.0/0"];
            const led = { destination, gateway, link: port.bridge, metric, takesOperatorPath };
            new host.Route(...this.child(role, led, transform?.route, { dependsOn: own }));
        }

        this.bridgeName = bridge.name;
        this.mtu = bridge.mtu;
        this.registerOutputs({
            bridgeName: this.bridgeName,
            ports: [port.name],
            addresses,
            mtu: this.mtu,
            vlanFiltering: false,
            takesOperatorPath,
        });
    }

    #tagged(inputs: host.VlanArgs, by?: Transform<host.VlanArgs>): pulumi.Output<string> {
        return new host.Vlan(...this.child("vlan", inputs, by)).name;
    }
}
