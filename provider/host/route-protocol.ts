/** Who made a route, rule or neighbour, as the kernel keeps it: a number (`protocol` in ip-route(8)). */

/**
 * The number of all that kvmnet makes. Nobody has it in rt_protos of iproute2, linux/rtnetlink.h, FRR or OVN; what adds
 * routes by hand has 3 (boot), an administrator's 4 (static).
 */
export const OUR_PROTOCOL = 145;
