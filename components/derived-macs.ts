/** MAC addresses that a program derives: hosts have no part in them, so guests of one name on two hosts would share one. */
import * as pulumi from "@pulumi/pulumi";

/** Who has each, by the run: a process may run several programs. */
const runs = new WeakMap<object, Map<string, string>>();

/**
 * Takes a derived address for a NIC.
 *
 * @param nic logical name of the NIC
 * @throws pulumi.RunError where another NIC of the program has it: on one network they would take each other's frames
 */
export function takeDerived(mac: string, nic: string): void {
    const run = pulumi.runtime.getMonitor();
    if (!run) return;
    const taken = runs.get(run) ?? new Map<string, string>();
    runs.set(run, taken);
    const other = taken.get(mac);
    if (other !== undefined)
        throw new pulumi.RunError(
            `TunedVirtioNic ${nic}: mac: its derived address ${mac} is that of TunedVirtioNic ${other} too, since their guests are called alike; give one of them a mac, or a guest of another name.`,
        );
    taken.set(mac, nic);
}
