import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { host, ovs } from "../resources";
import { checkDhcp, DhcpServerFields, USUAL_PREFIX, type DhcpRange } from "../schemas/dhcp";
import { isV6, lengthOf, networkOf } from "../schemas/ip-text";
import { withCrossCheck } from "../schemas/named";
import { takesOperatorPathAsAddress } from "../schemas/operator-path";
import { AddressWithPrefix, IfName, VlanId } from "../schemas/units";
import { Component, parseArgs, type Transform } from "./component";
import { checkClaims, claimsOf, withClaims, type Claim } from "./guest-reservations";
import { LinuxBridge } from "./linux-bridge";
import { ifName } from "./names";
import { OvsSwitch, vlanOn } from "./ovs-switch";
import type { VirtualMachine } from "./virtual-machine";

const DhcpServiceOf = (claims: Claim[]) =>
    withCrossCheck(
        DhcpServerFields.omit({ interface: true }).extend({
            name: IfName,
            address: AddressWithPrefix.describe("Address of the host in the guests' network, such as 10.0.0.1/24."),
            vlan: VlanId.optional(),
            takesOperatorPath: takesOperatorPathAsAddress,
            ranges: DhcpServerFields.shape.ranges.optional(),
            plug: z.enum(["switch", "bridge"], {
                error: "a DHCP service serves exactly one of switch and bridge; set one of them",
            }),
        }),
        ({ plug, vlan, ...server }, say) => {
            checkDhcp({ ...server, ranges: server.ranges ?? [{ start: server.address }] }, say);
            if (plug === "switch" && vlan === undefined)
                say(
                    ["vlan"],
                    "a DHCP service on a switch serves one VLAN; set a name out of the switch's vlans, or an id",
                );
            if (plug === "bridge" && vlan !== undefined) say(["vlan"], "a Linux bridge has no VLAN here; remove vlan");
            checkClaims(claims, server, say);
        },
    );

type Fields = Omit<z.input<ReturnType<typeof DhcpServiceOf>>, "name" | "vlan" | "plug">;

export interface DhcpServiceArgs extends Fields {
    /** Name of the host's own port on the switch; absent means the logical name, shortened where it must be. */
    name?: string;
    /** Switch whose VLAN is served, or the name of an Open vSwitch bridge made elsewhere. */
    switch?: OvsSwitch | pulumi.Input<string>;
    /** VLAN that is served: a name out of the switch's VLANs, or an id. */
    vlan?: string | number;
    /** Linux bridge that is served, or the name of one made elsewhere. */
    bridge?: LinuxBridge | pulumi.Input<string>;
    /**
     * Guests whose NICs of this network get what they declare: each NIC with `dhcp` its `address`, and the guest's name,
     * with the NIC's name behind it where a guest has several. What `reservations` says of the same MAC address under
     * that name stands in its place.
     */
    guests?: readonly VirtualMachine[];
    transform?: {
        port?: Transform<ovs.PortArgs>;
        address?: Transform<host.AddressArgs>;
        server?: Transform<host.DhcpServerArgs>;
    };
}

/** Addresses and names for the guests of one VLAN or bridge, by dnsmasq on the host. */
export class DhcpService extends Component {
    /** Interface of the host on which it answers. */
    readonly interfaceName: pulumi.Output<string>;
    /** File on the host in which the leases are kept. */
    readonly leaseFile: pulumi.Output<string>;

    /** @throws pulumi.RunError with everything wrong in the arguments */
    constructor(
        name: string,
        { transform, guests = [], switch: ovsSwitch, bridge, ...args }: DhcpServiceArgs,
        opts?: pulumi.ComponentResourceOptions,
    ) {
        const vlan = vlanOn(ovsSwitch, args.vlan);
        const plug = (ovsSwitch === undefined) === (bridge === undefined) ? undefined : ovsSwitch ? "switch" : "bridge";
        const claims = claimsOf(guests, { address: args.address, vlan, bridge });
        const parsed = parseArgs(
            DhcpServiceOf(claims),
            { ...args, name: args.name ?? ifName(name), vlan, plug },
            `DhcpService ${name}`,
        );
        const settings = { ...parsed, reservations: withClaims(claims, parsed.reservations) };
        super("DhcpService", name, settings, opts);
        const { address, ranges, plug: _plug, vlan: tag, name: portName, takesOperatorPath, ...server } = settings;

        let link: pulumi.Input<string>;
        if (ovsSwitch === undefined) link = bridge instanceof LinuxBridge ? bridge.bridgeName : bridge!;
        else {
            const onto = ovsSwitch instanceof OvsSwitch ? ovsSwitch.bridgeName : ovsSwitch;
            const inputs = { name: portName, bridge: onto, type: "internal" as const, tag };
            link = new ovs.Port(...this.child("port", inputs, transform?.port)).name;
        }
        const given = { link, address, takesOperatorPath };
        const own = new host.Address(...this.child("address", given, transform?.address));
        const inputs = {
            ...server,
            interface: own.link,
            ranges: ranges ?? [ownRange(address)],
        };
        const dhcp = new host.DhcpServer(
            ...this.child<host.DhcpServerArgs>("server", inputs, transform?.server, { dependsOn: own }),
        );

        this.interfaceName = own.link;
        this.leaseFile = dhcp.leaseFile;
        this.registerOutputs({ interfaceName: this.interfaceName, leaseFile: this.leaseFile, vlan: tag, address });
    }
}

/** The network of an address, for reservations alone: all of it by IPv4, and of IPv6 as much as dnsmasq takes for one. */
function ownRange(address: string): Omit<DhcpRange, "leaseTime"> {
    const [own = ""] = address.split("/");
    if (!isV6(own)) return { start: startOf(address) };
    const prefixLength = Math.max(USUAL_PREFIX, lengthOf(address));
    const start = startOf(`${own}/${prefixLength}`);
    return prefixLength === USUAL_PREFIX ? { start } : { start, prefixLength };
}

const startOf = (address: string): string => networkOf(address).split("/")[0] ?? "";
