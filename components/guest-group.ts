import type * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { count } from "../schemas/link-parts";
import { entriesOf, named, withCrossCheck, type Say } from "../schemas/named";
import { addressAfter } from "../schemas/ip-text";
import type { Problem } from "../schemas/problems";
import { AddressWithPrefix, Label, VlanId } from "../schemas/units";
import { Component, parseArgs } from "./component";
import { checkOwnPaths, withOwnPaths } from "./group-paths";
import { libvirt } from "./libvirt/installed";
import {
    Console,
    guestProblems,
    VirtualMachine,
    type GuestNicArgs,
    type VirtualMachineArgs,
    type VirtualMachineTransform,
} from "./virtual-machine";

const OWN_MAC = "the guests of a group need a MAC address each; leave mac out to derive them";

const GroupNic = z.looseObject(
    {
        vlans: z
            .array(z.union([VlanId, Label]), "vlans is a list of VLANs, such as ['web', 'db'] or [100, 200]")
            .min(1, "vlans needs at least one VLAN")
            .optional(),
        vlan: z.unknown().optional(),
        firstAddress: AddressWithPrefix.optional(),
        address: z.undefined("the guests of a group need an address each; set firstAddress").optional(),
        mac: z.undefined(OWN_MAC).optional(),
        portSecurity: z.looseObject({ mac: z.undefined(OWN_MAC).optional() }).optional(),
    },
    "a NIC is an object, such as { switch: 'br', vlan: 100 }",
);

export const GroupFields = z.object({
    name: Label,
    count: count("count", 0, 1000, "guests"),
    nics: named(Label, GroupNic, "nics maps names to NICs").default({}),
});

/** @param hosts on how many hosts its guests lie; guests of one host share its files */
const GroupOf = (hosts: number) =>
    withCrossCheck(
        GroupFields.extend({
            console: Console.optional(),
            // What else a disk is, each guest judges.
            disks: named(
                Label,
                z.looseObject({}, "a disk is an object, such as { size: '10GiB' }"),
                "disks maps names to disks",
            ).optional(),
        }),
        (group, say) => {
            for (const [name, nic] of entriesOf(group.nics)) {
                if (nic.vlan !== undefined && nic.vlans !== undefined)
                    say(
                        ["nics", name, "vlans"],
                        "the guests are spread over vlans, or all in one vlan; remove one of them",
                    );
                if (group.count > 0 && AddressWithPrefix.safeParse(nic.firstAddress).success)
                    checkRoom(nic.firstAddress!, group.count, ["nics", name, "firstAddress"], say);
            }
            if (group.count > hosts) checkOwnPaths(group as Parameters<typeof checkOwnPaths>[0], say);
        },
    );

function checkRoom(first: string, guests: number, path: PropertyKey[], say: Say): void {
    if (!Number.isInteger(guests) || addressAfter(first, guests - 1) !== undefined) return;
    const full =
        guests === 1
            ? "it is the broadcast address of its network"
            : `its network has no room for ${guests} addresses from there on`;
    say(path, `${full}; begin earlier, or take a shorter prefix`);
}

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
    /**
     * Hosts that the guests are spread over, in turn; absent makes all of them where the group is made. With another number
     * of hosts, or in another order, guests move: they are removed with what their disks hold, and made anew elsewhere.
     */
    hosts?: GroupHost[];
    /** How the parts of each guest are adjusted. */
    transform?: VirtualMachineTransform;
}

/**
 * Alike guests. What a guest is depends on its number alone: with another count the guests that stay are untouched, and
 * the last ones come or go. Where it is depends on the number of hosts, too. In paths on the host `{guest}` stands for a guest's name; what several guests of one host
 * would write to is refused without it.
 */
export class GuestGroup extends Component {
    /** In the order of their numbers. */
    readonly guests: readonly VirtualMachine[];
    /** Addresses by guest and NIC, where they are declared. */
    readonly addresses: Readonly<Record<string, Readonly<Record<string, string>>>>;

    /** @throws pulumi.RunError with everything wrong in the arguments, or where @pulumi/libvirt is not installed */
    constructor(name: string, { hosts, nics = {}, ...args }: GuestGroupArgs, opts?: pulumi.ComponentResourceOptions) {
        const given = { ...args, name: args.name ?? name, nics };
        const { count, console, disks } = args;
        const group = parseArgs(
            GroupOf(placesOf(count, hosts)),
            { name: given.name, count, nics, console, disks },
            `GuestGroup ${name}`,
            problemsOfGuests(given),
        );
        if (group.count > 0) libvirt();
        super("GuestGroup", name, { name: group.name, count: group.count, nics: Object.keys(nics) }, opts);

        this.guests = Array.from({ length: group.count }, (_, number) => {
            const guest = guestOf(given, number);
            const where = hosts?.length ? { providers: { ...hosts[number % hosts.length]! } } : undefined;
            return new VirtualMachine(...this.child(`${number}`, guest, undefined, where));
        });
        this.addresses = Object.fromEntries(this.guests.map((guest) => [guest.domainName, guest.addresses]));
        this.registerOutputs({ guests: this.guests.map((guest) => guest.domainName), addresses: this.addresses });
    }
}

type Given = Omit<GuestGroupArgs, "name" | "hosts"> & Required<Pick<GuestGroupArgs, "name" | "nics">>;

/** The arguments of one guest. It may meet raw input. */
function guestOf({ count: _, name, nics, ...alike }: Given, number: number) {
    const own = `${name}-${number}`;
    return withOwnPaths({ ...alike, name: own, nics: nicsOf(nics, number) }, own);
}

function nicsOf(nics: Record<string, GroupNicArgs>, number: number): Record<string, GuestNicArgs> {
    return Object.fromEntries(
        entriesOf(nics).map(([name, { vlans, firstAddress, ...nic }]) => [
            name,
            {
                ...nic,
                ...(vlans && { vlan: vlans[number % vlans.length] }),
                ...(firstAddress !== undefined && { address: addressOf(firstAddress, number) }),
            },
        ]),
    );
}

/** The first one again where the group is refused for it. */
const addressOf = (first: string, number: number): string =>
    AddressWithPrefix.safeParse(first).success ? (addressAfter(first, number) ?? first) : first;

/** What is wrong with its guests, each thing once, by the group's property; with the first guest that has it where guest 0 has not. */
function problemsOfGuests(group: Given): Problem[] {
    const found = new Map<string, Problem>();
    const guests = GroupFields.shape.count.safeParse(group.count).data ?? 1;
    for (let number = 0; number < guests; number++)
        for (const { path: ofGuest, message, ...problem } of guestProblems(guestOf(group, number))) {
            const path = ownPath(ofGuest, number, group.nics);
            const key = JSON.stringify([path, message]);
            const whose = number > 0 ? `guest ${group.name}-${number}: ` : "";
            if (!found.has(key)) found.set(key, { ...problem, path, message: `${whose}${message}` });
        }
    return [...found.values()];
}

/** Where the group says what a guest's property comes from. */
function ownPath(path: PropertyKey[], number: number, nics: Record<string, GroupNicArgs>): PropertyKey[] {
    const [part, nic = "", key, ...inner] = path;
    const { vlans, firstAddress } = (part === "nics" && nics[String(nic)]) || {};
    if (key === "vlan" && vlans) return ["nics", nic, "vlans", number % vlans.length, ...inner];
    if (key === "address" && firstAddress !== undefined) return ["nics", nic, "firstAddress", ...inner];
    return path;
}

/** On how many hosts that many guests lie. */
const placesOf = (guests: number, hosts: GroupHost[] = []) =>
    Math.max(1, new Set(hosts.slice(0, guests).map(({ libvirt }) => libvirt)).size);
