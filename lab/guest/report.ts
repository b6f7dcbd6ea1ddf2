/** What a guest says of itself once it has booted. */
import { z } from "zod";

const GuestNic = z.object({
    name: z.string(),
    driver: z.string(),
    /** Lower case. */
    mac: z.string(),
    /** Queue pairs in use, and how many the NIC has [count]; 0 where the driver does not say. */
    queues: z.int(),
    maxQueues: z.int(),
    /** Ring sizes in use [descriptors]; 0 where the driver does not say. */
    rxRing: z.int(),
    txRing: z.int(),
    /** [byte] */
    mtu: z.int(),
    /** ADDRESS/PREFIX, without link-local ones. */
    addresses: z.array(z.string()),
    /** Offloads by ethtool's names; those that are off and cannot be switched on are left out. */
    offloads: z.record(z.string(), z.boolean()),
});
type GuestNic = z.output<typeof GuestNic>;

export const GuestReport = z.object({ hostname: z.string(), nics: z.array(GuestNic) });
export type GuestReport = z.output<typeof GuestReport>;

/** The last report in what a console printed, or undefined when there is no whole one yet. */
export function reportIn(printed: string): GuestReport | undefined {
    const lines = [...printed.matchAll(/KVMNET-REPORT (\{.*\})\r?\n/g)];
    const last = lines.at(-1)?.[1];
    return last === undefined ? undefined : GuestReport.parse(JSON.parse(last));
}
