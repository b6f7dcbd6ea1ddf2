/** The socket of a guest's vhost-user NIC, which the switch takes up once: when it opens the link. */
import type { Port } from "./ovs-port-rows";

/** @see Open vSwitch lib/netdev-dpdk.c, netdev_dpdk_vhost_client_set_config: no path is heard once it is a client of one */
export const isAtOtherSocket = (was: Port, want: Port): boolean =>
    was.options?.vhostServerPath !== want.options?.vhostServerPath;
