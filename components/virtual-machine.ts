import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { host } from "../resources";
import type { DeclaredNic } from "../schemas/declared";
import { Boot, GuestSize } from "../schemas/environment";
import { checkGuest, CloudInit, Disk, guestParts, USER_DATA, UserData } from "../schemas/guest";
import { guestWords } from "../schemas/lab-guest";
import { named, withCrossCheck } from "../schemas/named";
import { type Problem, problemsOf } from "../schemas/problems";
import { HostPath, Label } from "../schemas/units";
import { Component, parseArgs, type Transform } from "./component";
import { guestSettings } from "./guest-settings";
import { checkDisks, GuestStorage } from "./guest-storage";
import type { GuestDescription } from "./libvirt/guest";
import { libvirt } from "./libvirt/installed";
import { leftBehindHooks } from "./libvirt/left-behind";
import { nicProblems, TunedVirtioNic, type TunedVirtioNicArgs, type TunedVirtioNicTransform } from "./tuned-virtio-nic";

/** What another resource will tell. */
const Told = z.custom<pulumi.Output<string>>((value) => pulumi.Output.isInstance(value));
const TravellingPath = z.union([HostPath, Told], {
    error: "base is the path of an image on the host, such as /var/lib/libvirt/images/debian.qcow2",
});
/** It may hold a password or the key of another resource. */
const TravellingUserData = z.union([UserData, Told], { error: USER_DATA });

export const Console = z.strictObject(
    { socket: HostPath, log: HostPath },
    "a console is { socket, log }, two paths on the host",
);

const VirtualMachineSchema = withCrossCheck(
    GuestSize.extend({
        name: Label,
        boot: Boot.optional(),
        accelerator: z
            .enum(
                ["kvm", "tcg"],
                'an accelerator is "kvm", or "tcg" (emulation) where the host has no /dev/kvm that boots guests',
            )
            .default("kvm"),
        machine: z
            .string("a machine type is text such as q35")
            .regex(/^[A-Za-z0-9._-]+$/, "a machine type has characters out of A-Z a-z 0-9 . _ -, such as q35")
            .default("q35"),
        console: Console.optional(),
        ...guestParts,
        disks: named(Label, Disk.extend({ base: TravellingPath.optional() }), "disks maps names to disks").default({}),
        cloudInit: CloudInit.extend({ userData: TravellingUserData.optional() }).optional(),
    }),
    (guest, say) => checkGuest(guest as Parameters<typeof checkGuest>[0], say),
);

/** NICs as a guest's arguments name them. */
export type GuestNicArgs = Omit<TunedVirtioNicArgs, "guest" | "nic" | "vcpus" | "transform">;

export interface VirtualMachineTransform {
    /** The domain in the words of the installed line of @pulumi/libvirt. */
    domain?: Transform<object>;
    /** Each volume that is made, in the words of that line. */
    volume?: Transform<object>;
    /** The disk for cloud-init, in the words of that line. */
    cloudInit?: Transform<object>;
    shutdown?: Transform<host.GuestShutdownArgs>;
    nic?: TunedVirtioNicTransform;
}

export interface VirtualMachineArgs extends Omit<z.input<typeof VirtualMachineSchema>, "name"> {
    /** Name of the guest, which its domain carries; absent means the logical name. */
    name?: string;
    /** NICs by name, in the order the guest sees them. */
    nics?: Record<string, GuestNicArgs>;
    transform?: VirtualMachineTransform;
}

/** A guest: its NICs, each with its tap on the host, its disks, and the libvirt domain that opens them. */
export class VirtualMachine extends Component {
    /** The NICs by name. */
    readonly nics: Readonly<Record<string, TunedVirtioNic>>;
    /** Name of the domain. */
    readonly domainName: string;
    /** Addresses of its NICs that are declared, without prefix lengths, by the NIC's name. */
    readonly addresses: Readonly<Record<string, string>>;
    /** Paths of the volumes that were made for it, by the disk's name. */
    readonly volumes: Readonly<Record<string, pulumi.Output<string>>>;
    /** What the guest and its host are held against, NIC by NIC. */
    readonly declared: pulumi.Output<DeclaredNic[]>;

    /** @throws pulumi.RunError with everything wrong in the arguments, or where @pulumi/libvirt is not installed */
    constructor(
        name: string,
        { transform, nics: nicArgs = {}, ...args }: VirtualMachineArgs,
        opts?: pulumi.ComponentResourceOptions,
    ) {
        const given = { ...args, name: args.name ?? name };
        const settings = parseArgs(
            VirtualMachineSchema,
            given,
            `VirtualMachine ${name}`,
            problemsOfNics(nicArgs, given),
        );
        const installed = libvirt();
        checkDisks(installed, `VirtualMachine ${name}`, settings.disks);
        super("VirtualMachine", name, { ...settings, nics: Object.keys(nicArgs) }, opts);
        const { boot, disks, cloudInit, shutdownTimeout, ...guest } = settings;

        this.nics = Object.fromEntries(
            Object.entries(nicArgs).map(([nic, one]) => {
                const given = { ...one, guest: guest.name, nic, vcpus: guest.vcpus, transform: transform?.nic };
                return [nic, new TunedVirtioNic(...this.child(`nic-${nic}`, given))];
            }),
        );
        const nics = Object.values(this.nics);
        const storage = new GuestStorage(installed, guest.name, (role, inputs, by, childOpts) =>
            this.child(role, inputs, by, childOpts),
        );
        const description: GuestDescription = {
            ...guest,
            shutdownTimeout: args.shutdownTimeout,
            ...(boot && { kernel: boot.kernel, initrd: boot.initrd }),
            console: guest.console,
            cmdline: boot ? [...this.#words(guest.name), ...boot.cmdline.split(/\s+/).filter(Boolean)] : [],
            disks: storage.disks(disks, transform?.volume),
            cloudInit: cloudInit && storage.cloudInit(cloudInit, this.nics, transform?.cloudInit),
            nics: nics.map(({ decided }) => decided),
        };
        const {
            args: domainArgs,
            replaceOnChanges,
            replacedWith,
            follows,
        } = installed.line.domain(
            description,
            nics.map(({ tapName }) => tapName),
        );
        const [childName, inputs, childOpts] = this.child<object>("domain", domainArgs, transform?.domain);
        // The NICs first: a guest whose port is not there yet starts on a dead wire. And two domains cannot share a name.
        const domain = new installed.Domain(childName, inputs, {
            ...childOpts,
            dependsOn: nics,
            deleteBeforeReplace: true,
            replaceOnChanges,
            ...(replacedWith && { replacementTrigger: triggerOf(inputs as Record<string, unknown>, replacedWith) }),
            ...(follows && { replacementTrigger: follows }),
            hooks: leftBehindHooks(childName, this.urn),
        });
        const shutdown = {
            domain: installed.line.idOf(domain, guest.name),
            timeout: shutdownTimeout,
            settings: guestSettings(description, installed.line.effect),
            effect: installed.line.effect,
        };
        new host.GuestShutdown(...this.child("shutdown", shutdown, transform?.shutdown, { deleteBeforeReplace: true }));

        this.domainName = guest.name;
        this.addresses = Object.fromEntries(
            Object.entries(this.nics).flatMap(([nic, { address }]) =>
                address === undefined ? [] : [[nic, address.split("/")[0] ?? address]],
            ),
        );
        this.volumes = storage.volumes;
        this.declared = pulumi.all(nics.map(({ declared }) => declared));
        this.registerOutputs({
            domainName: guest.name,
            vcpus: guest.vcpus,
            memoryMiB: guest.memoryMiB,
            pinning: guest.pinning,
            memory: guest.memory,
            addresses: this.addresses,
            nics: this.declared,
        });
    }

    /** From what a lab's guest reads its name and addresses. */
    #words(guest: string): string[] {
        const nics = Object.values(this.nics).map(({ decided, address, network }) => ({
            mac: decided.mac,
            ...(network.dhcp ? { dhcp: true } : { address }),
        }));
        return guestWords(guest, nics);
    }
}

/** Those of the arguments that are there; one alone as it is, which the states of guests hold. */
function triggerOf(inputs: Readonly<Record<string, unknown>>, names: readonly string[]): unknown {
    const given = names.map((name) => inputs[name]).filter((value) => value !== undefined);
    return given.length > 1 ? given : given[0];
}

/** What is wrong with a guest, for a group that tells it as its own. */
export function guestProblems({
    transform: _,
    nics = {},
    ...args
}: Omit<VirtualMachineArgs, "name"> & { name: string }): Problem[] {
    const { error } = VirtualMachineSchema.safeParse(args);
    return [...(error ? problemsOf(error, args, VirtualMachineSchema) : []), ...problemsOfNics(nics, args)];
}

/** Of its NICs what the guest does not give them itself, before anything is made. */
function problemsOfNics(
    nics: Readonly<Record<string, GuestNicArgs>>,
    { name, vcpus = 1 }: { name: string; vcpus?: number },
): Problem[] {
    return Object.entries(nics).flatMap(([nic, args]) =>
        nicProblems({ ...args, guest: name, nic, vcpus }).flatMap(({ path: [key = "", ...inner], ...problem }) => {
            if (key === "guest" || key === "vcpus") return [];
            const path = key === "nic" || key === "plug" ? [] : [key, ...inner];
            return [{ ...problem, path: ["nics", nic, ...path] }];
        }),
    );
}
