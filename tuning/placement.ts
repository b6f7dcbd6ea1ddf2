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
    const all = cpusOf(host.cpus);
    const cores = host.threadsPerCore === 2 ? all.slice(0, Math.ceil(all.length / 2)) : all;
    const own = cores.slice(0, input.vcpus);
    const rest = all.filter((cpu) => !own.includes(cpu) && !(host.threadsPerCore === 2 && siblings(all, own).has(cpu)));
    const fits = own.length === input.vcpus && rest.length > 0;
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
        irq: interrupts(cores, channels),
        rps: receiveSteering(all, channels),
        xps: {
            value: Array.from({ length: Math.min(channels, all.length) }, (_, queue) =>
                maskOf(all.filter((_, index) => index % Math.min(channels, all.length) === queue)),
            ),
            reason:
                channels > 0
                    ? `Each of ${Math.min(channels, all.length)} transmit queues serves its own CPUs, so that no two contend for one.`
                    : "Nothing is known of the uplink's channels, so transmit queues are left as they are.",
            source: SCALING,
        },
    };
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

/** For interrupts a sibling thread brings nothing: channels go round the cores. */
function interrupts(cores: number[], channels: number): Tuned<string[]> {
    return {
        value: Array.from({ length: channels }, (_, channel) => String(cores[channel % cores.length])),
        reason:
            channels > 0
                ? `${channels} interrupts go round ${cores.length} cores of the node, one each; irqbalance must leave them alone.`
                : "Nothing is known of the uplink's channels, so their interrupts are left as they are.",
        source: SCALING,
        rule: "irq-owner",
    };
}

function receiveSteering(all: number[], channels: number): Tuned<string> {
    const needed = channels > 0 && channels < all.length;
    return {
        value: needed ? maskOf(all) : "0",
        reason: needed
            ? `The uplink has ${channels} channels for ${all.length} CPUs, so RPS spreads packets over the rest of this NUMA node.`
            : "With a channel a CPU the hardware spreads packets already, and RPS would only cost.",
        source: SCALING,
        rule: "rps-redundant",
    };
}

/** The second threads of these cores, by the numbering n and n + half. */
function siblings(all: number[], own: number[]): Set<number> {
    const half = Math.ceil(all.length / 2);
    return new Set(own.flatMap((cpu) => all[all.indexOf(cpu) + half] ?? []));
}
