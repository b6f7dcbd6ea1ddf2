/** Which host is meant: the machine itself, or a lab of this machine. */
import { z } from "zod";
import { labPaths } from "./lab-paths";

/** Name of a lab: part of a path and of a process's arguments, so short and plain. */
export const LabName = z.string("a lab's name is text").regex(/^[a-z0-9][a-z0-9-]{0,30}$/, {
    error: "a lab's name has 1 to 31 characters out of a-z 0-9 - and starts with a letter or digit, such as sample",
});

export type HostRef = { kind: "local" } | { kind: "lab"; name: string };

/** `local`, or `lab://NAME`; parsed into what it means. */
export const HostRef = z.string("a host is text: local or lab://NAME").transform((text, context): HostRef => {
    if (text === "local") return { kind: "local" };
    const name = LabName.safeParse(/^lab:\/\/(.*)$/s.exec(text)?.[1]);
    if (name.success) return { kind: "lab", name: name.data };
    context.issues.push({
        code: "custom",
        input: text,
        message: "a host is local (this machine) or lab://NAME (a lab started by `kvmnet lab up NAME`)",
    });
    return z.NEVER;
});

/** Where the host's libvirt answers, for the libvirt provider's `uri`; its 0.9 line does not know `qemu+unix`. */
export function libvirtUri(host: HostRef): string {
    if (host.kind === "local") return "qemu:///system";
    return `qemu:///system?socket=${labPaths(host.name).libvirtSocket}`;
}
