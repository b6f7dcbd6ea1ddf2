/** What a domain is made of, as names and text: what is told in a preview where it changes. */
import type * as pulumi from "@pulumi/pulumi";
import type { GuestDescription } from "./libvirt/guest";
import type { Libvirt } from "./libvirt/installed";

/**
 * What only a new domain or a new start brings to a guest. What changes live is not among it: the autostart, and all
 * that our own resources hold (VLAN, rates, mirrors, port security).
 *
 * A volume is told by its id, which a preview does not know where the volume is made anew, whatever that is for: another
 * size or source, one that somebody grew by hand, or another text for cloud-init, of which nothing is kept here.
 *
 * @returns text by the property's name (`nics.0.rxRing`), what is absent left out
 */
export function guestSettings(
    { nics, cmdline, disks, cloudInit, autostart: _live, shutdownTimeout, ...guest }: GuestDescription,
    effect: Libvirt["line"]["effect"],
) {
    const settings: Record<string, pulumi.Input<string>> = {};
    collect("", { ...guest, cmdline: cmdline.join(" ") }, settings);
    nics.forEach((nic, index) => collect(`nics.${index}`, nic, settings));
    // The line that restarts a guest for a change has it in the domain.
    if (effect === "restarts") collect("shutdownTimeout", shutdownTimeout, settings);
    settings.disks = String(disks.length);
    for (const { name, format, from } of disks) {
        if ("volume" in from) settings[`disks.${name}.volume`] = from.volume.id;
        else collect(`disks.${name}`, { ...from, format }, settings);
    }
    settings.cloudInit = String(cloudInit !== undefined);
    if (cloudInit) settings["cloudInit.volume"] = cloudInit.id;
    return settings;
}

function collect(path: string, value: unknown, into: Record<string, pulumi.Input<string>>): void {
    if (value === undefined || value === null || value === "") return;
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
        into[path] = String(value);
        return;
    }
    for (const [key, inner] of Object.entries(value)) collect(path ? `${path}.${key}` : key, inner, into);
}
