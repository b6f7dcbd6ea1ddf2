/** One setting of the kernel under /proc/sys/net, in the words of sysctl(8). */
import { z } from "zod";
import { takesOperatorPath } from "./operator-path";

/** Segments of a path below /proc/sys: no empty one, none that leads elsewhere. */
const SEGMENT = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;

const HELP =
    "a key is a setting below net, such as net.ipv4.ip_forward or net.ipv4.conf.eth0.rp_filter; " +
    "where a link's name has a dot, write it with slashes: net/ipv4/conf/eth0.100/rp_filter";

/**
 * Segments of a key. As sysctl(8) reads it: what stands first, a dot or a slash, parts the segments, and the other one is
 * a dot of a name.
 *
 * @returns undefined for what is no key
 */
function segmentsOf(key: string): string[] | undefined {
    const slashed = /^[^.]*\//.test(key);
    const segments = slashed ? key.split("/") : key.split(".").map((segment) => segment.replaceAll("/", "."));
    return segments.length >= 2 && segments.every((segment) => SEGMENT.test(segment)) ? segments : undefined;
}

/** The spelling with dots. @returns undefined for what is no key */
export const keyText = (key: string): string | undefined =>
    segmentsOf(key)
        ?.map((segment) => segment.replaceAll(".", "/"))
        .join(".");

/** File that holds the setting. @param key a spelling that `Sysctl` has read */
export const sysctlPath = (key: string): string => `/proc/sys/${(segmentsOf(key) ?? []).join("/")}`;

/** The link that a setting is of; undefined for one of the whole host, and for `all` and `default`. */
export function linkOfKey(key: string): string | undefined {
    const [, family = "", table = "", link = "", ...rest] = segmentsOf(key) ?? [];
    const perLink = /^(ipv4|ipv6|mpls)$/.test(family) && /^(conf|neigh)$/.test(table) && rest.length > 0;
    return perLink && !["all", "default"].includes(link) ? link : undefined;
}

/** One space where the kernel has tabs and spaces. */
export const valueText = (value: string): string => value.trim().replace(/\s+/g, " ");

export const Sysctl = z.strictObject({
    key: z
        .string(HELP)
        .refine((key) => keyText(key) !== undefined, { error: HELP, abort: true })
        .refine((key) => segmentsOf(key)?.[0] === "net", {
            error:
                "kvmnet sets what is networking, keys that begin with net.; " +
                "kernel.*, vm.*, fs.* and the others belong into /etc/sysctl.d",
        })
        .refine((key) => !/[./]flush$/.test(key), {
            error: "a flush is no setting: nothing stays of it; run `sysctl -w` once instead",
        })
        .refine((key) => (linkOfKey(key) ?? "").length <= 15, {
            error: "the name of a link in it has more than 15 characters; correct it",
        })
        .overwrite((key) => keyText(key) ?? key)
        .describe(
            "Setting, such as net.ipv4.ip_forward, or net.ipv4.conf.eth0.rp_filter of one link; where a link's name has a dot, with slashes (net/ipv4/conf/eth0.100/rp_filter). Only keys below net. A change replaces the resource.",
        ),
    value: z
        .string('a value is text, such as "1" or "4096 131072 6291456"')
        .max(1000, "a value has at most 1000 characters")
        .refine((value) => !/[^\t\x20-\x7e]/.test(value) && value.trim() !== "", {
            error: "a value is one line of printable characters, such as 1 or 4096 131072 6291456",
        })
        .overwrite(valueText)
        .describe(
            'Value as text, such as "1"; several are parted by a space. Net settings act at once and change live.',
        ),
    takesOperatorPath: takesOperatorPath(
        "may take IPv6 (`disable_ipv6`) from a link over which an SSH connection to the host goes by it, or (`forwarding` of IPv6) the advertised default route by which it goes",
    ),
});
export type Sysctl = z.output<typeof Sysctl>;
