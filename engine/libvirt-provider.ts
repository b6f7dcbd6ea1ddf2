/** The libvirt provider, laid where the bridge finds it without asking a registry. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { LIBVIRT_PIECE, goPiece } from "./go-pieces";
import { lay } from "./lay";
import type { Progress } from "./progress";
import { LIBVIRT_PROVIDER } from "./versions";

/** Go's names for what node calls x64. */
const architecture = process.arch === "x64" ? "amd64" : process.arch;

/** Where a bridge with this folder of providers looks: registry, owner, name, version, platform, as OpenTofu lays them. */
export const libvirtProviderIn = (providers: string): string =>
    join(
        providers,
        "registry.opentofu.org",
        "dmacvicar",
        "libvirt",
        LIBVIRT_PROVIDER,
        `${process.platform}_${architecture}`,
        LIBVIRT_PIECE.program,
    );

/** @returns the provider's path in that folder */
export async function layLibvirtProvider(providers: string, progress: Progress): Promise<string> {
    const place = libvirtProviderIn(providers);
    if (!existsSync(place)) lay(await goPiece(LIBVIRT_PIECE, progress), place);
    return place;
}
