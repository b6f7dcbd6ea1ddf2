/** Guests as network namespaces, plugged in by a veth pair whose outer end carries the guest's name. */
import { setTimeout } from "node:timers/promises";
import { run, runJson } from "./kernel-guest";

/** Longest wait for an answer [ms]: it takes milliseconds, and three questions without one take 3 s where nothing else runs. */
const PATIENCE_MS = 10_000;

/**
 * Moves the inner end, `GUEST-in`, into a namespace of the guest's name and gives it an address.
 *
 * @param vlan tag with which the guest itself speaks; absent speaks without one
 */
export async function moveIn(guest: string, address: string, vlan?: number): Promise<void> {
    const inside = (...argv: string[]) => run("ip", "-n", guest, ...argv);
    await run("ip", "netns", "add", guest);
    await run("ip", "link", "set", "dev", `${guest}-in`, "netns", guest);
    await inside("link", "set", "dev", `${guest}-in`, "up");
    const nic = vlan === undefined ? `${guest}-in` : `tag${vlan}`;
    if (vlan !== undefined) {
        await inside("link", "add", "link", `${guest}-in`, "name", nic, "type", "vlan", "id", String(vlan));
        await inside("link", "set", "dev", nic, "up");
    }
    await inside("address", "add", address, "dev", nic);
}

/** Whether a guest finds another's MAC address, for which frames must pass in both directions. */
export async function reaches(from: string, to: string): Promise<boolean> {
    await run("ip", "-n", from, "neigh", "flush", "to", to);
    await run("ip", "netns", "exec", from, "bash", "-c", `echo > /dev/udp/${to}/9`);
    for (let waited = 0; waited < PATIENCE_MS; waited += 100) {
        const [neighbor] = await runJson<{ lladdr?: string; state: string[] }[]>(
            ...["ip", "-json", "-n", from, "neigh", "show", "to", to],
        );
        if (neighbor?.lladdr) return true;
        if (neighbor?.state.includes("FAILED")) return false;
        await setTimeout(100);
    }
    return false;
}

/** An address that is nobody's: a guest that hears a datagram to it drops it, and answers nothing. */
const NOBODY = "192.0.2.254";
/** Says datagrams as one guest, and prints twice the time [s] and how many bytes a link of the other has heard: no burst is left by then. */
const SAY_AND_HEAR = `
    ip netns exec "$0" bash -c 'exec dd if=/dev/zero bs=1400 status=none >/dev/udp/${NOBODY}/9' &
    heard() { echo $EPOCHREALTIME $(</sys/class/net/"$1"/statistics/rx_bytes); }
    sleep 2; heard "$1"; sleep 5; heard "$1"
    kill $!`;

/** Mbit/s that a guest hears of another one that says as much as it can. */
export async function rateHeard(from: string, to: string): Promise<number> {
    const [nic] = await runJson<{ address: string }[]>("ip", "-json", "-n", to, "link", "show", "dev", `${to}-in`);
    const there = ["lladdr", nic?.address ?? "", "dev", `${from}-in`];
    await run("ip", "-n", from, "neigh", "replace", NOBODY, ...there);
    const told = await run("ip", "netns", "exec", to, "bash", "-c", SAY_AND_HEAR, from, `${to}-in`);
    const [since = 0, before = 0, until = 0, after = 0] = told.split(/\s/).map(Number);
    return ((after - before) * 8) / (until - since) / 1e6;
}
