/** What the kernel holds for us: Linux bridges, their ports, and taps. */
import { z } from "zod";
import { IfName, Mac, Mtu } from "./units";

/** One Linux bridge. */
export const LinuxBridge = z.strictObject({
    name: IfName.describe("Name of the bridge; a change replaces it."),
    mac: Mac.optional().describe(
        "MAC address; absent derives a stable one from the name, so that it never jumps when a port joins.",
    ),
    mtu: Mtu.default(1500).describe("MTU [byte]. Changes live."),
    stp: z
        .boolean("stp is true or false")
        .default(false)
        .describe("Spanning tree: each port is silent for 30 s when on. Changes live."),
});
export type LinuxBridge = z.output<typeof LinuxBridge>;
export type LinuxBridgeInput = z.input<typeof LinuxBridge>;

/** One link plugged into a Linux bridge. */
export const BridgePort = z.strictObject({
    name: IfName.describe("Link to plug; a change replaces the port."),
    bridge: IfName.describe("Linux bridge that it is plugged into; a change replaces the port."),
});
export type BridgePort = z.output<typeof BridgePort>;
export type BridgePortInput = z.input<typeof BridgePort>;

/** One persistent tap, which a guest's NIC opens. */
export const Tap = z.strictObject({
    name: IfName.describe("Name of the tap; a change replaces it."),
    multiQueue: z
        .boolean("multiQueue is true or false")
        .default(false)
        .describe("True exactly when the guest's NIC has more than one queue pair; a change replaces the tap."),
    vnetHdr: z
        .boolean("vnetHdr is true or false")
        .default(true)
        .describe("Carry the virtio header, which offloads need; a change replaces the tap."),
    mtu: Mtu.default(1500).describe("MTU [byte]. Changes live."),
});
export type Tap = z.output<typeof Tap>;
export type TapInput = z.input<typeof Tap>;
