import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { openGuest, prepareDpdk } from "../../lab";
import { HostRef, libvirtUri } from "../../schemas/host-ref";
import { QUICK_BOOT } from "../../schemas/lab-guest";
import { labPaths } from "../../schemas/lab-paths";
import { EngineProject } from "../support/engine-project";
import { eventually } from "../support/eventually";
import { labName, quietProgress } from "../support/labs";
import { ProviderLab } from "./provider-lab";

const LAB = labName("vhost-user");
const paths = labPaths(LAB);
const HUGEPAGES = "/proc/sys/vm/nr_hugepages";
const VSWITCHD = "/usr/lib/openvswitch-switch-dpdk/ovs-vswitchd-dpdk";
/** 512 MiB for the switch and 256 for two guests, of 2 MiB each. */
const PAGES = 420;

const guest = (name: string, last: number) => `
new VirtualMachine("${name}", {
    boot, accelerator: "tcg", vcpus: 2, memoryMiB: 128, shutdownTimeout: 20, memory: { hugepages: "2MiB" },
    console: { socket: "${paths.console(name).socket}", log: "${paths.console(name).log}" },
    nics: { data: { switch: ovsSwitch, vlan: "fast", mtu: 9000, address: "10.79.0.${last}/24", vhostUserSocket: "${paths.folder}/${name}.vhu" } },
});`;

const PROGRAM = `
import { OvsSwitch, VirtualMachine } from "kvmnet";
const boot = { kernel: "${paths.kernel}", initrd: "${paths.initrd}", cmdline: "${QUICK_BOOT}" };
const ovsSwitch = new OvsSwitch("br-dpdk", { datapathType: "netdev", vlans: { fast: 300 } });
${guest("fast-1", 1)}
${guest("fast-2", 2)}
`;

/** Huge pages are the machine's: one that is killed gives them back too, by a process that waits for its end. */
function borrowHugepages(): void {
    const before = readFileSync(HUGEPAGES, "utf8").trim();
    const script = 'while kill -0 "$1" 2>/dev/null; do sleep 1; done; echo "$2" >"$3"';
    const keeper = ["-c", script, "keeper", String(process.pid), before, HUGEPAGES];
    execFileSync("sh", ["-c", 'setsid sh "$@" >/dev/null 2>&1 &', "start", ...keeper]);
    writeFileSync(HUGEPAGES, String(Number(before) + PAGES));
}

describe("guests on vhost-user with DPDK", function () {
    this.timeout(900_000);
    const lab = new ProviderLab(LAB);
    const project = new EngineProject({ name: "vhost-user" });
    const borrowedFrom = readFileSync(HUGEPAGES, "utf8").trim();

    before(async function () {
        await prepareDpdk(quietProgress());
        await lab.up();
        borrowHugepages();
        await lab.run("sh", "-euc", START_DPDK, "start", VSWITCHD);
        project.write("index.ts", PROGRAM);
        await project.init({ "kvmnet:host": lab.host, "libvirt:uri": libvirtUri(HostRef.parse(lab.host)) });
        await project.pulumi("up", "--yes", "--skip-preview");
    });
    after(async () => {
        project.remove();
        await lab.down();
        writeFileSync(HUGEPAGES, borrowedFrom);
    });

    it("are connected, each by its own socket", async () => {
        for (const name of ["fast-1", "fast-2"])
            await eventually(
                async () =>
                    assert.match(await lab.vsctl("get", "Interface", `${name}-data`, "status"), /status=connected/),
                120_000,
            );
    });

    it("see two queues and rings of 1024 both ways, and hear each other's jumbo frames whole", async () => {
        const first = await openGuest(LAB, "fast-1", 400_000);
        const second = await openGuest(LAB, "fast-2", 400_000);
        try {
            for (const { report } of [first, second]) {
                const { driver, queues, rxRing, txRing } = report.nics[0]!;
                assert.deepEqual(
                    { driver, queues, rxRing, txRing },
                    { driver: "virtio_net", queues: 2, rxRing: 1024, txRing: 1024 },
                );
            }
            const { name } = first.report.nics[0]!;
            // With vhost-user the guest sets its MTU by itself, as cloud-init does by what the cloud-init disk says.
            for (const guest of [first, second]) {
                const { exitCode, output } = await guest.run(["ip", "link", "set", name, "mtu", "9000"]);
                assert.equal(exitCode, 0, output);
            }
            await eventually(async () => {
                // 8972 bytes and 28 of headers: one frame, since busybox's ping does not fragment what fits.
                const { exitCode, output } = await first.run(
                    ["ping", "-I", name, "-s", "8972", "-c", "1", "-W", "5", "10.79.0.2"],
                    30_000,
                );
                assert.equal(exitCode, 0, output);
            }, 120_000);
        } finally {
            first.close();
            second.close();
        }
    });

    it("give the huge pages back", async () => {
        await project.pulumi("destroy", "--yes", "--skip-preview");
        await lab.down();
        await eventually(() => {
            const [, free = ""] = /HugePages_Free:\s+(\d+)/.exec(readFileSync("/proc/meminfo", "utf8")) ?? [];
            const [, total = ""] = /HugePages_Total:\s+(\d+)/.exec(readFileSync("/proc/meminfo", "utf8")) ?? [];
            assert.equal(free, total);
        }, 60_000);
        writeFileSync(HUGEPAGES, borrowedFrom);
        assert.equal(readFileSync(HUGEPAGES, "utf8").trim(), borrowedFrom);
    });
});

/** In the lab: a mount for huge pages, and the switch with DPDK in the place of the one without. */
const START_DPDK = `
mkdir -p /run/openvswitch/hugepages /run/openvswitch/dpdk
mount -t hugetlbfs hugetlbfs /run/openvswitch/hugepages
export RUNTIME_DIRECTORY=/run/openvswitch/dpdk
ovs-appctl -t ovs-vswitchd exit
while pidof ovs-vswitchd >/dev/null; do sleep 0.1; done
ovs-vsctl --no-wait set Open_vSwitch . other_config:dpdk-init=true other_config:dpdk-socket-mem=512 \\
    other_config:dpdk-hugepage-dir=/run/openvswitch/hugepages other_config:pmd-cpu-mask=0x2
"$1" unix:/run/openvswitch/db.sock --no-chdir --pidfile --detach --log-file --verbose=console:off --verbose=syslog:off
ovs-vsctl --timeout=30 get Open_vSwitch . dpdk_initialized`;
