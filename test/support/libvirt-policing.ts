/**
 * What libvirt writes into the row of an OVS port's interface for `<bandwidth><outbound average='1250'/></bandwidth>`:
 * kbit/s, and no burst where none is said, for which the switch takes 8000 kbit.
 */
export const LIBVIRT_POLICING = { ingress_policing_rate: 10_000, ingress_policing_burst: 0 } as const;
