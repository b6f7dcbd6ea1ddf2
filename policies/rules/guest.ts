/** Rules for a guest as a whole: vectors over its NICs, pinning, and what it shows to the network. */
import { cpuSetOf } from "../../schemas/cpu-list";
import { MOST_VECTORS, vectorsOf } from "../../tuning/queues";
import { known, knownOf, NotKnown, placeOf } from "../known";
import { isVirtio } from "../nics/guest-nic";
import { guests } from "../nics/guests";
import { rule } from "../rule";
import { domainFile, tunedClassic, tunedDomain } from "./examples";
import { FORMATDOMAIN } from "./manuals";

const domain = (more: object) => tunedDomain({ model: { type: "virtio" }, driver: { queues: 4 } }, more);
/** As a file has it, with a NIC that is tuned. */
const guestFile = (more: string, devices = "") =>
    domainFile('<model type="virtio"/><driver name="vhost" queues="4" rx_queue_size="1024"/>', more, devices);
const nics = (count: number, queues: number) =>
    domain({
        vcpu: queues,
        devices: {
            interfaces: Array.from({ length: count }, () => ({
                model: { type: "virtio" },
                driver: { queues, rxQueueSize: 1024 },
            })),
        },
    });

const nicVectors = rule({
    id: "nic-vectors",
    title: "The NICs of a guest share its interrupt vectors.",
    severity: "medium",
    level: { default: "advisory", density: "mandatory" },
    why: "Each virtio NIC takes two MSI-X vectors a queue pair and two more; a guest has about 200. Where they run out, drivers fall back to fewer queues or shared interrupts.",
    sources: ["Nova spec libvirt-virtiomq", "virtio 1.2, 4.1.4.3: a vector a queue and one for settings"],
    url: `${FORMATDOMAIN}#setting-nic-driver-specific-options`,
    tags: ["nic", "interrupts"],
    appliesTo: guests,
    parameters: {
        vectors: {
            describe: "Most vectors of all NICs together [count].",
            value: { default: MOST_VECTORS },
            minimum: 4,
            maximum: 2048,
        },
    },
    judge({ nics }, { vectors: most }) {
        const virtio = nics.map((nic) => known(nic)).filter(isVirtio);
        // More than a NIC can have is a matter of `queues-max`.
        if (virtio.some((nic) => known(nic.queues) > 256)) return undefined;
        const total = virtio.reduce((sum, nic) => sum + vectorsOf(known(nic.queues)), 0);
        if (total <= most) return undefined;
        return {
            found: `its ${nics.length} NICs need ${total} vectors, and ${most} are there`,
            set: "Set fewer queues on the NICs that need them least.",
        };
    },
    fix: "Lower queues on the NICs that need them least.",
    examples: { good: [nics(4, 8)], bad: [nics(12, 8)] },
});

const pinEmulator = rule({
    id: "pin-emulator",
    title: "Where vCPUs are pinned, the emulator is pinned apart from them.",
    severity: "medium",
    level: { default: "advisory", latency: "mandatory" },
    why: "Emulator threads carry vhost-net's work. Unpinned they run on every CPU of the host, also on those that were pinned for vCPUs, and stall them.",
    sources: ["libvirt formatdomain, CPU Tuning", "RHEL 7 tuning guide, 9.3.6"],
    url: `${FORMATDOMAIN}#cpu-tuning`,
    tags: ["cpu", "latency"],
    appliesTo: guests,
    parameters: {},
    judge({ said }) {
        const pins = said.all("vcpuPin");
        if (pins.length === 0) return undefined;
        const emulator = known(said("emulatorPin"));
        if (emulator === undefined)
            return {
                found: "its vCPUs are pinned and its emulator is not",
                set: "Set cpuTune.emulatorPin.cpuSet to CPUs of the same NUMA node that no vCPU has.",
            };
        const shared = firstShared(knownOf(pins), emulator);
        if (shared !== undefined)
            return {
                found: `its emulator shares CPU ${shared} with a vCPU`,
                set: "Set cpuTune.emulatorPin.cpuSet to CPUs that no vCPU has.",
            };
        pins.forEach(known);
        return undefined;
    },
    fix: "Pin the emulator to other cores of the same NUMA node.",
    examples: {
        good: [
            domain({ cpuTune: { vcpuPins: [{ vcpu: 0, cpuSet: "2" }], emulatorPin: { cpuSet: "0-3,^2" } } }),
            domain({ cpuTune: { vcpuPins: [{ vcpu: 0, cpuSet: "2" }], emulatorPin: { cpuSet: "0-1" } } }),
            domain({}),
        ],
        bad: [
            domain({ cpuTune: { vcpuPins: [{ vcpu: 0, cpuSet: "2" }] } }),
            domain({ cpuTune: { vcpuPins: [{ vcpu: 0, cpuSet: "2" }], emulatorPin: { cpuSet: "0-3" } } }),
            domain({
                cpuTune: {
                    vcpuPins: [
                        { vcpu: 0, cpuSet: "2" },
                        { vcpu: 1, cpuSet: "3" },
                    ],
                    emulatorPin: { cpuSet: "3" },
                },
            }),
            guestFile(
                '<cputune><vcpupin vcpu="0" cpuset="2"/><vcpupin vcpu="1" cpuset="3"/><emulatorpin cpuset="3"/></cputune>',
            ),
        ],
    },
});

/** The first CPU of any of the lists that another list has, too. @throws NotKnown where one is no list */
function firstShared(lists: readonly string[], other: string): number | undefined {
    const listed = (text: string): number[] => {
        const cpus = cpuSetOf(text);
        if (!cpus) throw new NotKnown("a list of CPUs cannot be read");
        return cpus;
    };
    const others = new Set(listed(other));
    for (const list of lists) {
        const shared = listed(list).find((cpu) => others.has(cpu));
        if (shared !== undefined) return shared;
    }
    return undefined;
}

const pinAuto = rule({
    id: "pin-auto",
    title: "The emulator is not pinned by hand where numad places the guest.",
    severity: "low",
    level: { default: "advisory" },
    why: "With placement auto libvirt asks numad for CPUs and memory, and an emulator that is pinned by hand stays where it is pinned: it may run on another node than the guest's vCPUs and memory.",
    sources: ["libvirt src/qemu/qemu_process.c, qemuProcessSetupPid", "libvirt formatdomain, vcpu placement"],
    url: `${FORMATDOMAIN}#cpu-allocation`,
    tags: ["cpu"],
    appliesTo: guests,
    parameters: {},
    judge({ said }) {
        if (known(said("placement")) !== "auto" || known(said("emulatorPin")) === undefined) return undefined;
        return {
            found: "its emulator is pinned, and its placement is auto",
            set: "Set vcpuPlacement to static, or take cpuTune.emulatorPin away.",
        };
    },
    fix: "Choose one of the two.",
    examples: {
        good: [domain({ vcpuPlacement: "static", cpuTune: { emulatorPin: { cpuSet: "0" } } })],
        bad: [domain({ vcpuPlacement: "auto", cpuTune: { emulatorPin: { cpuSet: "0" } } })],
    },
});

const unfilteredVnc = rule({
    id: "sec-unfiltered-vnc",
    title: "A guest's screen does not listen on every address.",
    severity: "medium",
    level: { default: "advisory" },
    why: "A VNC or SPICE server on 0.0.0.0 answers whoever reaches the host, and VNC's own password has eight characters.",
    sources: ["libvirt formatdomain, Graphical framebuffers: listen"],
    url: `${FORMATDOMAIN}#graphical-framebuffers`,
    tags: ["security"],
    appliesTo: guests,
    parameters: {},
    judge({ said }) {
        const addresses = [...said.all("graphicsListen"), ...said.all("graphicsListener")];
        const place = placeOf(addresses, (address) => address === "0.0.0.0" || address === "::");
        if (place < 0) return undefined;
        return {
            found: `its screen listens on ${String(addresses[place])}`,
            set: "Set listen to 127.0.0.1, and reach it through SSH.",
        };
    },
    fix: "Listen on 127.0.0.1.",
    examples: {
        good: [
            domain({ devices: { interfaces: [], graphics: [{ vnc: { listen: "127.0.0.1" } }] } }),
            guestFile("", '<graphics type="spice"><listen type="address" address="127.0.0.1"/></graphics>'),
            tunedClassic("", { graphics: { type: "vnc", listenType: "address" } }),
            tunedClassic("", { graphics: { type: "vnc", listenType: "none", listenAddress: "0.0.0.0" } }),
        ],
        bad: [
            domain({ devices: { interfaces: [], graphics: [{ vnc: { listen: "0.0.0.0" } }] } }),
            domain({
                devices: { interfaces: [], graphics: [{ vnc: { listen: "::1" } }, { spice: { listen: "::" } }] },
            }),
            domain({
                devices: {
                    interfaces: [],
                    graphics: [{ spice: { listeners: [{ address: { address: "0.0.0.0" } }] } }],
                },
            }),
            guestFile("", '<graphics type="spice"><listen type="address" address="0.0.0.0"/></graphics>'),
            guestFile("", '<graphics type="vnc" listen="127.0.0.1"/><graphics type="spice" listen="0.0.0.0"/>'),
            tunedClassic("", { graphics: { type: "spice", listenType: "address", listenAddress: "0.0.0.0" } }),
        ],
    },
});

export const guestRules = [nicVectors, pinEmulator, pinAuto, unfilteredVnc];
