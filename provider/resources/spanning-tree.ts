/** Waits until ports of a Linux bridge forward: under spanning tree they listen and learn first, and pass nothing. */
import { setTimeout } from "node:timers/promises";
import type { Host } from "../host";
import { HostError } from "../host/errors";
import type { Link } from "../host/links";

/** How often the kernel is asked [ms]; one question serves all ports that wait. */
const POLL_MS = 200;
/** What a carrier that has just come needs until its port leaves the state "disabled" (net/core/link_watch.c waits up to 1 s). */
const CARRIER_MS = 1_500;
/** Beyond twice the forward delay [ms]. */
const GRACE_MS = 5_000;

type Links = ReadonlyMap<string, Link>;

/**
 * Comes back when none of the ports listens or learns any more. A port without carrier is not waited for, since nothing
 * passes it anyway, and neither is one that spanning tree keeps blocking.
 *
 * @param ports which, out of the host's links
 * @throws HostError refused when twice the forward delay was not enough, cancelled
 */
export async function untilForwarding(host: Host, subject: string, ports: (links: Links) => Link[]): Promise<void> {
    const started = performance.now();
    let told = "";
    for (;;) {
        const links = await host.links();
        const waited = performance.now() - started;
        const silent = ports(links).filter((port) => isSilent(port, links, waited));
        const [port] = silent;
        if (!port) return;
        const delay = forwardDelay(links.get(port.master ?? ""));
        if (waited > (host.timeoutMs ?? 2_000 * delay + GRACE_MS))
            throw new HostError(
                "refused",
                subject,
                `${port.name} does not forward yet after ${Math.round(waited / 1_000)} s of spanning tree (it is ${String(port.slave.state)})`,
                "Set a shorter forwardDelay on its bridge, such as 4, or allow more time; then run the same command again.",
            );
        if (host.signal?.aborted)
            throw new HostError(
                "cancelled",
                subject,
                "the run was cancelled while spanning tree learnt",
                "Run it again.",
            );
        const message = `waits for spanning tree: ${port.name} is ${String(port.slave.state)}; each of its two steps takes ${delay} s`;
        if (message !== told) host.status((told = message));
        await setTimeout(POLL_MS);
    }
}

/** Seconds that a bridge's port listens, and again that it learns. */
function forwardDelay(bridge: Link | undefined): number {
    const delay = bridge?.data.forward_delay;
    return typeof delay === "number" ? delay / 100 : 15;
}

/** Whether a bridge runs spanning tree, the kernel's (1) or that of a daemon (2). */
export const runsSpanningTree = (bridge: Link | undefined): boolean =>
    typeof bridge?.data.stp_state === "number" && bridge.data.stp_state > 0;

function isSilent(port: Link, links: Links, waitedMs: number): boolean {
    const bridge = links.get(port.master ?? "");
    if (!runsSpanningTree(bridge) || !bridge?.up) return false;
    const { state } = port.slave;
    if (state === "listening" || state === "learning") return true;
    return state === "disabled" && port.flags.includes("LOWER_UP") && port.up && waitedMs < CARRIER_MS;
}
