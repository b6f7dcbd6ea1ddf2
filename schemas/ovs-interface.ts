/** What an interface of Open vSwitch is, and the options that its type takes. */
import { Address4, Address6 } from "ip-address";
import { z } from "zod";
import { count, toggle } from "./link-parts";
import type { Say } from "./named";
import { unlessEmpty } from "./ovs-maps";
import { HostPath, IfName } from "./units";
import { isV6 } from "./ip-text";
import { isMulticast } from "./vxlan";

export const INTERFACE_TYPES = [
    "system",
    "internal",
    "patch",
    "tap",
    "dpdkvhostuserclient",
    "vxlan",
    "geneve",
    "gre",
] as const;
export type InterfaceType = (typeof INTERFACE_TYPES)[number];

export const InterfaceTypeOf = z.enum(INTERFACE_TYPES, `an interface type is one of ${INTERFACE_TYPES.join(", ")}`);

/**
 * What is on a host and never on a bridge: the loopback, the devices of Open vSwitch's datapaths, and of its tunnels
 * (netdev_is_reserved_name in lib/netdev.c; tried with 3.1, which gives them no port and no error).
 */
const ON_NO_BRIDGE = /^(lo|ovs-netdev|ovs-system|(vxlan|genev|gre|ip6gre|erspan|lisp|stt|gtpu)_sys.*)$/;

/** Name of a bridge, a port or an interface. */
export const SwitchedName = IfName.refine((name) => !ON_NO_BRIDGE.test(name), {
    error: "lo is the host's loopback; ovs-netdev, ovs-system and what begins like vxlan_sys are Open vSwitch's own devices; none can be on a bridge; choose another name",
});

/** Types that stand for a tunnel, with the bits of their key: 24 (RFC 7348, RFC 8926), 32 (RFC 2890). */
const KEY_BITS: Readonly<Record<string, number>> = { vxlan: 24, geneve: 24, gre: 32 };
export const isTunnel = (type: string | undefined): boolean => Object.hasOwn(KEY_BITS, type ?? "");

const ADDRESS = 'an end of a tunnel is a unicast IPv4 or IPv6 address, such as 192.0.2.1, or "flow"';

/** An address in its shortest spelling, or `flow`. */
const TunnelEnd = z
    .string(ADDRESS)
    .refine((text) => text === "flow" || isUnicast(text), { error: ADDRESS })
    .overwrite((text) => (Address6.isValid(text) ? new Address6(text).correctForm() : text));

const isUnicast = (text: string) =>
    !text.includes("/") && (Address4.isValid(text) || Address6.isValid(text)) && !isMulticast(text);

/** A number as text, or a word that stands for none; TypeScript may write a number. */
function numberOr(word: string, accepts: (value: number) => boolean, error: string) {
    return z.union([z.string(), z.number()], { error }).transform((input, context) => {
        const text = String(input).trim();
        if (text === word || (/^\d{1,10}$/.test(text) && accepts(Number(text)))) return text.replace(/^0+(?=\d)/, "");
        context.issues.push({ code: "custom", input, message: error });
        return z.NEVER;
    });
}

const key = (name: string) =>
    numberOr("flow", (value) => value < 2 ** 32, `${name} is a whole number, such as 5001, or "flow"`);

const Options = z
    .strictObject({
        peer: IfName.optional().describe("The other end of a patch: a patch port whose own peer is this one."),
        remoteIp: TunnelEnd.optional().describe(
            'The other end of a tunnel: a unicast address, or "flow" where flows tell it.',
        ),
        localIp: TunnelEnd.optional().describe(
            'Address of this host in the outer header; absent lets the routes decide; "flow" needs remoteIp "flow".',
        ),
        key: key("key")
            .optional()
            .describe(
                'Key (VXLAN and Geneve: VNI, 24 bits; GRE: 32 bits) in both directions, or "flow"; absent is none.',
            ),
        inKey: key("inKey").optional().describe('Key that must arrive, where it is not the one sent; or "flow".'),
        outKey: key("outKey").optional().describe('Key that is sent, where it is not the one received; or "flow".'),
        dstPort: count("dstPort", 1, 65535, "(UDP)")
            .optional()
            .describe("UDP port of the other end of VXLAN and Geneve; absent is 4789 and 6081."),
        tos: numberOr(
            "inherit",
            (value) => value <= 255 && value % 4 === 0,
            'tos is a multiple of 4 from 0 to 252 (its ECN bits are zero), or "inherit"',
        )
            .optional()
            .describe('Type of service of the outer header, or "inherit" for the inner packet\'s; absent is 0.'),
        ttl: numberOr("inherit", (value) => value >= 1 && value <= 255, 'ttl is 1 to 255 hops, or "inherit"')
            .optional()
            .describe("TTL of the outer header, or \"inherit\" for the inner packet's; absent is the system's, 64."),
        dfDefault: toggle("dfDefault")
            .optional()
            .describe("Whether outer packets carry the don't-fragment bit; absent is true."),
        csum: toggle("csum").optional().describe("Whether the outer header carries a checksum; absent is false."),
        vhostServerPath: HostPath.optional().describe(
            "Socket that QEMU listens at, for a vhost-user client; libvirt calls its side mode server. A change replaces a `Port`, and has a `PortSet` plug its port anew.",
        ),
        txRetriesMax: count("txRetriesMax", 0, 32, "times")
            .optional()
            .describe("How often a vhost-user client tries again to hand over a batch; absent is 8."),
    })
    .meta({ token: "ovs:InterfaceOptions" })
    .describe("Options of the interface's type: patch, vxlan, geneve, gre and dpdkvhostuserclient have some.");
export const InterfaceOptions = Options.transform(unlessEmpty);
export type InterfaceOptions = z.output<typeof Options>;

const TUNNEL_OPTIONS = ["remoteIp", "localIp", "key", "inKey", "outKey", "tos", "ttl", "dfDefault", "csum"];
const OPTIONS_OF: Readonly<Record<string, readonly string[]>> = {
    patch: ["peer"],
    vxlan: [...TUNNEL_OPTIONS, "dstPort"],
    geneve: [...TUNNEL_OPTIONS, "dstPort"],
    gre: TUNNEL_OPTIONS,
    dpdkvhostuserclient: ["vhostServerPath", "txRetriesMax"],
};
const REQUIRED: Readonly<Record<string, keyof InterfaceOptions>> = {
    patch: "peer",
    vxlan: "remoteIp",
    geneve: "remoteIp",
    gre: "remoteIp",
    dpdkvhostuserclient: "vhostServerPath",
};

const isAddress = (end: unknown): end is string => typeof end === "string" && end !== "flow";

/** What must hold between a type and its options. It may meet raw input. */
export function checkOptions(type: string | undefined = "system", given: InterfaceOptions | undefined, say: Say): void {
    const options: Readonly<Record<string, unknown>> = typeof given === "object" && given !== null ? given : {};
    const allowed = OPTIONS_OF[type] ?? [];
    for (const [option, value] of Object.entries(options))
        if (value !== undefined && !allowed.includes(option) && option in Options.shape)
            say(
                ["options", option],
                allowed.length > 0
                    ? `type ${type} has no such option; it takes ${allowed.join(", ")}`
                    : `type ${type} takes no options; remove it, or set another type`,
            );
    const required = REQUIRED[type];
    if (required && options[required] === undefined)
        say(["options", required], `type ${type} needs options.${required}`);
    for (const end of ["remoteIp", "localIp"])
        if (/^(0\.0\.0\.0|::)$/.test(String(options[end])))
            say(
                ["options", end],
                `${end} is the address of one host, not the unspecified one; "flow" leaves it to flows`,
            );
    if (isAddress(options.remoteIp) && isAddress(options.localIp) && isV6(options.remoteIp) !== isV6(options.localIp))
        say(["options", "localIp"], "localIp and remoteIp are of one family, both IPv4 or both IPv6");
    if (options.localIp === "flow" && options.remoteIp !== "flow")
        say(["options", "localIp"], 'localIp "flow" needs remoteIp "flow"');
    if (options.key !== undefined && (options.inKey !== undefined || options.outKey !== undefined))
        say(["options", "key"], "key sets both directions; give either key, or inKey and outKey");
    const bits = KEY_BITS[type];
    for (const name of bits ? ["key", "inKey", "outKey"] : [])
        if (Number(options[name]) >= 2 ** (bits ?? 0))
            say(["options", name], `a key of type ${type} has ${bits} bits: 0 to ${2 ** (bits ?? 0) - 1}`);
}
