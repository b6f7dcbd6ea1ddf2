/** One VLAN of a link, as a link of its own (IEEE 802.1Q). */
import { z } from "zod";
import { linkFields, toggle } from "./link-parts";
import { LinkName } from "./ip-text";
import { withCrossCheck } from "./named";
import { takesOperatorPathAsLink } from "./operator-path";
import { VlanId } from "./units";

/** Priority maps in the canonical spelling: one entry a priority, by ascending number. */
const qosMap = (name: string, mostFrom: number) => {
    const help = `${name} holds texts FROM:TO, such as "0:1": FROM is 0 to ${mostFrom}, TO is 0 to 7 and not what the kernel has anyway (0)`;
    return z
        .array(
            z.string(help).refine(
                (entry) => {
                    const [, from, to] = /^(0|[1-9]\d{0,9}):([1-7])$/.exec(entry) ?? [];
                    return to !== undefined && Number(from) <= mostFrom;
                },
                { error: help },
            ),
            { error: help },
        )
        .refine((entries) => new Set(entries.map(fromOf)).size === entries.length, {
            error: `${name} maps one priority twice; keep one entry of the two`,
        })
        .overwrite((entries) => [...entries].sort((a, b) => fromOf(a) - fromOf(b)));
};

const fromOf = (entry: string) => Number(entry.split(":")[0]);

const flag = (name: string, told: string, preset: boolean) =>
    toggle(name).optional().describe(`${told}; absent is the kernel's ${preset}. Changes live.`);

const common = linkFields("VLAN link");
const Fields = z.strictObject({
    ...common,
    link: LinkName.describe("Link that the VLAN is carried on; it is set up. A change replaces the VLAN link."),
    vlanId: VlanId.describe("VLAN [802.1Q id], 1 to 4094; a change replaces the VLAN link."),
    protocol: z
        .enum(["802.1Q", "802.1ad"], 'a VLAN protocol is "802.1Q", or "802.1ad" for an outer (service) tag')
        .default("802.1Q")
        .describe("Tag that frames get: 802.1Q, or 802.1ad for an outer (service) tag; a change replaces the link."),
    mac: common.mac.describe("MAC address; absent leaves the one of the link below. Changes live."),
    mtu: common.mtu.describe(
        "MTU [byte], at most that of the link below; absent leaves that one's at the time it is made. Changes live.",
    ),
    reorderHeader: flag("reorderHeader", "Whether frames arrive without their tag", true),
    gvrp: flag("gvrp", "Whether the VLAN is announced by GVRP", false),
    mvrp: flag("mvrp", "Whether the VLAN is announced by MVRP", false),
    looseBinding: flag("looseBinding", "Whether it keeps its state when the link below goes down", false),
    bridgeBinding: flag("bridgeBinding", "Whether its carrier is that of its VLAN in the bridge below", false),
    ingressQos: qosMap("ingressQos", 7)
        .optional()
        .describe(
            'Priority that a frame gets inside the host by the one in its tag, as "TAG:HOST"; absent maps nothing. Changes live.',
        ),
    egressQos: qosMap("egressQos", 4294967295)
        .optional()
        .describe(
            'Priority that a tag gets by the one of the packet inside the host, as "HOST:TAG"; absent maps all to 0. Changes live.',
        ),
    takesOperatorPath: takesOperatorPathAsLink,
});

export const Vlan = withCrossCheck(Fields, ({ name, link }, say) => {
    if (name !== undefined && name === link) say(["link"], "a VLAN link stands on another link; name that one");
});
export type Vlan = z.output<typeof Vlan>;
