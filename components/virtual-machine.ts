import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { guestWords } from "../schemas/lab-guest";
import { Boot, GuestSize } from "../schemas/environment";
import type { DeclaredNic } from "../schemas/declared";
import { HostPath, Label } from "../schemas/units";
import { Component, parseArgs, type Transform } from "./component";
import { libvirt } from "./libvirt/installed";
import { leftBehindHooks } from "./libvirt/left-behind";
import { TunedVirtioNic, type TunedVirtioNicArgs, type TunedVirtioNicTransform } from "./tuned-virtio-nic";

const VirtualMachineSchema = GuestSize.extend({
    name: Label,
    boot: Boot,
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
    console: z.strictObject({ socket: HostPath, log: HostPath }).optional(),
});

export interface VirtualMachineArgs extends Omit<z.input<typeof VirtualMachineSchema>, "name"> {
    /** Name of the guest, which its domain carries; absent means the logical name. */
    name?: string;
    /** NICs by name, in the order the guest sees them. */
    nics?: Record<string, Omit<TunedVirtioNicArgs, "guest" | "nic" | "vcpus" | "transform">>;
    transform?: {
        /** The domain in the words of the installed line of @pulumi/libvirt. */
        domain?: Transform<Record<string, unknown>>;
        nic?: TunedVirtioNicTransform;
    };
}

/** A guest: its NICs, each with its tap on the host, and the libvirt domain that opens them. */
export class VirtualMachine extends Component {
    /** The NICs by name. */
    readonly nics: Readonly<Record<string, TunedVirtioNic>>;
    /** Name of the domain. */
    readonly domainName: string;
    /** What the guest and its host are held against, NIC by NIC. */
    readonly declared: pulumi.Output<DeclaredNic[]>;

    /** @throws pulumi.RunError with everything wrong in the arguments, or where @pulumi/libvirt is not installed */
    constructor(
        name: string,
        { transform, nics: nicArgs = {}, ...args }: VirtualMachineArgs,
        opts?: pulumi.ComponentResourceOptions,
    ) {
        const settings = parseArgs(
            VirtualMachineSchema,
            { ...args, name: args.name ?? name },
            `VirtualMachine ${name}`,
        );
        const { Domain, domain } = libvirt();
        super("VirtualMachine", name, { ...settings, nics: Object.keys(nicArgs) }, opts);
        const { boot, ...guest } = settings;

        this.nics = Object.fromEntries(
            Object.entries(nicArgs).map(([nic, one]) => {
                const given = { ...one, guest: guest.name, nic, vcpus: guest.vcpus, transform: transform?.nic };
                return [nic, new TunedVirtioNic(...this.child(`nic-${nic}`, given))];
            }),
        );
        const nics = Object.values(this.nics);
        const { args: domainArgs, replaceOnChanges } = domain(
            {
                ...guest,
                ...boot,
                console: guest.console,
                cmdline: [
                    ...guestWords(
                        guest.name,
                        nics.map(({ decided, address }) => ({ mac: decided.mac, address })),
                    ),
                    ...boot.cmdline.split(/\s+/).filter(Boolean),
                ],
                nics: nics.map(({ decided }) => decided),
            },
            nics.map(({ tapName }) => tapName),
        );
        const [childName, inputs, childOpts] = this.child("domain", domainArgs, transform?.domain);
        // The NICs first: a guest whose port is not there yet starts on a dead wire. And two domains cannot share a name.
        new Domain(childName, inputs, {
            ...childOpts,
            dependsOn: nics,
            deleteBeforeReplace: true,
            replaceOnChanges,
            hooks: leftBehindHooks(childName, this.urn),
        });

        this.domainName = guest.name;
        this.declared = pulumi.all(nics.map(({ declared }) => declared));
        this.registerOutputs({
            domainName: guest.name,
            vcpus: guest.vcpus,
            memoryMiB: guest.memoryMiB,
            nics: this.declared,
        });
    }
}
