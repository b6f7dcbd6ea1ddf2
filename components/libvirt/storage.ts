/** Volumes and cloud-init disks in the words of both lines of @pulumi/libvirt. */
import * as pulumi from "@pulumi/pulumi";
import { bytes } from "../../schemas/amounts";
import { imageFormat } from "../../schemas/guest";
import type { CloudinitDiskArgs, VolumeArgs } from "./native-schema";

/** A volume that is made for a guest. */
interface VolumeDescription {
    name: string;
    pool: string;
    format: "qcow2" | "raw";
    /** As `Size` spells it; absent is that of the image it comes from. */
    size?: string;
    /** Path or URL of the image that it is filled with. */
    source?: string;
    /** Image on the host that it lies over. */
    base?: pulumi.Input<string>;
    /** Format of that image; absent is told by its name. */
    baseFormat?: "qcow2" | "raw";
}

/** A disk for cloud-init. */
interface CloudInitDescription {
    name: string;
    pool: string;
    userData: pulumi.Input<string>;
    metaData: string;
    networkConfig: string;
}

export interface StorageAdapter {
    /** What of a volume the line would refuse in the middle of an update: the argument, and what to do. */
    refused?(
        disk: Pick<VolumeDescription, "size" | "base"> & { file?: string; format?: string },
    ): { key: string; message: string }[];
    volume(description: VolumeDescription): object;
    cloudInit(description: CloudInitDescription): object;
    /** The volume that holds a cloud-init disk, from the file that it was written to; absent where the disk is one. */
    cloudInitVolume?(description: CloudInitDescription, file: pulumi.Input<string>): object;
}

export const classicStorage: StorageAdapter = {
    volume: ({ name, pool, format, size, source, base }) => ({
        name,
        pool,
        format,
        ...(size !== undefined && { size: bytes(size) }),
        ...(source !== undefined && { source }),
        ...(base !== undefined && { baseVolumeId: base }),
    }),
    cloudInit: (description) => ({ ...description }),
};

export const nativeStorage: StorageAdapter = {
    refused: ({ size, base, file, format }) => [
        ...(base === undefined || size !== undefined
            ? []
            : [
                  {
                      key: "size",
                      message:
                          "line 0.9 of the libvirt provider does not ask base for its size; set size to that of the image or more (`qemu-img info` on the host says its virtual size)",
                  },
              ]),
        // A file of qcow2 that QEMU takes for raw is damaged by its guest, and an .img is either.
        ...(file === undefined || format !== undefined || /\.(qcow2|raw|iso)$/.test(file)
            ? []
            : [
                  {
                      key: "format",
                      message: `the name of ${file} does not tell its format; write "qcow2" or "raw" (\`qemu-img info\` on the host says which)`,
                  },
              ]),
    ],
    volume: ({ name, pool, format, size, source, base, baseFormat }): VolumeArgs => ({
        name,
        pool,
        target: { format: { type: format } },
        ...(size !== undefined && { capacity: bytes(size) }),
        ...(source !== undefined && { create: { content: { url: source } } }),
        ...(base !== undefined && {
            backingStore: { path: base, format: { type: baseFormat ?? pulumi.output(base).apply(imageFormat) } },
        }),
    }),
    cloudInit: ({ name, userData, metaData, networkConfig }): CloudinitDiskArgs => ({
        name,
        userData,
        metaData,
        networkConfig,
    }),
    cloudInitVolume: ({ name, pool }, file): VolumeArgs => ({
        name,
        pool,
        // Without a format: libvirt makes it raw, finds "iso" in it afterwards, and a word of ours would differ for ever.
        create: { content: { url: file } },
    }),
};
