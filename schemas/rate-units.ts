/** Rates and sizes in the unit of each program that takes them: exact, or refused with the nearest that would do. */
import { bitsPerSecond, bytes } from "./amounts";

/** Bits a second in one unit of each consumer, and where that stands. */
export const RATE_UNITS = {
    /** Queue and QoS of Open vSwitch [bit/s] (ovs-vswitchd.conf.db(5), max-rate). */
    "ovs max-rate": 1,
    /** ingress_policing_rate of Open vSwitch [kbit/s] (ovs-vswitchd.conf.db(5)). */
    "ovs ingress_policing_rate": 1_000,
    /** average, peak and floor of libvirt's bandwidth [kB/s], thousands of bytes (formatnetwork, "Quality of service"). */
    "libvirt average": 8_000,
    /** max_tx_rate of a virtual function [Mbit/s] (ip-link(8)). */
    "vf max_tx_rate": 1_000_000,
    /** rate of tc's classes, as `bit` [bit/s] (tc(8), "Rates or Bandwidths"). */
    "tc rate": 1,
} as const;
export type RateUnit = keyof typeof RATE_UNITS;

/** Bits in one unit of each consumer of sizes. */
export const SIZE_UNITS = {
    /** burst of libvirt's bandwidth [KiB] (formatnetwork, "Quality of service"). */
    "libvirt burst": 8 * 1_024,
    /** ingress_policing_burst of Open vSwitch [kbit] (ovs-vswitchd.conf.db(5)). */
    "ovs ingress_policing_burst": 1_000,
    /** burst of tc's classes [byte] (tc(8), "Sizes"). */
    "tc burst": 8,
} as const;
export type SizeUnit = keyof typeof SIZE_UNITS;

/**
 * A rate that `Rate` has read, as the number that a consumer takes.
 *
 * @throws RangeError where it is no whole number there; it tells the nearest rates that are
 */
export const rateIn = (rate: string, unit: RateUnit): number =>
    whole(rate, bitsPerSecond(rate), RATE_UNITS[unit], unit, "bit/s");

/** A size that `Size` has read, as the number that a consumer takes. @throws RangeError as `rateIn` does */
export const sizeIn = (size: string, unit: SizeUnit): number =>
    whole(size, bytes(size) * 8, SIZE_UNITS[unit], unit, "bit");

function whole(text: string, bits: number, step: number, unit: string, of: string): number {
    if (bits % step === 0) return bits / step;
    const below = Math.floor(bits / step) * step;
    throw new RangeError(
        `${unit} counts in steps of ${step} ${of}, and ${text} lies between ${below} and ${below + step}; choose one of these`,
    );
}
