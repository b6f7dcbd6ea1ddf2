/** Two links that are each other's wire. */
import { z } from "zod";
import { TxQueueLength } from "./link-parts";
import { withCrossCheck } from "./named";
import { takesOperatorPathAsLink } from "./operator-path";
import { IfName, Mac, Mtu } from "./units";

const Fields = z.strictObject({
    name: IfName.describe("Name of one end; a change replaces the pair."),
    peer: IfName.describe("Name of the other end; a change replaces the pair."),
    mac: Mac.optional().describe("MAC address of this end; absent leaves the kernel's random one. Changes live."),
    peerMac: Mac.optional().describe(
        "MAC address of the other end; absent leaves the kernel's random one. Changes live.",
    ),
    mtu: Mtu.optional().describe("MTU of both ends [byte]; absent is the kernel's 1500. Changes live."),
    txQueueLength: TxQueueLength.optional().describe(
        "Transmit queue of both ends [packets]; absent is the kernel's 1000. Changes live.",
    ),
    takesOperatorPath: takesOperatorPathAsLink,
});

/** One pair of virtual Ethernet links. */
export const Veth = withCrossCheck(Fields, ({ name, peer, mac, peerMac }, say) => {
    if (name !== undefined && name === peer) say(["peer"], "the two ends need two names");
    if (mac !== undefined && mac === peerMac) say(["peerMac"], "the two ends need two MAC addresses");
});
export type Veth = z.output<typeof Veth>;
