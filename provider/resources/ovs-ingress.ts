/** How a port's ingress limit stands in the switch: as policing of its interface, or as an OpenFlow meter. */
import { bitsPerSecond, bytes, Rate, Size } from "../../schemas/units";
import type { IngressLimit as Declared } from "../../schemas/ovs-port-parts";
import type { Host } from "../host";
import { keyOf, numberOf, textOf } from "../host/ovsdb/columns";
import type { Replica, Seen } from "../host/ovsdb/replica";
import { INGRESS_KEY, readIngress, type IngressLimit } from "./table-zero";

/** What Open vSwitch takes for a burst of 0 [kbit] (ovs-vswitchd.conf.db(5), ingress_policing_burst). */
const LEAST_BURST_KBIT = 8_000;
/** Share of a second's worth that TCP needs to come near the rate (there). */
const BURST_SHARE = 0.8;

/** The limits of all ports of a bridge that meters hold, by OpenFlow port number. */
export type Metered = ReadonlyMap<number, IngressLimit>;

/**
 * Whether a limit is a meter. The userspace datapath takes policing of taps and counts drops, and drops nothing; DPDK's
 * own ports police by themselves.
 */
export const isMetered = (bridge: Seen | undefined, type: string | undefined): boolean =>
    textOf(bridge?.datapath_type) === "netdev" && !type?.startsWith("dpdk");

export function limitOf({ rate, burst }: Declared): IngressLimit {
    const rateKbit = bitsPerSecond(rate) / 1_000;
    return { rateKbit, burstKbit: burst === undefined ? burstFor(rateKbit) : Math.max(1, kbitOf(burst)) };
}

const kbitOf = (size: string) => Math.ceil((bytes(size) * 8) / 1_000);
const burstFor = (rateKbit: number) => Math.max(LEAST_BURST_KBIT, Math.ceil(rateKbit * BURST_SHARE));

/** A limit as it is declared, in the spelling that is known where it says the same. */
export function declaredOf({ rateKbit, burstKbit }: IngressLimit, known: Declared | undefined): Declared {
    if (known) {
        const same = limitOf(known);
        if (same.rateKbit === rateKbit && same.burstKbit === burstKbit) return known;
    }
    const untold = burstKbit === 0 || burstKbit === burstFor(rateKbit);
    return { rate: Rate.parse(`${rateKbit}kbit`), ...(untold ? {} : { burst: Size.parse(burstKbit * 125) }) };
}

/** The limits of a bridge's meters; nothing is asked where none of the ports has one. */
export async function meteredOf(host: Host, bridge: string, ports: readonly Seen[]): Promise<Metered> {
    return ports.some(hasMeter) ? readIngress(host, bridge) : new Map<number, IngressLimit>();
}

/** Whether a port's row says that its limit is a meter of ours. */
export const hasMeter = (port: Seen): boolean => keyOf(port.external_ids, INGRESS_KEY) !== undefined;

/** The limit that is in force. */
export function limitAt(view: Replica, port: Seen, link: Seen, metered: Metered): IngressLimit | undefined {
    if (hasMeter(port)) return metered.get(numberOf(link.ofport) ?? -1);
    const rateKbit = numberOf(link.ingress_policing_rate) ?? 0;
    if (rateKbit === 0 || isMetered(view.holderOf(port), textOf(link.type))) return undefined;
    return { rateKbit, burstKbit: numberOf(link.ingress_policing_burst) ?? 0 };
}
