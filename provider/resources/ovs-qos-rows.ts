/** The only place that knows the columns of a QoS and its queues, and in which unit each of them counts. */
import type { OvsQos, QosQueue } from "../../schemas/ovs-qos";
import { bitsPerSecond, bytes } from "../../schemas/amounts";
import { Rate, Size } from "../../schemas/units";
import { numberOf, textOf, uuidsOf } from "../host/ovsdb/columns";
import type { Replica, Seen } from "../host/ovsdb/replica";
import { OWNER_KEY } from "../owner";
import { QOS_NAME_KEY } from "./ovs-port-rows";
import { entriesOf, one, type Keys, type Managed } from "./ovs-rows";

export const qosRow = (want: OvsQos, mark: string): Managed => ({
    columns: { type: one(want.type) },
    keys: { other_config: qosConfig(want), external_ids: { [OWNER_KEY]: mark, [QOS_NAME_KEY]: want.name } },
});

/** DPDK counts bytes a second, everybody else bits. */
function qosConfig({ type, maxRate, burst }: OvsQos): Keys {
    const rate = maxRate === undefined ? undefined : bitsPerSecond(maxRate);
    const polices = type === "egress-policer";
    return {
        "max-rate": polices ? undefined : text(rate),
        cir: polices && rate !== undefined ? text(rate / 8) : undefined,
        cbs: polices && burst !== undefined ? text(bytes(burst)) : undefined,
    };
}

export const queueRow = ({ minRate, maxRate, burst, priority, dscp }: QosQueue, mark: string): Managed => ({
    columns: { dscp: one(dscp) },
    keys: {
        other_config: {
            "min-rate": minRate && text(bitsPerSecond(minRate)),
            "max-rate": maxRate && text(bitsPerSecond(maxRate)),
            // The burst of a queue is counted in bits.
            burst: burst && text(bytes(burst) * 8),
            priority: text(priority),
        },
        external_ids: { [OWNER_KEY]: mark },
    },
});

const text = (value: number | undefined): string | undefined => (value === undefined ? undefined : String(value));

/** The queues of a QoS by their number. */
export function queuesOf(view: Replica, { queues }: Seen): ReadonlyMap<string, Seen> {
    const pairs = Array.isArray(queues) && queues[0] === "map" ? (queues[1] as [number, unknown][]) : [];
    return new Map(
        pairs.flatMap(([number, reference]): [string, Seen][] => {
            const queue = view.row("Queue", uuidsOf(reference)[0]);
            return queue ? [[String(number), queue]] : [];
        }),
    );
}

/** A QoS as it is declared. */
export function qosState(name: string, row: Seen, queues: ReadonlyMap<string, Seen>): OvsQos {
    const config = entriesOf(row.other_config);
    const type = (textOf(row.type) ?? "linux-htb") as OvsQos["type"];
    const polices = type === "egress-policer";
    return {
        name,
        type,
        maxRate: polices ? rateOf(config.get("cir"), 8) : rateOf(config.get("max-rate")),
        burst: polices ? sizeOf(config.get("cbs")) : undefined,
        queues:
            queues.size === 0
                ? undefined
                : Object.fromEntries([...queues].map(([number, queue]) => [number, queueState(queue)])),
    };
}

/** A queue as it is declared. */
export function queueState(queue: Seen): QosQueue {
    const config = entriesOf(queue.other_config);
    const held: QosQueue = {
        minRate: rateOf(config.get("min-rate")),
        maxRate: rateOf(config.get("max-rate")),
        burst: sizeOf(config.get("burst"), 8),
        priority: amountOf(config.get("priority")),
        dscp: numberOf(queue.dscp),
    };
    return Object.fromEntries(Object.entries(held).filter(([, value]) => value !== undefined));
}

/** @param bits bits in one of what is counted */
const rateOf = (written: string | undefined, bits = 1): string | undefined =>
    Rate.safeParse((amountOf(written) ?? NaN) * bits).data;

/** @param parts how many of what is counted make a byte */
const sizeOf = (written: string | undefined, parts = 1): string | undefined =>
    Size.safeParse(Math.ceil((amountOf(written) ?? NaN) / parts)).data;

/** What others have written there may be no number. */
const amountOf = (written: string | undefined): number | undefined =>
    written !== undefined && /^\d{1,15}$/.test(written) ? Number(written) : undefined;
