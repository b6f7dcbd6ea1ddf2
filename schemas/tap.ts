/** A persistent tap, which a guest's NIC opens. */
import { z } from "zod";
import { TapQueueLength, toggle } from "./link-parts";
import { takesOperatorPathAsLink } from "./operator-path";
import { sparseObject } from "./sparse";
import { IfName, Mtu } from "./units";

/** 4294967295 is no user (chown(2)): it stands for "leave as it is". */
const ownerId = (name: string) =>
    z
        .int(`${name} is a whole number from 0 to 4294967294, as \`id\` prints it`)
        .min(0, `${name} is 0 to 4294967294; names differ between hosts, so it is the number`)
        .max(4294967294, `${name} is 0 to 4294967294; names differ between hosts, so it is the number`);

export const Tap = sparseObject({
    name: IfName.describe("Name of the tap; a change replaces it."),
    multiQueue: toggle("multiQueue")
        .default(false)
        .describe("True exactly when the guest's NIC has more than one queue pair; a change replaces the tap."),
    vnetHdr: toggle("vnetHdr")
        .default(true)
        .describe("Carry the virtio header, which offloads need; a change replaces the tap."),
    mtu: Mtu.default(1500).describe("MTU [byte]. Changes live."),
    uid: ownerId("uid")
        .optional()
        .describe("User that may open the tap beside root [number]; absent is nobody. A change replaces the tap."),
    gid: ownerId("gid")
        .optional()
        .describe("Group that may open the tap beside root [number]; absent is nobody. A change replaces the tap."),
    txQueueLength: TapQueueLength.optional().describe(
        "Transmit queue [packets], at most 524288; absent is the kernel's 1000. Changes live.",
    ),
    takesOperatorPath: takesOperatorPathAsLink,
});
export type Tap = z.output<typeof Tap>;
export type TapInput = z.input<typeof Tap>;

/** What only the host knows of a tap. */
export const TapOutputs = z.object({
    pluggedInto: z
        .string()
        .optional()
        .describe(
            "Bridge that the tap is plugged into, of the kernel or of Open vSwitch, when it was last read; absent where it is plugged into none. `BridgePort` or `ovs:Port` plugs it.",
        ),
});
