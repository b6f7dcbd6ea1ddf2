/** Every version the engine is made of, in one place. */

/** Oldest Node that runs all of this package. */
export const OLDEST_NODE = "22.18.0";

/** Oldest `pulumi` that does: `policy analyze` and Node 22 came with it. */
export const OLDEST_PULUMI = "3.249.0";
/** The `pulumi` we build where none can be downloaded: the newest that the Go module proxy serves and we tried. */
export const PULUMI = "3.259.0";
/** The npm package `pulumi`, which downloads the release of the same version. */
export const LAUNCHER = "3.265.0";

/** The bridge that runs any Terraform provider: its Go module, and the plugin's own version. */
export const BRIDGE_MODULE = "3.136.0";
export const BRIDGE = "0.9.0";

/** The libvirt provider behind `@pulumi/libvirt`. */
export const LIBVIRT_PROVIDER = "0.8.3";

/** Language hosts that only tests of other languages run: the newest ones that the Go module proxy serves as modules. */
export const YAML_HOST = "1.38.0";
export const PYTHON_HOST_SDK = "3.60.0";

/** Go that builds the pieces, and the oldest that may fetch such a Go by itself (its toolchain directive). */
export const GO = "1.25.11";
export const GO_WITH_TOOLCHAINS = "1.21.0";

/** Compares two versions by their numbers: below 0, 0 or above 0. A missing number counts as 0. */
export function compareVersions(a: string, b: string): number {
    const [left, right] = [numbers(a), numbers(b)];
    for (let i = 0; i < 3; i++) {
        const difference = (left[i] ?? 0) - (right[i] ?? 0);
        if (difference !== 0) return difference;
    }
    return 0;
}

const numbers = (version: string) => (/\d+(\.\d+)*/.exec(version)?.[0] ?? "0").split(".").map(Number);
