/** A tap that is a MAC address of its own on a NIC. */
import { Macvtap, MacvtapOutputs } from "../../schemas/macvtap";
import { plain } from "./link-settings";
import { virtualLink } from "./virtual-link";

export const macvtap = virtualLink<Macvtap>({
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
