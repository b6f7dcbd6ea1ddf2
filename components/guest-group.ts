import type * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { count } from "../schemas/link-parts";
import { named, withCrossCheck } from "../schemas/named";
import { addressAfter } from "../schemas/ip-text";
import { AddressWithPrefix, Label, VlanId } from "../schemas/units";
import { Component, parseArgs } from "./component";
import {
    VirtualMachine,
    type GuestNicArgs,
    type VirtualMachineArgs,
    type VirtualMachineTransform,
} from "./virtual-machine";

const OWN_MAC = "the guests of a group need a MAC address each; leave mac out to derive them";

const GroupNic = z.looseObject({
    vlans: z
        .array(z.union([VlanId, Label]), "vlans is a list of VLANs, such as ['web', 'db'] or [100, 200]")
        .min(1, "vlans needs at least one VLAN")
        .optional(),
    vlan: z.unknown().optional(),
    firstAddress: AddressWithPrefix.optional(),
    address: z.undefined("the guests of a group need an address each; set firstAddress").optional(),
    mac: z.undefined(OWN_MAC).optional(),
    portSecurity: z.looseObject({ mac: z.undefined(OWN_MAC).optional() }).optional(),
});

export const GroupFields = z.object({
    name: Label,
    count: count("count", 0, 1000, "guests"),
    nics: named(Label, GroupNic, "nics maps names to NICs").default({}),
});

const GroupSchema = withCrossCheck(GroupFields, (group, say) => {
    for (const [name, nic] of Object.entries(group.nics ?? {})) {
        if (nic.vlan !== undefined && nic.vlans !== undefined)
            say(["nics", name, "vlans"], "the guests are spread over vlans, or all in one vlan; remove one of them");
        const last = group.count - 1;
        if (nic.firstAddress !== undefined && last > 0 && addressAfter(nic.firstAddress, last) === undefined)
            say(["nics", name, "firstAddress"], `its network has no room for ${group.count} addresses from there on`);
    }
});

/** A NIC that every guest of a group has. */
export interface GroupNicArgs extends Omit<GuestNicArgs, "mac" | "address" | "portSecurity"> {
    /** As whom each guest may send, on a switch with `portSecurity`: `{}` takes MAC and address from its NIC. */
    portSecurity?: Omit<NonNullable<GuestNicArgs["portSecurity"]>, "mac">;
    /** VLANs that the guests are spread over, in turn, instead of one `vlan`. */
    vlans?: (string | number)[];
    /** Address of guest 0 with its prefix length; each other guest has the one after the guest before it. */
    firstAddress?: string;
}

/** Where a guest of a group is made. */
export interface GroupHost {
    kvmnet: pulumi.ProviderResource;
    libvirt: pulumi.ProviderResource;
}

export interface GuestGroupArgs extends Omit<VirtualMachineArgs, "name" | "nics" | "transform"> {
    /** Beginning of the guests' names, before `-0`, `-1` ...; absent means the logical name. */
    name?: string;
    /** Guests [count], 0 to 1000. */
    count: number;
    /** NICs that each guest has, by name. */
    nics?: Record<string, GroupNicArgs>;
    /** Hosts that the guests are spread over, in turn; absent makes all of them where the group is made. */
    hosts?: GroupHost[];
    /** How the parts of each guest are adjusted. */
    transform?: VirtualMachineTransform;
}

/**
 * Alike guests. What a guest is depends on its number alone: with another count the guests that stay are untouched, and
 * the last ones come or go.
 */
export class GuestGroup extends Component {
    /** In the order of their numbers. */
    readonly guests: readonly VirtualMachine[];
    /** Addresses by guest and NIC, where they are declared. */
    readonly addresses: Readonly<Record<string, Readonly<Record<string, string>>>>;

    /** @throws pulumi.RunError with everything wrong in the arguments, or where @pulumi/libvirt is not installed */
    constructor(name: string, { hosts, nics = {}, ...args }: GuestGroupArgs, opts?: pulumi.ComponentResourceOptions) {
        const group = parseArgs(
            GroupSchema,
            { name: args.name ?? name, count: args.count, nics },
            `GuestGroup ${name}`,
        );
        super("GuestGroup", name, { name: group.name, count: group.count, nics: Object.keys(nics) }, opts);

        this.guests = Array.from({ length: group.count }, (_, number) => {
            const { count: _count, ...alike } = args;
            const guest = {
                ...alike,
                name: `${group.name}-${number}`,
                ...(args.console && { console: consoleOf(args.console, `${group.name}-${number}`) }),
                nics: nicsOf(nics, number),
            };
            const where = hosts?.length ? { providers: { ...hosts[number % hosts.length]! } } : undefined;
            return new VirtualMachine(...this.child(`${number}`, guest, undefined, where));
        });
        this.addresses = Object.fromEntries(this.guests.map((guest) => [guest.domainName, guest.addresses]));
        this.registerOutputs({ guests: this.guests.map((guest) => guest.domainName), addresses: this.addresses });
    }
}

function nicsOf(nics: Record<string, GroupNicArgs>, number: number): Record<string, GuestNicArgs> {
    return Object.fromEntries(
        Object.entries(nics).map(([name, { vlans, firstAddress, ...nic }]) => [
            name,
            {
                ...nic,
                ...(vlans && { vlan: vlans[number % vlans.length] }),
                ...(firstAddress !== undefined && { address: addressAfter(firstAddress, number) }),
            },
        ]),
    );
}

/** In a console's paths `{guest}` stands for the guest's name. */
const consoleOf = ({ socket, log }: NonNullable<VirtualMachineArgs["console"]>, guest: string) => ({
    socket: socket.replaceAll("{guest}", guest),
    log: log.replaceAll("{guest}", guest),
});
