/** A persistent tap, which a guest's NIC opens. */
import { Tap } from "../../schemas/links";
import { ownerFrom } from "../owner";
import { ip, type Line, type Plan, type Step } from "../plan";
import type { HostResource } from "../resource";

export const tap: HostResource<Tap> = {
    type: "kvmnet:host:Tap",
    title: "tap",
    description: "A persistent tap, up, for a guest's NIC to open.",
    schema: Tap,
    cost: { name: "replace", multiQueue: "replace", vnetHdr: "replace", mtu: "update" },

    async find(host, name, { known }) {
        const link = (await host.links()).get(name);
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
            objectId: String(link.index),
            conflict: link.tap ? undefined : `a link of that name is there, and it is a ${link.kind ?? "device"}`,
        };
    },

    create: (_host, want, mark) => made(want, mark),

    update: (_host, { state }, want, mark) =>
        // Queues are fixed when a tap is made; this one is of a run that was killed, with other settings.
        state.multiQueue === want.multiQueue ? [settings(want, mark)] : [removed(want.name), ...made(want, mark)],

    delete: (_host, { state }) => [removed(state.name)],
    claims: ({ name }) => [`link ${name}`],
};

const made = (want: Tap, mark: string): Plan => [
    ip(
        `makes the tap ${want.name}`,
        [
            [
                ...["tuntap", "add", "dev", want.name, "mode", "tap"],
                ...(want.multiQueue ? ["multi_queue"] : []),
                ...(want.vnetHdr ? ["vnet_hdr"] : []),
            ],
        ],
        [gone(want.name)],
    ),
    settings(want, mark),
];

/** The mark comes first: an object whose set-up was cut short is known as ours. */
const settings = ({ name, mtu }: Tap, mark: string): Step =>
    ip(`sets the tap ${name} up`, [
        ["link", "set", "dev", name, "alias", mark],
        ["link", "set", "dev", name, "mtu", String(mtu), "up"],
    ]);

const removed = (name: string): Step => ip(`removes the tap ${name}`, [gone(name)]);
const gone = (name: string): Line => ["link", "delete", "dev", name];
