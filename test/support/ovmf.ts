/** UEFI firmware for guests: Debian's package, unpacked into the cache and never installed. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { cached } from "../../lab/cache";
import { mustRun } from "../../lab/commands";
import { withPackages } from "../../lab/packages";

/** The folder that stands for `/usr/share` of a host with the firmware; at once when it is in the cache. */
export async function firmwareFolder(): Promise<string> {
    const folder = await cached("ovmf", (draft) =>
        withPackages(
            async () => {
                // The cache is private to its owner, so apt cannot drop its rights for the download.
                await mustRun(["apt-get", "-o", "APT::Sandbox::User=root", "download", "ovmf"], { cwd: draft });
                const [file = ""] = readdirSync(draft);
                await mustRun(["dpkg-deb", "-x", join(draft, file), draft]);
            },
            () => undefined,
        ),
    );
    return join(folder, "usr/share");
}
