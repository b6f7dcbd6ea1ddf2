/** Patches and their other ends: of two ends one is made first, and the switch tells a moment later that both are there. */
import type { Host } from "../host";
import { untilTold } from "../host/until-told";
import { faultOf } from "./ovs-fault";
import type { Wanted } from "./ovs-port-change";

export const untilPatched = (host: Host, names: string[]): Promise<void> =>
    untilTold(host, (view) => names.every((name) => faultOf(view.byName("Interface", name), view) === undefined));

/** A sentence for each of the ports whose other end is neither there nor made with it. */
export async function peerCautions(host: Host, ports: readonly Wanted[]): Promise<string[]> {
    const patches = ports.filter(({ options }) => options?.peer !== undefined);
    if (patches.length === 0) return [];
    const view = await host.switch();
    const come = new Set(ports.map(({ name }) => name));
    return patches.flatMap(({ name, options: { peer = "" } = {} }) =>
        come.has(peer) || view.byName("Interface", peer)
            ? []
            : [`OVS port ${name}: its peer ${peer} is not there yet. It passes nothing until it is.`],
    );
}
