/** What a lab's folder says of the lab: `lab.json`, written when it is up. */
import { z } from "zod";
import { LabName } from "./host-ref";

/** A process: its number, and its start [clock ticks since boot, as text] that tells it from a later one of that number. */
export const ProcessIdentity = z.object({ pid: z.int().min(1), startTime: z.string().regex(/^\d+$/) });
export type ProcessIdentity = z.output<typeof ProcessIdentity>;

/** A lab that is up. `pid` is its first process as the machine numbers it: whose namespaces are the lab. */
export const LabRecord = ProcessIdentity.extend({
    name: LabName,
    /** When it came up, ISO 8601. */
    since: z.string(),
});
export type LabRecord = z.output<typeof LabRecord>;
