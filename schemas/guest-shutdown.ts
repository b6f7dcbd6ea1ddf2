/** A guest that is asked to shut down before its domain is removed. */
import { z } from "zod";
import { count } from "./link-parts";

/** UUID or name of a libvirt domain; a name that begins with a hyphen would be an option of virsh. */
export const DomainId = z
    .string("a domain is its UUID or its name")
    .regex(/^[A-Za-z0-9_.+:@][A-Za-z0-9_.+:@-]{0,99}$/, {
        error: "a domain is its UUID, which is the id of a libvirt.Domain, or its name: 1 to 100 characters out of A-Z a-z 0-9 _ . + : @ -",
    });

export const GuestShutdown = z.strictObject({
    domain: DomainId.describe(
        "UUID of the libvirt domain (the id of a libvirt.Domain), or its name; a change replaces this, so that the former guest is shut down before its domain goes.",
    ),
    timeout: count("timeout", 1, 3600, "seconds")
        .default(60)
        .describe(
            "Longest wait for the guest [s]; after it there is a warning, and the domain goes while it runs. Changes live.",
        ),
    settings: z
        .record(z.string(), z.string(), "settings maps names to text")
        .optional()
        .describe(
            "What the guest's domain is made of, by name; a change is told in the preview, with what it does to the guest. Nothing is done with it. `disks.NAME.volume` is the id of a volume that was made for the guest: where a preview does not know it, the volume is made anew, and the preview says that what it holds is lost.",
        ),
    effect: z
        .enum(["replaces", "restarts"], { error: "effect is replaces or restarts" })
        .default("replaces")
        .describe("What a change of a setting does to the guest, for that message."),
});
export type GuestShutdown = z.output<typeof GuestShutdown>;
