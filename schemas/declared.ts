/** What a program exports of its environment (`export const declared`), so that it can be held against what is there. */
import { z } from "zod";

/** One NIC of a guest with every value decided. */
export const DeclaredNic = z.object({
    guest: z.string(),
    nic: z.string(),
    mac: z.string(),
    /** Interface on the host that the guest's NIC opens. */
    tap: z.string(),
    /** What the tap is plugged into. */
    plug: z.object({ kind: z.enum(["ovs", "linux"]), bridge: z.string(), vlan: z.number().nullable() }),
    model: z.string().nullable(),
    queues: z.number(),
    rxRing: z.number(),
    txRing: z.number(),
    mtu: z.number(),
    address: z.string().nullable(),
});
export type DeclaredNic = z.output<typeof DeclaredNic>;

export const Declared = z.object({
    /** As the user wrote it: `local` or `lab://NAME`. */
    host: z.string(),
    nics: z.array(DeclaredNic),
});
export type Declared = z.output<typeof Declared>;
