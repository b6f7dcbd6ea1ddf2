/** Waits until ports of an Open vSwitch bridge forward: under spanning tree they listen and learn first, and pass nothing. */
import { setTimeout } from "node:timers/promises";
import type { Host } from "../host";
import { HostError, shownName } from "../host/errors";
import type { Replica, Seen } from "../host/ovsdb/replica";
import { helloInForce } from "./ovs-bridge-rows";
import { isOffTree } from "./ovs-off-tree";
import { entriesOf } from "./ovs-rows";

/** How often the copy of the database is looked at [ms]. */
const POLL_MS = 200;
/** Beyond twice the forward delay [ms]. */
const GRACE_MS = 5_000;

/** What the switch needs at most until it tells a new port's state, on a busy machine [ms]. */
const TOLD_MS = 5_000;

/**
 * Comes back when none of the ports listens or learns any more; at once on a bridge without spanning tree.
 *
 * @throws HostError refused when twice the forward delay was not enough, cancelled
 */
export async function untilForwarding(host: Host, subject: string, bridge: string, ports: string[]): Promise<void> {
    const started = performance.now();
    for (;;) {
        // The copy goes on by itself, so one that was brought up to date a moment ago needs no question.
        const view = await host.at({ maxAgeMs: POLL_MS }).switch();
        const row = view.byName("Bridge", bridge);
        const kind = row && kindOf(row);
        if (!row || !kind) return;
        const delay = forwardDelay(row, kind);
        const waited = performance.now() - started;
        const silent = ports.find((name) => isSilent(view, name, kind, waited));
        if (silent === undefined) return;
        if (waited > (host.timeoutMs ?? 2_000 * delay + GRACE_MS))
            throw new HostError(
                "refused",
                subject,
                `${shownName(silent)} does not forward yet after ${2 * delay} s of spanning tree (it is ${stateOf(view, silent).state})`,
                "Set a shorter stpForwardDelay and stpMaxAge on its bridge, such as 4 and 6, or rstp; then run the same command again.",
            );
        if (host.signal?.aborted)
            throw new HostError(
                "cancelled",
                subject,
                "the run was cancelled while spanning tree learnt",
                "Run it again.",
            );
        host.status(`waits for spanning tree: ${shownName(silent)} is ${stateOf(view, silent).state}`);
        await setTimeout(POLL_MS);
    }
}

/** Which spanning tree a bridge speaks. */
type Kind = "stp" | "rstp";

function kindOf({ rstp_enable: rapid, stp_enable: plain }: Seen): Kind | undefined {
    if (rapid === true) return "rstp";
    return plain === true ? "stp" : undefined;
}

/**
 * Seconds that a port listens, and again that it learns.
 *
 * @see Open vSwitch lib/stp.c, stp_update_bridge_timers: a maximum age is raised to what hellos need, and a delay to what
 * that age needs
 */
function forwardDelay({ other_config: config }: Seen, kind: Kind): number {
    const seconds = (key: string, preset: number) => Number(entriesOf(config).get(`${kind}-${key}`) ?? preset);
    const hello = kind === "rstp" ? 0 : helloInForce(seconds("hello-time", 2_000));
    const age = Math.max(seconds("max-age", 20), 2 * (hello + 1));
    return Math.max(seconds("forward-delay", 15), age / 2 + 1);
}

/** A port that spanning tree keeps blocking, or that has no carrier, stays so and is not waited for. */
function isSilent(view: Replica, name: string, kind: Kind, waitedMs: number): boolean {
    const { state, role } = stateOf(view, name);
    // Rapid spanning tree leaves a port that is to forward in "Discarding" at first.
    const leads = role === "Designated" || role === "Root";
    if (state === "listening" || state === "learning" || (leads && /^(Learning|Discarding)$/.test(state))) return true;
    return state === "" && waitedMs < TOLD_MS && takesPart(view, name, kind);
}

/**
 * Bonds and internal ports have no part in spanning tree (ovs-vswitchd.conf.db(5), Bridge), nor has a port for which it is
 * switched off.
 */
function takesPart(view: Replica, name: string, kind: Kind): boolean {
    const port = view.byName("Port", name);
    if (isOffTree(port, `${kind}-enable`)) return false;
    const links = view.referred("Interface", port?.interfaces);
    return links.length === 1 && links.every(({ type, ofport }) => type !== "internal" && Number(ofport) > 0);
}

function stateOf(view: Replica, name: string): { state: string; role: string } {
    const port = view.byName("Port", name);
    const [rapid, plain] = [entriesOf(port?.rstp_status), entriesOf(port?.status)];
    return {
        state: rapid.get("rstp_port_state") ?? plain.get("stp_state") ?? "",
        role: rapid.get("rstp_port_role") ?? "",
    };
}
