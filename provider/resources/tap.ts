/** A persistent tap, which a guest's NIC opens. */
import { Tap } from "../../schemas/links";
import type { Line } from "../host/links";
import { ownerFrom } from "../owner";
import type { HostResource } from "../resource";

export const tap: HostResource<Tap> = {
    type: "kvmnet:host:Tap",
    title: "tap",
    description: "A persistent tap, up, for a guest's NIC to open.",
    schema: Tap,
    cost: { name: "replace", multiQueue: "replace", vnetHdr: "replace", mtu: "update" },

    async find(host, name, { known }) {
        const link = (await host.kernel.links()).get(name);
        if (!link) return undefined;
        return {
            state: {
                name,
                multiQueue: link.tap?.multiQueue ?? false,
                // Whoever opens a tap sets this flag anew (drivers/net/tun.c, TUNSETIFF), so what stands there says
                // how the last guest opened it and not how it was made.
                vnetHdr: known?.vnetHdr ?? link.tap?.vnetHdr ?? false,
                mtu: link.mtu,
            },
            mark: ownerFrom(link.alias)?.mark,
            conflict: link.tap ? undefined : `a link of that name is there, and it is a ${link.kind ?? "device"}`,
        };
    },

    create: (host, want, mark) => host.kernel.change(`tap ${want.name}`, ...made(want, mark)),

    update: (host, { state }, want, mark) =>
        host.kernel.change(
            `tap ${want.name}`,
            // Queues are fixed when a tap is made; this one is of a run that was killed, with other settings.
            ...(state.multiQueue === want.multiQueue
                ? settings(want, mark)
                : [removed(want.name), ...made(want, mark)]),
        ),

    delete: (host, { state }) => host.kernel.change(`tap ${state.name}`, removed(state.name)),
};

const made = (want: Tap, mark: string): Line[] => [
    [
        ...["tuntap", "add", "dev", want.name, "mode", "tap"],
        ...(want.multiQueue ? ["multi_queue"] : []),
        ...(want.vnetHdr ? ["vnet_hdr"] : []),
    ],
    ...settings(want, mark),
];

/** The mark comes first: an object whose set-up was cut short is known as ours. */
const settings = ({ name, mtu }: Tap, mark: string): Line[] => [
    ["link", "set", "dev", name, "alias", mark],
    ["link", "set", "dev", name, "mtu", String(mtu), "up"],
];

const removed = (name: string): Line => ["link", "delete", "dev", name];
