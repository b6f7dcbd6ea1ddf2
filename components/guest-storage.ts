/** The disks of a guest: resources of their own, so that they outlive its domain. */
import * as pulumi from "@pulumi/pulumi";
import { formatOf, UserData, type CloudInit, type Disk } from "../schemas/guest";
import { InputError } from "../schemas/problems";
import { metaData, networkConfig, NO_USER_DATA } from "./cloud-init";
import type { Child, Transform } from "./component";
import { mtuToSet, type GuestDisk, type MadeVolume } from "./libvirt/guest";
import type { Libvirt } from "./libvirt/installed";
import type { TunedVirtioNic } from "./tuned-virtio-nic";

/** Names a child and applies what the user adjusts. */
type Name = (
    role: string,
    inputs: object,
    by: Transform<object> | undefined,
    opts: pulumi.CustomResourceOptions,
) => Child<object, pulumi.CustomResourceOptions>;
type GivenDisk = Omit<Disk, "base"> & { base?: pulumi.Input<string> };
type GivenCloudInit = Omit<CloudInit, "userData"> & { userData?: string | pulumi.Output<string> };

/** @throws pulumi.RunError with what the installed line cannot make of disks that the schema allows */
export function checkDisks({ line }: Libvirt, subject: string, disks: Readonly<Record<string, GivenDisk>>): void {
    const problems = Object.entries(disks).flatMap(([name, disk]) =>
        (line.storage.refused?.(disk) ?? []).map(({ key, message }) => ({ path: ["disks", name, key], message })),
    );
    if (problems.length > 0) throw new pulumi.RunError(new InputError(subject, problems).message);
}

export class GuestStorage {
    /** Paths of the volumes that were made, by the disk's name. */
    readonly volumes: Record<string, pulumi.Output<string>> = {};

    /** @param guest name of the guest; its volumes are called after it */
    constructor(
        private readonly installed: Libvirt,
        private readonly guest: string,
        private readonly child: Name,
    ) {}

    disks(disks: Readonly<Record<string, GivenDisk>>, transform?: Transform<object>): GuestDisk[] {
        return Object.entries(disks).map(([name, { file, block, format: declared, ...made }]) => {
            const format = formatOf({ file, block, source: made.source, format: declared });
            if (file !== undefined) return { name, format, from: { file } };
            if (block !== undefined) return { name, format, from: { block } };
            return { name, format, from: { volume: this.#volume(name, { ...made, format }, transform) } };
        });
    }

    cloudInit(
        { userData = NO_USER_DATA, metaData: more, networkConfig: network, pool }: GivenCloudInit,
        nics: Readonly<Record<string, TunedVirtioNic>>,
        transform?: Transform<object>,
    ): MadeVolume {
        const { line, CloudInitDisk, Volume } = this.installed;
        const known = Object.entries(nics).map(
            ([
                name,
                {
                    decided,
                    address,
                    network: { dhcp, gateway, nameservers },
                },
            ]) =>
                [
                    name,
                    {
                        mac: decided.mac,
                        mtu: mtuToSet(decided),
                        address,
                        dhcp,
                        gateway,
                        nameservers,
                    },
                ] as const,
        );
        const description = {
            name: `${this.guest}-cloud-init.iso`,
            pool,
            userData: pulumi.Output.isInstance(userData) ? this.#judged(userData) : userData,
            metaData: metaData(this.guest, more),
            networkConfig: network ?? networkConfig(Object.fromEntries(known)),
        };
        // The new one has the name of the old one.
        const opts = { deleteBeforeReplace: true };
        const disk = new CloudInitDisk(
            ...this.child("cloud-init", line.storage.cloudInit(description), transform, opts),
        );
        if (!line.storage.cloudInitVolume || !disk.path) return { id: disk.id, name: description.name, pool };
        const held = line.storage.cloudInitVolume(description, disk.path);
        // v0.9.7 calls another file an update, and then refuses it; later ones replace the volume by themselves.
        const anew = { ...opts, replaceOnChanges: ["create"] };
        const volume = new Volume(...this.child("cloud-init-volume", held, undefined, anew));
        return { id: volume.id, name: volume.name, pool, content: disk.id };
    }

    /** What comes late is judged when it comes. It may be a secret, so it is not shown. */
    #judged(userData: pulumi.Output<string>): pulumi.Output<string> {
        return userData.apply((text) => {
            const { error } = UserData.safeParse(text);
            if (error)
                throw new pulumi.RunError(
                    `VirtualMachine ${this.guest}: cloudInit.userData: ${error.issues[0]?.message}.`,
                );
            return text;
        });
    }

    #volume(
        disk: string,
        { size, source, base, baseFormat, format, pool }: Omit<GivenDisk, "file" | "block"> & Pick<GuestDisk, "format">,
        transform?: Transform<object>,
    ): MadeVolume {
        const { line, Volume } = this.installed;
        const description = { name: `${this.guest}-${disk}.${format}`, pool, format, size, source, base, baseFormat };
        const volume = new Volume(
            ...this.child(`disk-${disk}`, line.storage.volume(description), transform, { deleteBeforeReplace: true }),
        );
        this.volumes[disk] = volume.id;
        return { id: volume.id, name: volume.name, pool, content: source ?? base };
    }
}
