/** How a port's ingress limit and its security stand in the switch: policing of its interface, or flows and a meter. */
import { bitsPerSecond, bytes } from "../../schemas/amounts";
import { Rate, Size } from "../../schemas/units";
import type { IngressLimit as Declared, PortSecurity } from "../../schemas/ovs-port-parts";
import type { Host } from "../host";
import { HostError, shownName } from "../host/errors";
import { keyOf, numberOf, textOf } from "../host/ovsdb/columns";
import { flowNumberOf } from "../host/ovsdb/numbers";
import { ignoresPolicing } from "../host/ovsdb/ports";
import type { Replica, Seen } from "../host/ovsdb/replica";
import { INGRESS_KEY, SECURITY_KEY } from "../host/pipeline";
import { areInForce, securityFrom } from "./port-security";
import { NOTHING_IN_FORCE, readGuards, type Guard, type IngressLimit, type InForce } from "./table-zero";

/** What Open vSwitch takes for a burst of 0 [kbit] (ovs-vswitchd.conf.db(5), ingress_policing_burst). */
const LEAST_BURST_KBIT = 8_000;
/** Share of a second's worth that TCP needs to come near the rate (there). */
const BURST_SHARE = 0.8;

export function limitOf({ rate, burst }: Declared): IngressLimit {
    const rateKbit = bitsPerSecond(rate) / 1_000;
    return { rateKbit, burstKbit: burst === undefined ? burstFor(rateKbit) : Math.max(1, kbitOf(burst)) };
}

/** Bytes in a second that `tc police` is told in 32 bits (tc_fill_rate in lib/netdev-linux.c of Open vSwitch 3.1) [kbit/s]. */
const MOST_POLICED_KBIT = Math.floor(((2 ** 32 - 1) * 8) / 1_000);
/** Open vSwitch makes 128 byte of each kbit, in 32 bits (tc_policer_init there) [kbit]. */
const MOST_BURST_KBIT = 2 ** 25 - 1;
/** The kernel is told for how long the rate lasts for it, in 32 bits of ticks of 64 ns (tc_bytes_to_ticks there) [s]. */
const MOST_BURST_S = Math.floor((2 ** 32 * 64e-9 * 1_000) / 1_024);

/** A limit that would begin again at 0 in the kernel's policing. @throws HostError refused */
export function refuseWrapped(subject: string, name: string, { rate, burst }: Declared): void {
    const { rateKbit, burstKbit } = limitOf({ rate, burst });
    const said = `and the port ${shownName(name)} is to have`;
    const given = burst ?? "1 MB, for none is given,";
    const found =
        rateKbit > MOST_POLICED_KBIT
            ? `the kernel polices at less than 34.36 Gbit/s, ${said} an ingress rate of ${rate}`
            : burstKbit > MOST_BURST_KBIT
              ? `the kernel polices with a burst of at most 4.19 GB, ${said} one of ${given}`
              : burstKbit / rateKbit > MOST_BURST_S
                ? `the kernel polices with a burst of at most ${MOST_BURST_S} seconds at its rate, ${said} one of ${given} at ${rate}`
                : undefined;
    if (found === undefined) return;
    throw new HostError(
        "refused",
        subject,
        `${found}, which would become a small one without a word`,
        "Choose a smaller one, or leave ingress out for no limit.",
    );
}

/** What flows hold of a port. @param metered whether its limit is a meter */
export const guardOf = (port: { ingress?: Declared; portSecurity?: PortSecurity }, metered: boolean): Guard => ({
    ...(port.ingress && metered ? { limit: limitOf(port.ingress) } : {}),
    ...(port.portSecurity ? { security: port.portSecurity } : {}),
});

/** Whether flows hold something of a port as it is declared. @param bridge that it is on */
export const isHeldByFlows = (
    bridge: Seen | undefined,
    { type, ingress, portSecurity }: { type?: string; ingress?: Declared; portSecurity?: PortSecurity },
): boolean => portSecurity !== undefined || (ingress !== undefined && ignoresPolicing(bridge, type));

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

/** What flows hold of a bridge's ports; nothing is asked where they hold nothing. */
export async function inForceOf(host: Host, bridge: string, ports: readonly Seen[]): Promise<InForce> {
    return ports.some(isGuarded) ? readGuards(host, bridge) : NOTHING_IN_FORCE;
}

/** Whether a port's row says that its limit is a meter of ours. */
export const hasMeter = (port: Seen): boolean => keyOf(port.external_ids, INGRESS_KEY) !== undefined;

/** Whether a port's row says as whom it may send. */
export const isSecured = (port: Seen): boolean => keyOf(port.external_ids, SECURITY_KEY) !== undefined;

/** Whether a port's row says that flows of ours hold something of it. */
export const isGuarded = (port: Seen): boolean => hasMeter(port) || isSecured(port);

/** Whether a port's row says that flows of ours hold what is not to hold any more. */
export const holdsMore = (port: Seen, { limit, security }: Guard): boolean =>
    (hasMeter(port) && !limit) || (isSecured(port) && !security);

/** Ports of a bridge whose rows say so, as a message names them; undefined for none. */
export function portsThat(says: (port: Seen) => boolean, view: Replica, bridge: string): string | undefined {
    const names = view
        .referred("Port", view.byName("Bridge", bridge)?.ports)
        .filter(says)
        .map((port) => shownName(String(port.name)));
    return names.slice(0, 10).join(", ") || undefined;
}

/** The limit that is in force. */
export function limitAt(view: Replica, port: Seen, link: Seen, { limits }: InForce): IngressLimit | undefined {
    if (hasMeter(port)) return limits.get(flowNumberOf(link) ?? -1);
    const rateKbit = numberOf(link.ingress_policing_rate) ?? 0;
    if (rateKbit === 0 || ignoresPolicing(view.holderOf(port), textOf(link.type))) return undefined;
    return { rateKbit, burstKbit: numberOf(link.ingress_policing_burst) ?? 0 };
}

/** As whom the port may send, where its flows are those of what its row says. */
export function securityAt(port: Seen, link: Seen, { security }: InForce): PortSecurity | undefined {
    const ofport = flowNumberOf(link) ?? -1;
    const noted = securityFrom(keyOf(port.external_ids, SECURITY_KEY));
    return noted && areInForce(security.get(ofport) ?? [], ofport, noted) ? noted : undefined;
}
