/** What an environment needs beside its own schema: what it means on the host it goes to, and names that meet nowhere. */
import { entriesOf, type Say } from "../schemas/named";
import { Environment } from "../schemas/environment";
import { HostRef } from "../schemas/host-ref";
import { QUICK_BOOT } from "../schemas/lab-guest";
import { labPaths } from "../schemas/lab-paths";
import { InputError, type Problem, problemsOf } from "../schemas/problems";
import { ifName, nicMac, type Scope } from "./names";

/** A checked environment and the host it goes to. */
export interface Plan {
    host: HostRef;
    environment: Environment;
}

/**
 * Checks an environment together with its host, everything at once.
 *
 * @param scope   what tells this stack from others; MAC addresses are derived from it
 * @param subject what the input is called in a message
 * @throws InputError with every problem
 */
export function planned(input: { host: unknown; environment: unknown }, scope: Scope, subject: string): Plan {
    const host = HostRef.safeParse(input.host);
    const environment = Environment.safeParse(input.environment);
    const problems: Problem[] = [
        ...(host.error
            ? problemsOf(host.error, input.host, HostRef).map((one) => ({ ...one, path: ["host", ...one.path] }))
            : []),
        ...(environment.error ? problemsOf(environment.error, input.environment, Environment) : []),
    ];
    if (host.success && environment.success) {
        const say: Say = (path, message) => problems.push({ path, message });
        checkBoot(host.data, environment.data, say);
        checkLinks(environment.data, say);
        checkMacs(environment.data, scope, say);
        if (!problems.length) return { host: host.data, environment: environment.data };
    }
    throw new InputError(subject, problems);
}

/** What a guest boots, how it is run and where its console is, on the host it goes to. */
export function bootOf({ host, environment }: Plan, guest: string) {
    const boot = environment.guests[guest]!.boot;
    if (host.kind === "local") return { boot: boot!, accelerator: "kvm" as const };
    const paths = labPaths(host.name);
    return {
        // Emulated, the console's own output and the mitigations are a good part of the time that a guest takes to boot.
        boot: boot ?? { kernel: paths.kernel, initrd: paths.initrd, cmdline: QUICK_BOOT },
        // A lab boots its guests on any machine, also where /dev/kvm boots none.
        accelerator: "tcg" as const,
        console: paths.console(guest),
        // A guest that is taken down while it boots does not hear the power button.
        shutdownTimeout: 10,
    };
}

function checkBoot(host: HostRef, { guests }: Environment, say: Say): void {
    if (host.kind === "lab") return;
    for (const [guest, { boot }] of entriesOf(guests))
        if (!boot)
            say(
                ["guests", guest, "boot"],
                "only a lab has a guest of its own to boot; set boot: { kernel, initrd }, or host: lab://NAME",
            );
}

/** Taps are named after guest and NIC: none may meet a switch or bridge that is called the same. */
function checkLinks({ switches, bridges, guests }: Environment, say: Say): void {
    const taken = new Map<string, string>([
        ...Object.keys(switches).map((name) => [name, `switches.${name}`] as const),
        ...Object.keys(bridges).map((name) => [name, `bridges.${name}`] as const),
    ]);
    eachNic({ guests }, (guest, nic) => {
        const tap = ifName(guest, nic);
        const other = taken.get(tap);
        if (other)
            say(["guests", guest, "nics", nic], `its tap would be called ${tap}, as is ${other}; rename one of them`);
        taken.set(tap, `the tap of guests.${guest}.nics.${nic}`);
    });
}

/** An address that a user chose may be one that is derived for another NIC. */
function checkMacs({ guests }: Environment, scope: Scope, say: Say): void {
    const taken = new Map<string, string>();
    eachNic({ guests }, (guest, nic) => {
        const mac = guests[guest]!.nics[nic]!.mac ?? nicMac(scope, guest, nic);
        const other = taken.get(mac);
        if (other)
            say(
                ["guests", guest, "nics", nic, "mac"],
                `${other} has the same MAC address, ${mac}; set another one here`,
            );
        taken.set(mac, `guests.${guest}.nics.${nic}`);
    });
}

function eachNic({ guests }: Pick<Environment, "guests">, visit: (guest: string, nic: string) => void): void {
    for (const [guest, { nics }] of entriesOf(guests)) for (const nic of Object.keys(nics)) visit(guest, nic);
}
