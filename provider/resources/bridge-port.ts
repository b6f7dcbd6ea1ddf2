/** A link plugged into a Linux bridge. The link and the bridge may be anybody's; only the plug is ours. */
import { BridgePort } from "../../schemas/links";
import type { Host } from "../host";
import { HostError, shownName } from "../host/errors";
import { sameStack } from "../owner";
import { ip, type Plan } from "../plan";
import type { HostResource } from "../resource";

export const bridgePort: HostResource<BridgePort> = {
    type: "kvmnet:host:BridgePort",
    title: "bridge port",
    description: "A link plugged into a Linux bridge.",
    schema: BridgePort,
    cost: { name: "replace", bridge: "replace" },

    /**
     * A plug has no place for a mark. It is ours where our state knows it, or where the link or the bridge carries a
     * mark of the same stack: then a run of ours that was killed plugged it.
     */
    async find(host, name, { mark, known }) {
        const links = await host.links();
        const link = links.get(name);
        if (!link?.master) return undefined;
        const kin = sameStack(link.alias, mark) || sameStack(links.get(link.master)?.alias, mark);
        const ours = known ? known.bridge === link.master : kin;
        return {
            state: { name, bridge: link.master },
            objectId: String(link.index),
            ...(ours ? { mark } : {}),
            ...(known && !ours ? { conflict: `it is plugged into ${shownName(link.master)}` } : {}),
        };
    },

    create: plug,
    update: (host, _found, want) => plug(host, want),

    delete: (_host, { state }) => [ip(`unplugs ${state.name}`, [["link", "set", "dev", state.name, "nomaster"]])],
    claims: ({ name }) => [`plug of ${name}`],
};

async function plug(host: Host, { name, bridge }: BridgePort): Promise<Plan> {
    const links = await host.links();
    const subject = `bridge port ${name}`;
    if (!links.has(name))
        throw new HostError(
            "missing",
            subject,
            `there is no link ${name} on ${host.where}`,
            "Make it first, for example as kvmnet:host:Tap.",
        );
    if (links.get(bridge)?.kind !== "bridge")
        throw new HostError(
            "missing",
            subject,
            `there is no Linux bridge ${bridge} on ${host.where}`,
            "Declare it as kvmnet:host:Bridge and pass its name on, or correct the name.",
        );
    return [
        ip(
            `plugs ${name} into ${bridge}`,
            [["link", "set", "dev", name, "master", bridge]],
            [["link", "set", "dev", name, "nomaster"]],
        ),
    ];
}
