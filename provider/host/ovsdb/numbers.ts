/** OpenFlow numbers of links, as their rows tell them. */
import { numberOf } from "./columns";
import type { Row } from "./operations";

/** From here on Open vSwitch gives a number only to a port that asks for it (alloc_ofp_port, ofproto/ofproto.c). */
export const FIRST_RESERVED = 32768;

/** The number that a link asks for. */
export const requestOf = (link: Row | undefined): number | undefined => numberOf(link?.ofport_request);

/** The number that it asks for, where nobody else is given that while its device is gone. */
export function reservedOf(link: Row | undefined): number | undefined {
    const request = requestOf(link);
    return request !== undefined && request >= FIRST_RESERVED ? request : undefined;
}

/** The number that a link has, or is to have where its device is gone; undefined for one that others may get meanwhile. */
export function flowNumberOf(link: Row | undefined): number | undefined {
    const ofport = numberOf(link?.ofport);
    return ofport !== undefined && ofport > 0 ? ofport : reservedOf(link);
}
