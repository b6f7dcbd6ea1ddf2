/** What keeps a bridge's flows over a restart of ovs-vswitchd. */
import { z } from "zod";
import { IfName } from "./units";

export const OvsFlowKeeper = z.strictObject({
    bridge: IfName.describe("Bridge whose flows are kept; it has one keeper. A change replaces the keeper."),
});
export type OvsFlowKeeper = z.output<typeof OvsFlowKeeper>;

/** What only the host knows of a keeper. */
export const OvsFlowKeeperOutputs = z.object({
    file: z.string().describe("File on the host that holds the flows; each change of them writes it anew."),
    unit: z.string().optional().describe("systemd unit that puts them back; absent on a host without systemd."),
});
