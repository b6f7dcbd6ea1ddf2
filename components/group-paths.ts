/** The host paths of a group's guests: `{guest}` in them stands for each guest's name. */
import { isCdRom } from "../schemas/guest";
import { entriesOf, type Say } from "../schemas/named";
import { mapped } from "./mapped";
import type { GuestNicArgs, VirtualMachineArgs } from "./virtual-machine";

const PLACE = "{guest}";

/** What of a guest has paths on the host. */
type WithPaths = Pick<VirtualMachineArgs, "boot" | "console" | "disks" | "firmware" | "nics">;

/** The arguments of one guest, with its name in its paths. It may meet raw input. */
export function withOwnPaths<Args extends WithPaths>(args: Args, guest: string): Args {
    const { boot, console, disks, nics } = args;
    return {
        ...named(args, guest, "firmware"),
        ...(boot && { boot: named(boot, guest, "kernel", "initrd") }),
        ...(console && { console: named(console, guest, "socket", "log") }),
        ...(disks && { disks: mapped(disks, (_, disk) => named(disk, guest, "base", "file", "block")) }),
        ...(nics && { nics: mapped(nics, (_, nic) => named(nic, guest, "vhostUserSocket")) }),
    };
}

/** What several guests of one host write to needs the guest's name in its path. It may meet raw input. */
export function checkOwnPaths(group: Pick<WithPaths, "console" | "disks" | "nics">, say: Say): void {
    for (const [key, path] of entriesOf(group.console)) judge(path, ["console", key], say);
    for (const [name, { file, block }] of entriesOf(group.disks)) {
        // A CD-ROM is read only.
        if (!isCdRom(String(file))) judge(file, ["disks", name, "file"], say);
        judge(block, ["disks", name, "block"], say);
    }
    for (const [name, { vhostUserSocket }] of entriesOf<GuestNicArgs>(group.nics))
        judge(vhostUserSocket, ["nics", name, "vhostUserSocket"], say);
}

function judge(path: unknown, where: PropertyKey[], say: Say): void {
    if (typeof path === "string" && !path.includes(PLACE))
        say(
            where,
            `several guests of the group would share it; write ${PLACE} into the path, which stands for the guest's name`,
        );
}

function named<Part extends object>(part: Part, guest: string, ...paths: (keyof Part)[]): Part {
    if (typeof part !== "object" || part === null) return part;
    const own = paths.flatMap((key) => {
        const path = part[key];
        return typeof path === "string" ? [[key, path.replaceAll(PLACE, guest)]] : [];
    });
    return { ...part, ...(Object.fromEntries(own) as Partial<Part>) };
}
