/** What every port of an Open vSwitch bridge has, whether it is a resource of its own or one of a set. */
import { z } from "zod";
import { count, toggle } from "./link-parts";
import { IpAddress } from "./ip-text";
import type { Say } from "./named";
import { takesOperatorPathAsPort } from "./operator-path";
import { checkOptions, InterfaceOptions, isTunnel } from "./ovs-interface";
import { bitsPerSecond, bytes } from "./amounts";
import { Label, Mac, Mtu, Rate, Size, TrunkList, VlanId, VlanList } from "./units";

/** The switch keeps it in 32 bits of kbit/s. */
const MOST_KBIT = 2 ** 32 - 1;

/** How much of what arrives at a port is taken: for a guest, what it may send. */
export const IngressLimit = z
    .strictObject({
        rate: Rate.refine(
            (rate) => bitsPerSecond(rate) % 1_000 === 0 && bitsPerSecond(rate) / 1_000 <= MOST_KBIT,
            "an ingress rate is a whole number of kbit/s, at most 4294967295kbit, such as 100Mbit",
        ).describe(
            'Rate, such as "100Mbit", in whole kbit/s; more is dropped. On the kernel datapath it is less than 34.36 Gbit/s.',
        ),
        burst: Size.refine(
            (burst) => bytes(burst) < 2 ** 32,
            "an ingress burst is less than 4 GiB, which is where the switch would begin again at 0",
        )
            .optional()
            .describe(
                'What may arrive at once above the rate, such as "1MB"; rounded up to whole kbit. On the kernel datapath it is at most 4.19 GB, and what the rate lets through in 268 seconds. Absent is 80 % of what the rate lets through in a second, and at least 1 MB: Open vSwitch itself takes 1 MB whatever the rate, and advises the 80 %, below which TCP does not reach the rate.',
            ),
    })
    .meta({ token: "ovs:IngressLimit" })
    .describe(
        "Limit of what arrives at the port, for a guest of what it sends: more is dropped. By policing on the kernel datapath and for DPDK; on the userspace datapath, where policing of taps does nothing, by an OpenFlow meter, so that a bridge with a `Controller` refuses it there. An internal port has none on the kernel datapath, which would limit what the host receives. Changes live.",
    );
export type IngressLimit = z.output<typeof IngressLimit>;

/** Nobody sends from an address that holds an IPv4 one in its last 32 bits, which the switch prints as `::ffff:192.0.2.1`. */
const SenderAddress = IpAddress.refine((text) => !/^::(ffff:)?[0-9a-f]+:[0-9a-f]+$/.test(text), {
    error: ({ input }) =>
        `${String(input)} holds an IPv4 address, from which no IPv6 packet comes; give 192.0.2.1 for ::ffff:192.0.2.1`,
});

/** Keys of a port's other_config that are "false" where it takes no part in its bridge's spanning tree. */
export const OFF_TREE = ["stp-enable", "rstp-enable"] as const;

/** As whom a guest may send. */
export const PortSecurity = z
    .strictObject({
        mac: Mac.describe(
            "The only MAC address that frames, ARP and IPv6 neighbour discovery may come from; of a router solicitation only the frame is judged, since the switch reads no option of it.",
        ),
        addresses: z
            .array(SenderAddress, 'addresses is a list such as ["10.0.0.11", "fd00::11"]')
            .refine((list) => new Set(list).size === list.length, { error: "addresses names one address twice" })
            .overwrite((list) => [...list].sort())
            .optional()
            .describe(
                "The only IP addresses that IPv4, ARP, IPv6 and neighbour discovery may come from, beside the link-local one that follows from mac; a family of which none is given is refused. DHCP and duplicate address detection pass. Absent takes every address.",
            ),
    })
    .meta({ token: "ovs:PortSecurity" })
    .describe(
        "As whom a guest may send: what comes in at the port from another MAC or IP address is dropped, by flows in tables of ours; so is what has more than one VLAN tag, behind which another could hide, and what only a router sends, IPv6 router advertisements and redirects. Nor does the port take part in the bridge's spanning tree, which the switch speaks before it asks a flow, and whose root a guest could become: stp-enable and rstp-enable in its other_config are false. The bridge is of failMode secure, so that a restarted switch passes nothing until the flows are back; a `FlowKeeper` puts them back at once. Not on a bridge with a `Controller`. Changes live.",
    );
export type PortSecurity = z.output<typeof PortSecurity>;

/** Fields of a port beside its name, its bridge and its type. */
export const portFields = {
    vlanMode: z
        .enum(["access", "trunk", "native-tagged", "native-untagged", "dot1q-tunnel"], {
            error: "a VLAN mode is access, trunk, native-tagged, native-untagged or dot1q-tunnel",
        })
        .optional()
        .describe("Absent means access with tag, else trunk. Changes live."),
    tag: VlanId.optional().describe("Access, native or service VLAN [802.1Q id]. Changes live."),
    trunks: TrunkList.optional().describe(
        'VLANs that a trunk carries, such as ["10", "20-29"]; 0 stands for frames without a tag; absent on a trunk means every VLAN. Changes live.',
    ),
    cvlans: VlanList.optional().describe(
        "Customer VLANs that a dot1q-tunnel port takes; absent means every one. Changes live.",
    ),
    options: InterfaceOptions.optional(),
    mac: Mac.optional().describe(
        "MAC address of an internal port; absent leaves the one that Open vSwitch draws. Changes live.",
    ),
    ofportRequest: count("ofportRequest", 1, 65279, "(OpenFlow port number)")
        .optional()
        .describe(
            "OpenFlow port number to have; absent lets the switch choose, but for a port with portSecurity or a metered ingress limit whose link the switch does not make (neither internal nor tap): this is plugged at one from 32768 on, always the same and given to nobody else, so that it is held to them also when its device goes and comes back. One that gets them later keeps the number that it has, since flows may name it. A number below 32768 may be another port's by then. A port of the same stack that has it without asking for it gets another one and passes nothing for a moment; one of anybody else, or one that an ingress limit or portSecurity holds at its number, keeps it, and this one is refused. Changes live.",
        ),
    mtuRequest: Mtu.optional().describe(
        "MTU of the interface [byte]; absent leaves the device's, and an internal port follows the smallest of its bridge, also once it no longer asks for another. Changes live.",
    ),
    ingress: IngressLimit.optional(),
    portSecurity: PortSecurity.optional(),
    protected: toggle("protected")
        .optional()
        .describe("Whether the port exchanges nothing with other protected ports; absent is false. Changes live."),
    qos: Label.optional().describe(
        "Name of the `Qos` that shapes what leaves the port; absent leaves one that libvirt or others have set. Patches and tunnels, which have no device, take none, nor do internal and tap, at which it would shape what the host sends; dpdkvhostuserclient takes an egress-policer, and nothing else takes one. Changes live.",
    ),
    takesOperatorPath: takesOperatorPathAsPort,
};

/** A port's fields as `checkPort` meets them: perhaps raw, so it looks before it reads. */
interface Port {
    type?: string;
    vlanMode?: string;
    tag?: number;
    trunks?: string[];
    cvlans?: string[];
    options?: InterfaceOptions;
    mac?: string;
    ingress?: IngressLimit;
    portSecurity?: PortSecurity;
    qos?: string;
}

/** A bridge's own port is a part of it. */
export const OWN_PORT =
    "a port of the bridge's name is the bridge's own, which comes with the bridge and carries every VLAN; for one VLAN of the host, name another port, of type internal with a tag";

/** What must hold across the fields of a port. */
export function checkPort(port: Port, say: Say): void {
    checkVlans(port, say);
    const { type = "system", options, mac, ingress, portSecurity, qos } = port;
    checkOptions(type, options, say);
    if (mac !== undefined && type !== "internal")
        say(
            ["mac"],
            "only an internal port gets its MAC address from Open vSwitch; set that of a device where it is made",
        );
    if (ingress !== undefined && (isTunnel(type) || type === "patch"))
        say(["ingress"], `Open vSwitch does not limit what arrives at type ${type}; limit the ports behind it`);
    if (portSecurity !== undefined && (isTunnel(type) || type === "patch"))
        say(["portSecurity"], `many guests are behind type ${type}; secure the ports of the guests`);
    if (qos !== undefined && (isTunnel(type) || type === "patch"))
        say(
            ["qos"],
            `Open vSwitch shapes nothing at type ${type}, which has no device; shape the port that it leaves by`,
        );
}

/** What must hold between a port and its name. */
export function checkPatch(name: string, { type, options }: Port, say: Say): void {
    if (type === "patch" && options?.peer === name)
        say(["options", "peer"], "the other end of a patch is another port; name that one");
}

function checkVlans({ vlanMode, tag, trunks, cvlans }: Port, say: Say): void {
    if (vlanMode === "access" && tag === undefined) say(["tag"], "an access port needs tag, a VLAN id from 1 to 4094");
    if (vlanMode === "access" && trunks?.length)
        say(["trunks"], "an access port carries one VLAN; remove trunks or use vlanMode trunk");
    if (vlanMode === "trunk" && tag !== undefined)
        say(["tag"], "a trunk has no tag; use vlanMode native-tagged or native-untagged for a native VLAN");
    if (vlanMode === undefined && tag !== undefined && trunks?.length)
        say(["vlanMode"], "tag and trunks together need vlanMode native-tagged or native-untagged");
    if ((vlanMode === "native-tagged" || vlanMode === "native-untagged") && tag === undefined)
        say(["tag"], `vlanMode ${vlanMode} needs tag, the native VLAN`);
    if (vlanMode === "dot1q-tunnel" && tag === undefined)
        say(["tag"], "vlanMode dot1q-tunnel needs tag, the service VLAN that customers' VLANs travel in");
    if (vlanMode === "dot1q-tunnel" && trunks?.length)
        say(["trunks"], "a dot1q-tunnel port carries one service VLAN; name the customers' VLANs in cvlans");
    if (vlanMode !== "dot1q-tunnel" && cvlans?.length) say(["cvlans"], "cvlans need vlanMode dot1q-tunnel");
}
