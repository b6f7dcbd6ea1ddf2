/** Where guests run: on which CPUs of a host, in which cells of their own, by which firmware, and on which of two hosts. */
import assert from "node:assert/strict";
import { realpathSync } from "node:fs";
import { join } from "node:path";
import { openGuest } from "../../lab";
import { guestParts, kernelVersion } from "../../lab/guest/parts";
import { HostRef, libvirtUri } from "../../schemas/host-ref";
import { QUICK_BOOT } from "../../schemas/lab-guest";
import { labPaths } from "../../schemas/lab-paths";
import { EngineProject } from "../support/engine-project";
import { eventually } from "../support/eventually";
import { labName } from "../support/labs";
import { firmwareFolder } from "../support/ovmf";
import { ProviderLab } from "./provider-lab";

const NEAR = labName("near");
const FAR = labName("far");
const FIRST_RUN_MS = 30 * 60_000;
/** Longest wait for an emulated guest on a busy machine [ms]. */
const BOOT_MS = 400_000;

const boot = ({ kernel, initrd }: { kernel: string; initrd: string }) =>
    JSON.stringify({ kernel, initrd, cmdline: QUICK_BOOT });
const consoleOf = (lab: string, guest: string) => JSON.stringify(labPaths(lab).console(guest));

/** Threads of a guest's QEMU, as `NAME=CPUS`. */
const THREADS = `for task in /proc/$(cat "/run/libvirt/qemu/$1.pid")/task/*; do
    read -r name <"$task/comm"
    while read -r what value; do [ "$what" != Cpus_allowed_list: ] || echo "$name=$value"; done <"$task/status"
done`;

describe("a guest with its place on the host", function () {
    this.timeout(900_000);
    const lab = new ProviderLab(NEAR);
    const project = new EngineProject({ name: "placement" });
    const program = (kernel: string) => `
import { OvsSwitch, VirtualMachine } from "kvmnet";

const ovsSwitch = new OvsSwitch("br-place", { datapathType: "netdev", vlans: { web: 100 } });
new VirtualMachine("placed", {
    boot: ${boot(labPaths(NEAR))}, console: ${consoleOf(NEAR, "placed")},
    accelerator: "tcg", vcpus: 4, memoryMiB: 256, shutdownTimeout: 10,
    cpu: { topology: { sockets: 2, cores: 2 } },
    numa: [{ cpus: "0-1", memoryMiB: 96 }, { cpus: "2-3", memoryMiB: 160 }],
    pinning: { vcpus: ["0", "1", "1", "0-1"], emulator: "1", memoryNodes: "0" },
    nics: { data: { switch: ovsSwitch, vlan: "web", address: "10.90.0.1/24" } },
});
new VirtualMachine("uefi", {
    boot: ${boot({ kernel, initrd: labPaths(NEAR).initrd })}, console: ${consoleOf(NEAR, "uefi")},
    accelerator: "tcg", memoryMiB: 256, shutdownTimeout: 10, firmware: "/usr/share/OVMF/OVMF_CODE.fd",
});
`;
    before(async function () {
        this.timeout(FIRST_RUN_MS);
        await lab.up();
        const shown = `lowerdir=${await firmwareFolder()}:/usr/share`;
        await lab.run("mount", "-t", "overlay", "-o", shown, "firmware", "/usr/share");
        // The firmware starts a kernel with an entry of its own, which what a lab's guests boot has not.
        const parts = await guestParts(() => undefined);
        project.write("index.ts", program(join(parts, "boot", `vmlinuz-${kernelVersion(parts)}`)));
        await project.init({ "kvmnet:host": lab.host, "libvirt:uri": libvirtUri(HostRef.parse(lab.host)) });
        await project.pulumi("up", "--yes", "--skip-preview");
    });
    after(async () => {
        project.remove();
        await lab.down();
    });

    const { virsh } = lab;
    /** Lines such as ` 0   0-1`: what is pinned, and where. */
    const pins = (text: string) =>
        text
            .split("\n")
            .map((line) => line.trim().split(/[:\s]+/))
            .filter((words) => words.length === 2)
            .map(([what, cpus]) => `${what}: ${cpus}`);

    it("has its vCPUs and QEMU itself on the CPUs that it names", async () => {
        assert.deepEqual(pins(await virsh("vcpupin", "placed")), ["0: 0", "1: 1", "2: 1", "3: 0-1"]);
        assert.equal(await virsh("emulatorpin", "placed"), "1");
        assert.match(await virsh("numatune", "placed"), /numa_mode\s*: strict\nnuma_nodeset\s*: 0/);
    });

    it("runs there, as the kernel of the host has it", async () => {
        const threads = await lab.run("sh", "-c", THREADS, "threads", "placed");
        const cpusOf = (name: string) => threads.split("\n").find((line) => line.startsWith(`${name}=`));
        assert.deepEqual(
            [0, 1, 2, 3].map((vcpu) => cpusOf(`CPU ${vcpu}/TCG`)),
            ["CPU 0/TCG=0", "CPU 1/TCG=1", "CPU 2/TCG=1", "CPU 3/TCG=0-1"],
        );
        assert.equal(cpusOf("qemu-system-x86"), "qemu-system-x86=1");
    });

    it("is described so in its domain", async () => {
        const xml = await virsh("dumpxml", "placed");
        assert.match(xml, /<topology sockets='2' dies='1' cores='2' threads='1'\/>/);
        assert.match(xml, /<cell id='0' cpus='0-1' memory='98304' unit='KiB'\/>/);
        assert.match(xml, /<cell id='1' cpus='2-3' memory='163840' unit='KiB'\/>/);
    });

    it("finds its cells and its sockets inside, and a queue a vCPU", async () => {
        const guest = await openGuest(NEAR, "placed", BOOT_MS);
        try {
            const read = async (path: string) => (await guest.run(["cat", path])).output.trim();
            assert.equal(await read("/sys/devices/system/node/online"), "0-1");
            assert.equal(await read("/sys/devices/system/node/node0/cpulist"), "0-1");
            assert.equal(await read("/sys/devices/system/node/node1/cpulist"), "2-3");
            const totals = await Promise.all(
                [0, 1].map(async (node) =>
                    Number(
                        /MemTotal:\s+(\d+) kB/.exec(await read(`/sys/devices/system/node/node${node}/meminfo`))?.[1],
                    ),
                ),
            );
            // The kernel keeps some of each for itself.
            assert.ok(totals[0]! > 40_000 && totals[0]! < 96 * 1024, `${totals[0]} KiB`);
            assert.ok(totals[1]! > 110_000 && totals[1]! < 160 * 1024, `${totals[1]} KiB`);
            assert.equal(await read("/sys/devices/system/cpu/cpu3/topology/physical_package_id"), "1");
            assert.equal(guest.report.nics[0]?.queues, 4);
        } finally {
            guest.close();
        }
    });

    it("starts by the firmware that it names, and by a BIOS where it names none", async () => {
        for (const [name, status] of [
            ["uefi", 0],
            ["placed", 1],
        ] as const) {
            const guest = await openGuest(NEAR, name, BOOT_MS);
            const { exitCode } = await guest.run(["test", "-d", "/sys/firmware/efi"]);
            guest.close();
            assert.equal(exitCode, status, name);
        }
        assert.match(await virsh("dumpxml", "uefi"), /<nvram[^>]*>[^<]+<\/nvram>/);
    });

    it("changes nothing the second time, and is read back the same", async () => {
        await project.pulumi("preview", "--expect-no-changes");
        await project.pulumi("refresh", "--yes", "--expect-no-changes");
    });

    it("is gone after destroy, with the variables of its firmware", async () => {
        const variables = () => lab.run("find", "/var/lib/libvirt/qemu/nvram", "-type", "f");
        assert.notEqual(await variables(), "");
        await project.pulumi("destroy", "--yes", "--skip-preview");
        assert.equal(await virsh("list", "--all"), "");
        assert.equal(await variables(), "");
    });
});

describe("a group of guests over two hosts", function () {
    this.timeout(900_000);
    const [near, far] = [new ProviderLab(NEAR), new ProviderLab(FAR)];
    const project = new EngineProject({ name: "spread" });
    const hostOf = (name: string, lab: ProviderLab) => `
const ${name} = {
    kvmnet: new Provider("${name}", { host: "${lab.host}" }),
    libvirt: new libvirt.Provider("${name}", { uri: "${libvirtUri(HostRef.parse(lab.host))}" }),
};
const ${name}Switch = new OvsSwitch(
    "${name}", { name: "br-spread", datapathType: "netdev", vlans: { web: 100 } }, { providers: ${name} },
);
`;
    const program = (image: { kernel: string; initrd: string }) => `
import * as libvirt from "@pulumi/libvirt";
import * as pulumi from "@pulumi/pulumi";
import { GuestGroup, OvsSwitch, Provider } from "kvmnet";
${hostOf("near", near)}${hostOf("far", far)}
const pods = new GuestGroup("pod", {
    boot: ${boot(image)}, accelerator: "tcg", memoryMiB: 128, shutdownTimeout: 10, hosts: [near, far],
    count: new pulumi.Config().requireNumber("count"),
    nics: { data: { switch: "br-spread", vlan: 100, firstAddress: "10.91.0.10/24" } },
}, { dependsOn: [nearSwitch, farSwitch] });
export const addresses = pods.addresses;
`;
    before(async () => {
        await Promise.all([near.up(), far.up()]);
        // A lab does not see the folder of another; what its own points to it does.
        const { kernel, initrd } = labPaths(NEAR);
        project.write("index.ts", program({ kernel: realpathSync(kernel), initrd: realpathSync(initrd) }));
        await project.init({ "spread:count": "3" });
        await project.pulumi("up", "--yes", "--skip-preview");
    });
    after(async () => {
        project.remove();
        await Promise.all([near.down(), far.down()]);
    });

    const guestsOf = async (lab: ProviderLab) =>
        (await lab.virsh("list"))
            .split("\n")
            .map((line) => line.trim().split(/\s+/).slice(0, 2).join(" "))
            .filter(Boolean);
    const names = (guests: string[]) => guests.map((guest) => guest.split(" ")[1]).sort();
    const ports = async (lab: ProviderLab) => (await lab.vsctl("list-ports", "br-spread")).split("\n").sort();

    it("has them in turn on the one and the other, each with its tap there", async () => {
        assert.deepEqual(names(await guestsOf(near)), ["pod-0", "pod-2"]);
        assert.deepEqual(names(await guestsOf(far)), ["pod-1"]);
        assert.deepEqual(await ports(near), ["pod-0-data", "pod-2-data"]);
        assert.deepEqual(await ports(far), ["pod-1-data"]);
    });

    it("has the address of its number in each, wherever it runs", async () => {
        for (const [lab, number] of [
            [near, 0],
            [far, 1],
        ] as const)
            await eventually(async () => {
                const command = JSON.stringify({ execute: "guest-network-get-interfaces" });
                const said = await lab.virsh("qemu-agent-command", `pod-${number}`, command);
                assert.match(said, new RegExp(`"ip-address":"10\\.91\\.0\\.1${number}","prefix":24`));
            }, BOOT_MS);
    });

    it("moves none of them when one more comes", async () => {
        const before = { near: await guestsOf(near), far: await guestsOf(far) };
        await project.pulumi("config", "set", "count", "4");
        await project.pulumi("up", "--yes", "--skip-preview");
        assert.deepEqual(await guestsOf(near), before.near);
        assert.deepEqual(names(await guestsOf(far)), ["pod-1", "pod-3"]);
        assert.ok((await guestsOf(far)).includes(before.far[0]!));
        await project.pulumi("preview", "--expect-no-changes");
    });

    it("is gone from both after destroy", async () => {
        await project.pulumi("destroy", "--yes", "--skip-preview");
        for (const lab of [near, far]) {
            assert.equal(await lab.virsh("list", "--all"), "");
            assert.equal(await lab.vsctl("list-br"), "");
        }
    });
});
