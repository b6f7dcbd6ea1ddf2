/** A tap that is a MAC address of its own on a NIC. */
import { Macvtap, MacvtapOutputs } from "../../schemas/macvtap";
import type { Host } from "../host";
import type { HostResource } from "../resource";
import { plain } from "./link-settings";
import { keepLinks, pathCautions } from "./operator-guard";
import { plugCautions } from "./plug-cautions";
import { virtualLink, type LinkHere } from "./virtual-link";

const link = virtualLink<Macvtap>({
    type: "kvmnet:host:Macvtap",
    title: "macvtap",
    description: "A tap that is a MAC address of its own on a link, up, for a guest's NIC to open.",
    schema: Macvtap,
    cost: {
        name: "replace",
        link: "replace",
        mode: "replace",
        mac: "update",
        mtu: "update",
        txQueueLength: "update",
        takesOperatorPath: "update",
    },
    outputs: MacvtapOutputs,
    kind: "macvtap",
    fixed: { mode: plain<Macvtap["mode"]>("mode") },
    settings: {},
    // TUN_READQ_SIZE, which drivers/net/macvtap.c takes from the taps.
    presets: { txQueueLength: 500 },
    beyond: ({ mode, nopromisc }) => [
        ...(mode === "source" ? ["mode source"] : []),
        ...(nopromisc === true ? ["nopromisc"] : []),
    ],
    below: { key: "link", leads: true, read: ({ parent }) => parent, mtu: (below) => below?.mtu },
    // It takes the whole of the link (macvlan_common_newlink).
    claims: ({ mode, link }) => (mode === "passthru" ? [`all of ${link}`] : []),
    outputsOf: ({ index }) => ({ device: `/dev/tap${index}` }),
});

export const macvtap: HostResource<Macvtap, LinkHere<Macvtap>> = {
    ...link,
    async create(host, want, mark) {
        await keepTaken(host, want);
        return link.create(host, want, mark);
    },

    async update(host, found, want, mark) {
        if (link.isRemade(found, want)) await keepTaken(host, want);
        return link.update(host, found, want, mark);
    },

    async cautions(host, want) {
        const { name } = want;
        const taken = takenBy(want);
        return [
            ...(await plugCautions(host, "passthru macvtap", `Macvtap ${name}: its link`, taken, "guest")),
            ...(await pathCautions(host, want, taken, name)),
        ];
    },
};

/** The link that it takes whole: what arrives there for anybody goes to it (drivers/net/macvlan.c macvlan_handle_frame). */
const takenBy = ({ mode, link: below }: Macvtap): string[] => (mode === "passthru" ? [below] : []);

/** @throws HostError refused where an operator's connection would lose its link */
const keepTaken = (host: Host, want: Macvtap): Promise<void> =>
    keepLinks(host, `macvtap ${want.name}`, want, takenBy(want), `the macvtap ${want.name}`);
