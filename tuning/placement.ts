/** Where vCPUs, emulator and vhost threads run, and which CPUs take packets. */
import type { TuningInput } from "../schemas/tuning";
import { LIMITS } from "./backends";
import { cpusOf, listOf, maskOf } from "./cpus";
import type { Tuned } from "./value";

export interface Placement {
    /** One host CPU a vCPU, in the order of the vCPUs; absent where there are too few. */
    vcpus: Tuned<number[] | null>;
    /** CPUs of the emulator. */
    emulator: Tuned<string | null>;
    /** CPUs of the threads of vhost-net; null where there are none, or nothing is pinned. */
    vhost: Tuned<string | null>;
    /** `smp_affinity_list` of the interrupt of each channel of the uplink. */
    irq: Tuned<string[]>;
    /** `rps_cpus` of the uplink. */
    rps: Tuned<string>;
    /** `xps_cpus` a transmit queue of the uplink. */
    xps: Tuned<string[]>;
}

const EMULATOR = "libvirt formatdomain, CPU Tuning: emulatorpin; vhost threads belong to the emulator's group";
const SCALING = "kernel Documentation/networking/scaling.rst";

/** @param channels of the uplink [count]; 0 where nothing is known of it */
export function place(input: TuningInput, host: NonNullable<TuningInput["host"]>, channels: number): Placement {
    const { cores, own, rest, fits, packets } = sharedOut(input, host);
    return {
        vcpus: fits
            ? {
                  value: own,
                  reason: `${input.vcpus} vCPUs have a core each out of ${host.cpus}${host.threadsPerCore === 2 ? ", their siblings left idle" : ""}, so that none waits for another.`,
                  source: "libvirt formatdomain, CPU Tuning: vcpupin",
                  rule: "smt-siblings",
                  cost: { cpu: `${input.vcpus} host cores for this guest alone` },
              }
            : {
                  value: null,
                  reason: `${host.cpus} has ${cores.length} cores: ${input.vcpus} vCPUs and one for the emulator do not fit, so nothing is pinned.`,
                  source: "libvirt formatdomain, CPU Tuning: vcpupin",
              },
        emulator: {
            value: fits ? listOf(rest) : null,
            reason: fits
                ? `The emulator runs on ${listOf(rest)}, apart from the vCPUs; unpinned it would roam over the pinned CPUs too.`
                : "Nothing is pinned, so the emulator is not either.",
            source: EMULATOR,
            rule: "pin-emulator",
        },
        vhost: vhostPlace(input, fits ? listOf(rest) : null),
        irq: interrupts(packets.cores, channels, fits),
        rps: receiveSteering(packets.cpus, channels),
        xps: transmitSteering(packets.cpus, channels),
    };
}

/** Which of a host's CPUs are for the vCPUs, and which for packets. */
export function sharedOut({ vcpus }: Pick<TuningInput, "vcpus">, host: NonNullable<TuningInput["host"]>) {
    const all = cpusOf(host.cpus);
    const hasSiblings = host.threadsPerCore === 2;
    const cores = hasSiblings ? all.slice(0, Math.ceil(all.length / 2)) : all;
    const own = cores.slice(0, vcpus);
    const taken = new Set([...own, ...(hasSiblings ? siblings(all, own) : [])]);
    const rest = all.filter((cpu) => !taken.has(cpu));
    const fits = own.length === vcpus && rest.length > 0;
    // An interrupt on a pinned vCPU's core takes that from the guest which has it for itself alone.
    const packets = fits ? { cpus: rest, cores: cores.filter((cpu) => !taken.has(cpu)) } : { cpus: all, cores };
    return { cores, own, rest, fits, packets };
}

/** A vhost thread is of the emulator's group, so emulatorpin places it too. */
function vhostPlace({ backend }: TuningInput, rest: string | null): Tuned<string | null> {
    const threads = LIMITS[backend].vhost === "kernel";
    return {
        value: threads ? rest : null,
        reason: !threads
            ? `A NIC by ${LIMITS[backend].title} has no vhost threads in the kernel.`
            : rest === null
              ? "Nothing is pinned, so the vhost threads are not either."
              : `The vhost threads, one a queue pair at work, run on ${rest} with the emulator, by emulatorpin, so that none takes a vCPU's core.`,
        source: EMULATOR,
        rule: "pin-emulator",
    };
}

/** For interrupts a sibling thread brings nothing: channels go round the cores. @param pinned whether vCPUs have others to themselves */
function interrupts(cores: number[], channels: number, pinned: boolean): Tuned<string[]> {
    return {
        value: Array.from({ length: channels }, (_, channel) => String(cores[channel % cores.length])),
        reason:
            channels > 0
                ? `${channels} interrupts go round ${cores.length} cores of the node${pinned ? " that no vCPU has to itself" : ""}, one each; irqbalance must leave them alone.`
                : "Nothing is known of the uplink's channels, so their interrupts are left as they are.",
        source: SCALING,
        rule: "irq-owner",
    };
}

function transmitSteering(cpus: number[], channels: number): Tuned<string[]> {
    const queues = Math.min(channels, cpus.length);
    return {
        value: Array.from({ length: queues }, (_, queue) =>
            maskOf(cpus.filter((_, index) => index % queues === queue)),
        ),
        reason:
            channels > 0
                ? `Each of ${queues} transmit queues serves its own CPUs, so that no two contend for one.`
                : "Nothing is known of the uplink's channels, so transmit queues are left as they are.",
        source: SCALING,
    };
}

function receiveSteering(cpus: number[], channels: number): Tuned<string> {
    const needed = channels > 0 && channels < cpus.length;
    return {
        value: needed ? maskOf(cpus) : "0",
        reason: needed
            ? `The uplink has ${channels} channels for ${cpus.length} CPUs, so RPS spreads packets over the rest of this NUMA node.`
            : "With a channel a CPU the hardware spreads packets already, and RPS would only cost.",
        source: SCALING,
        rule: "rps-redundant",
    };
}

/** The second threads of these cores, by the numbering n and n + half. */
function siblings(all: number[], own: number[]): number[] {
    const half = Math.ceil(all.length / 2);
    return own.flatMap((cpu) => all[all.indexOf(cpu) + half] ?? []);
}
