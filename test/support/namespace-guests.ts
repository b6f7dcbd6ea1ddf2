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
