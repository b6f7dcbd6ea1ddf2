/** How what leaves a port is shaped, and the queues that share it. */
import { z } from "zod";
import { count } from "./link-parts";
import { named, withCrossCheck, type Say } from "./named";
import { unlessEmpty } from "./ovs-maps";
import { bitsPerSecond, bytes } from "./amounts";
import { Label, Rate, Size } from "./units";

/** Queues that linux-htb and linux-hfsc may have (ovs-vswitchd.conf.db(5), Queue). */
const MOST_QUEUE = 61439;

/** Bytes a second and bytes that `tc` and lib/netdev-linux.c hold in 32 bits. */
const MOST_BYTES = 2 ** 32 - 1;

const QueueNumber = z.string().refine((text) => /^(0|[1-9]\d{0,4})$/.test(text) && Number(text) <= MOST_QUEUE, {
    error: `a queue's number is 0 to ${MOST_QUEUE}, such as "1"; 0 takes what no flow puts elsewhere`,
});

const Queue = z
    .strictObject({
        minRate: Rate.optional().describe("Rate that the queue always gets [bit/s]."),
        maxRate: Rate.optional().describe("Rate that the queue never passes [bit/s]; absent is no limit of its own."),
        burst: Size.optional().describe(
            "What an idle queue may send at once, with linux-htb; one too small for the kernel is ignored by it.",
        ),
        priority: count("priority", 0, 7, "(the lowest is served first)")
            .optional()
            .describe("Who gets what is left over first, 0 to 7, the lowest, with linux-htb; absent is 0."),
        dscp: count("dscp", 0, 63, "")
            .optional()
            .describe("DSCP that packets of the queue are marked with; absent leaves theirs."),
    })
    .meta({ token: "ovs:QosQueue" });
export type QosQueue = z.output<typeof Queue>;

/** The fields without their rules, for schemas that leave one out. */
export const OvsQosFields = z.strictObject({
    name: Label.describe("Name by which ports refer to it, kept in the row's external_ids; a change replaces the QoS."),
    type: z
        .enum(["linux-htb", "linux-hfsc", "egress-policer"], {
            error: "a QoS type is linux-htb, linux-hfsc or egress-policer (of DPDK)",
        })
        .describe(
            "Who shapes: linux-htb and linux-hfsc are the kernel's, for its links; egress-policer is DPDK's, for its ports. Changes live.",
        ),
    maxRate: Rate.optional().describe(
        'Rate that all queues share, such as "2Gbit" [bit/s]; of an egress-policer the rate beyond which packets are dropped. Absent is the speed that the link tells, which of a tap is 10 Mbit/s before Linux 6.2, as on Debian 12 and Ubuntu 22.04, and 10 Gbit/s since; it is warned of. linux-htb and linux-hfsc take 8 bit/s to below 34.36 Gbit/s. Changes live.',
    ),
    burst: Size.optional().describe("What an egress-policer lets pass at once; only it has one. Changes live."),
    queues: named(QueueNumber, Queue, 'queues maps numbers to queues, such as { "1": { minRate: "100Mbit" } }')
        .transform(unlessEmpty)
        .optional()
        .describe(
            "Queues by number; 0 takes what no flow puts elsewhere by set_queue. On the userspace datapath all that leaves by a link of the kernel takes queue 0, whatever a flow says. Changes live.",
        ),
});

/** What must hold across the fields of a QoS. */
export function checkQos(qos: Omit<Qos, "name">, say: Say): void {
    if (qos.type === "egress-policer") checkPolicer(qos, say);
    else {
        checkRate(qos.maxRate, ["maxRate"], say);
        if (qos.burst !== undefined) say(["burst"], `${qos.type} has its bursts in queues; set that of a queue`);
        for (const [number, queue] of Object.entries(qos.queues ?? {})) checkQueue(qos, number, queue, say);
    }
}

/** One QoS with its queues. */
export const OvsQos = withCrossCheck(OvsQosFields, checkQos);
export type OvsQos = z.output<typeof OvsQos>;

type Qos = z.output<typeof OvsQosFields>;

function checkPolicer({ maxRate, burst, queues }: Omit<Qos, "name">, say: Say): void {
    if (maxRate === undefined) say(["maxRate"], "an egress-policer needs maxRate, beyond which it drops");
    else if (bits(maxRate) % 8 !== 0)
        say(["maxRate"], "an egress-policer counts whole bytes a second; use 8 bit/s steps");
    if (burst === undefined) say(["burst"], "an egress-policer needs burst, at least the largest packet");
    if (Object.keys(queues ?? {}).length > 0)
        say(["queues"], "an egress-policer has no queues; use linux-htb for some");
}

/** Beyond these Open vSwitch sets another rate, or none, without a word. */
function checkRate(rate: unknown, at: string[], say: Say): void {
    if (typeof rate === "string" && (bits(rate) < 8 || Math.floor(bits(rate) / 8) > MOST_BYTES))
        say(at, "the kernel shapes at 8 bit/s or more and less than 34.36 Gbit/s; leave the rate out for no limit");
}

function checkQueue({ type, maxRate }: Omit<Qos, "name">, number: string, queue: QosQueue, say: Say): void {
    if (typeof queue !== "object" || queue === null) return;
    const at = (key: string) => ["queues", number, key];
    checkRate(queue.minRate, at("minRate"), say);
    checkRate(queue.maxRate, at("maxRate"), say);
    if (typeof queue.burst === "string" && bytes(queue.burst) > MOST_BYTES)
        say(at("burst"), "a burst of a queue is less than 4 GiB, which is where the kernel would begin again at 0");
    if (type === "linux-hfsc" && queue.burst !== undefined) say(at("burst"), "a queue of linux-hfsc has no burst");
    if (type === "linux-hfsc" && queue.priority !== undefined)
        say(at("priority"), "a queue of linux-hfsc has no priority; shares follow minRate");
    if (bits(queue.minRate) > bits(queue.maxRate, Infinity))
        say(at("maxRate"), "maxRate of a queue is at least its minRate");
    if (bits(queue.minRate) > bits(maxRate, Infinity))
        say(at("minRate"), "minRate of a queue is at most the maxRate that all queues share");
}

/** Bits a second, also of raw input, which is judged elsewhere. */
const bits = (rate: unknown, absent = 0): number => (typeof rate === "string" ? bitsPerSecond(rate) : absent);
