/** Links with nothing of their own: a dummy, and an intermediate functional block. */
import { Dummy, Ifb } from "../../schemas/plain-links";
import { virtualLink } from "./virtual-link";

export const dummy = virtualLink<Dummy>({
    type: "kvmnet:host:Dummy",
    title: "dummy",
    description: "A link that takes packets and drops them, up: a place for addresses that belong to no wire.",
    schema: Dummy,
    cost: { name: "replace", mac: "update", mtu: "update", txQueueLength: "update", takesOperatorPath: "update" },
    kind: "dummy",
    settings: {},
    presets: { mtu: 1500, txQueueLength: 1000 },
});

export const ifb = virtualLink<Ifb>({
    type: "kvmnet:host:Ifb",
    title: "intermediate functional block",
    description: "A link through which a filter leads traffic so that it can be shaped, up.",
    schema: Ifb,
    cost: { name: "replace", mtu: "update", txQueueLength: "update", takesOperatorPath: "update" },
    kind: "ifb",
    settings: {},
    // TX_Q_LIMIT in drivers/net/ifb.c.
    presets: { mtu: 1500, txQueueLength: 32 },
});
