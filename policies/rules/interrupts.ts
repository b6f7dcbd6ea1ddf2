/** Rules about interrupts of a host's NICs beside guests that are pinned. */
import { cpuList, cpusOf } from "../../schemas/cpu-list";
import { at, countAt, listAt, textAt } from "../inputs";
import { known, maybe, NotKnown } from "../known";
import { pinnedCpus } from "../nics/pins";
import { guestNics } from "../nics/reader";
import type { Stack } from "../stack";
import { stackRule } from "../stack-rule";
import { domainFile, made, tunedDomain } from "./examples";

/** What an audit tells of irqbalance: whether it runs, and the CPUs that it keeps away from. */
export const IRQBALANCE = "kvmnet:lint:Irqbalance";

/** Guests by the CPUs that their vCPUs are pinned to; why the pinning of one of them is not known. */
function ownersOf(stack: Stack): { owners: Map<number, string>; open?: NotKnown } {
    const owners = new Map<number, string>();
    let open: NotKnown | undefined;
    for (const type of guestNics.types)
        for (const { name, props } of stack.of(type)) {
            const cpus = maybe(() => pinnedCpus(props));
            if (cpus instanceof NotKnown) open = cpus;
            else for (const cpu of cpus) owners.set(cpu, name);
        }
    return { owners, ...(open ? { open } : {}) };
}

const cpusAt = (value: unknown, key: string): number[] => cpusOf(known(textAt(value, key)) ?? "") ?? [];

const pinned = (...cpus: string[]) =>
    tunedDomain(
        { source: { bridge: { bridge: "br0" } } },
        {
            cpuTune: {
                vcpuPins: cpus.map((cpuSet, vcpu) => ({ vcpu, cpuSet })),
                emulatorPin: { cpuSet: "0" },
            },
        },
    );
const nic = (cpus: string) => made("host:Link", { name: "eth0", interrupts: [{ number: 45, cpus }] });
const irqbalance = (banned: string, running = true) => made("lint:Irqbalance", { name: "irqbalance", running, banned });
const pinnedFile = domainFile(
    '<model type="virtio"/><driver name="vhost" queues="4" rx_queue_size="1024"/>',
    '<cputune><vcpupin vcpu="0" cpuset="2"/><vcpupin vcpu="1" cpuset="3"/><emulatorpin cpuset="0"/></cputune>',
);

const irqOwner = stackRule({
    id: "irq-owner",
    title: "Interrupts of the host's NICs stay off the CPUs of pinned guests.",
    severity: "medium",
    level: { default: "advisory", latency: "mandatory" },
    why: "An interrupt stops whatever runs on its CPU: a vCPU that is pinned there waits, and with it the guest's packets. irqbalance moves interrupts every ten seconds, also those that were set by hand, unless it is told which CPUs to leave alone.",
    sources: [
        "kernel Documentation/networking/scaling.rst, IRQ Configuration",
        "irqbalance(1), IRQBALANCE_BANNED_CPULIST",
    ],
    url: "https://docs.kernel.org/networking/scaling.html#rss-irq-configuration",
    tags: ["cpu", "latency"],
    parameters: {},
    judge(stack, each) {
        const { owners, open } = ownersOf(stack);
        if (owners.size === 0 && !open) return;
        const taken = (cpus: readonly number[]) => cpus.find((cpu) => owners.has(cpu));
        for (const resource of stack.of("kvmnet:host:Link"))
            each(resource, "its interrupts", () => {
                const interrupts = known(listAt(resource.props, "interrupts"));
                for (const one of interrupts) {
                    const cpu = taken(cpusAt(one, "cpus"));
                    if (cpu === undefined) continue;
                    const number = known(countAt(undefined, one, "number"));
                    return {
                        found: `${number === undefined ? "one" : `number ${number}`} comes to CPU ${cpu}, to which a vCPU of ${owners.get(cpu)} is pinned`,
                        set: `Write CPUs that no guest has into /proc/irq/${number ?? "NUMBER"}/smp_affinity_list, and keep irqbalance from them.`,
                    };
                }
                if (open && interrupts.length > 0) throw open;
                return undefined;
            });
        for (const resource of stack.of(IRQBALANCE))
            each(resource, "the host's interrupts", () => {
                if (known(at(resource.props, "running")) !== true) return undefined;
                const banned = cpusAt(resource.props, "banned");
                const free = [...owners.keys()].filter((cpu) => !banned.includes(cpu)).sort((a, b) => a - b);
                const [first] = free;
                if (first === undefined) {
                    if (open) throw open;
                    return undefined;
                }
                return {
                    found: `it runs and may move them to CPU ${first}, to which a vCPU of ${owners.get(first)} is pinned`,
                    set: `Add ${cpuList(free)} to IRQBALANCE_BANNED_CPULIST in /etc/default/irqbalance (/etc/sysconfig/irqbalance) and restart it, or stop it.`,
                };
            });
    },
    fix: "Give interrupts CPUs that no guest is pinned to, and tell irqbalance which CPUs to leave alone.",
    examples: {
        good: [
            [pinned("2", "3"), nic("0-1"), irqbalance("2-3")],
            [pinned("2", "3"), irqbalance("", false)],
            [pinned("2-3"), nic("2"), irqbalance("")],
            [nic("2"), irqbalance("")],
            [pinnedFile, nic("1"), irqbalance("2-7")],
        ],
        bad: [
            [pinned("2", "3"), nic("3")],
            [pinned("2", "3"), nic("0-3")],
            [pinned("2", "3"), irqbalance("2")],
            [pinnedFile, nic("3")],
        ],
    },
});

export const interruptRules = [irqOwner];
