/** Resources for the examples of rules across resources: what a host's network is put together of. */
import { made, tunedDomain } from "./examples";

export const bridge = (props: Record<string, unknown>) => made("ovs:Bridge", { failMode: "standalone", ...props });

/** A port of br0 onto a link of the host, unless told otherwise. */
export const port = (props: Record<string, unknown>) => made("ovs:Port", { bridge: "br0", type: "system", ...props });

export const tap = (props: Record<string, unknown>) => made("host:Tap", { mtu: 1500, ...props });

/** One end of a patch between two bridges. */
export const patch = (name: string, on: string, peer: string, more: object = {}) =>
    made("ovs:Port", { name, bridge: on, type: "patch", options: { peer }, ...more });

/** A guest whose one NIC libvirt itself plugs into br0 of Open vSwitch. */
export const onSwitch = (nic: object = {}) =>
    tunedDomain({
        source: { bridge: { bridge: "br0" } },
        virtualPort: { params: { openVSwitch: {} } },
        ...nic,
    });

/** A guest with one NIC, behind the tap `dev`. */
export const guest = (dev: string, nic: object = {}) =>
    tunedDomain({ source: { ethernet: {} }, target: { dev }, ...nic });
