import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fullKernelGuest, openGuest } from "../../lab";
import { reportIn } from "../../lab/guest/report";
import { HostRef, libvirtUri } from "../../schemas/host-ref";
import { QUICK_BOOT } from "../../schemas/lab-guest";
import { labPaths } from "../../schemas/lab-paths";
import { EngineProject } from "../support/engine-project";
import { eventually } from "../support/eventually";
import { labName, quietProgress } from "../support/labs";
import { ProviderLab } from "./provider-lab";

const LAB = labName("guests");
const paths = labPaths(LAB);
const FIRST_RUN_MS = 30 * 60_000;

/** A group with addresses by DHCP, a guest with disks, and a domain written by hand: what people compose. */
const PROGRAM = `
import * as libvirt from "@pulumi/libvirt";
import * as pulumi from "@pulumi/pulumi";
import { DhcpService, GuestGroup, OvsSwitch, TunedVirtioNic, VirtualMachine, withNics } from "kvmnet";

const config = new pulumi.Config();
const boot = { kernel: "${paths.kernel}", initrd: "${paths.initrd}", cmdline: "${QUICK_BOOT}" };
const alike = { boot, accelerator: "tcg" as const, memoryMiB: 160, shutdownTimeout: 30 };
const console = { socket: "${paths.console("{guest}").socket}", log: "${paths.console("{guest}").log}" };
const ovsSwitch = new OvsSwitch("br-guests", { datapathType: "netdev", vlans: { web: 100, db: 200 } });

const web = new GuestGroup("web", {
    ...alike, console, count: config.requireNumber("count"),
    nics: { data: { switch: ovsSwitch, vlan: "web", dhcp: true, firstAddress: "10.77.0.20/24" } },
});
new DhcpService("dhcp", {
    switch: ovsSwitch, vlan: "web", address: "10.77.0.1/24", guests: web.guests, domain: "web.lan",
});

const store = new VirtualMachine("store", {
    ...alike,
    console: { socket: "${paths.console("store").socket}", log: "${paths.console("store").log}" },
    disks: { data: { size: config.get("size") ?? "64MiB", format: "raw" }, more: { file: "/var/lib/libvirt/files/more.img" } },
    cloudInit: { userData: "#cloud-config\\npackages: [" + (config.get("package") ?? "iperf3") + "]\\n" },
    nics: { data: { switch: ovsSwitch, vlan: "db", address: "10.78.0.5/24", gateway: "10.78.0.1", rxRing: config.getNumber("rxRing") as 512 | undefined } },
});

const nic = new TunedVirtioNic("byhand-data", { guest: "byhand", nic: "data", vcpus: 4, switch: ovsSwitch, vlan: "db", address: "10.78.0.6/24" });
new libvirt.Domain("byhand", withNics({
    name: "byhand", type: "qemu", machine: "q35", vcpu: 4, memory: 160, kernel: boot.kernel, initrd: boot.initrd,
    cmdlines: [{ console: "ttyS0", "kvmnet.name": "byhand", "kvmnet.nic": nic.decided.mac + ",10.78.0.6/24" }, { _: "${QUICK_BOOT.split(
        " ",
    )
        .filter((word) => !word.includes("="))
        .join(" ")}" }],
    consoles: [{ type: "file", targetPort: "0", targetType: "serial", sourcePath: "${paths.console("byhand").log}" }],
    graphics: { type: "vnc", listenType: "none" },
}, [nic]), { deleteBeforeReplace: true });

// The same guest twice, as libvirt makes it where nobody names a model, and tuned; its kernel drives both.
const full = { kernel: config.require("fullKernel"), initrd: config.require("fullInitrd"), cmdline: boot.cmdline };
for (const [name, nic] of [["plain", { model: null }], ["tuned", {}]] as const)
    new VirtualMachine(name, {
        ...alike, boot: full, memoryMiB: 320, vcpus: 4,
        console: { socket: console.socket.replace("{guest}", name), log: console.log.replace("{guest}", name) },
        nics: { data: { switch: ovsSwitch, vlan: "db", ...nic } },
    });

export const addresses = web.addresses;
export const storeAddresses = store.addresses;
export const volumes = store.volumes;
`;

describe("guests that people compose, through the engine", function () {
    this.timeout(600_000);
    const lab = new ProviderLab(LAB);
    const project = new EngineProject({ name: "guests" });
    before(async function () {
        this.timeout(FIRST_RUN_MS);
        await lab.up();
        await lab.run("mkdir", "-p", "/var/lib/libvirt/images");
        await lab.virsh("pool-define-as", "default", "dir", "--target", "/var/lib/libvirt/images");
        await lab.virsh("pool-start", "default");
        await lab.run("mkdir", "-p", "/var/lib/libvirt/files");
        await lab.run("truncate", "--size", "1M", "/var/lib/libvirt/files/more.img");
        await lab.virsh("pool-define-as", "files", "dir", "--target", "/var/lib/libvirt/files");
        await lab.virsh("pool-start", "files");
        const { log } = paths.console("byhand");
        mkdirSync(dirname(log), { recursive: true });
        writeFileSync(log, "");
        project.write("index.ts", PROGRAM);
        const full = await fullKernelGuest(quietProgress());
        await project.init({
            "guests:fullKernel": full.kernel,
            "guests:fullInitrd": full.initrd,

            "kvmnet:host": lab.host,
            "libvirt:uri": libvirtUri(HostRef.parse(lab.host)),
            "guests:count": "2",
        });
        await project.pulumi("up", "--yes", "--skip-preview");
    });
    after(async () => {
        project.remove();
        await lab.down();
    });

    const output = async (name: string) =>
        (JSON.parse(await project.pulumi("stack", "output", "--json")) as Record<string, unknown>)[name];
    const running = async () => (await lab.virsh("list", "--name")).split("\n").filter(Boolean).sort();
    /** The QEMU process of a guest: another number is another start. */
    const pidOf = (guest: string) => readFileSync(`${paths.folder}/libvirt/qemu/${guest}.pid`, "utf8").trim();
    const upWith = async (settings: Record<string, string>) => {
        for (const [key, value] of Object.entries(settings)) await project.pulumi("config", "set", key, value);
        return project.pulumi("up", "--yes", "--skip-preview");
    };

    /** Refreshes. Where the libvirt provider waits for itself, does what docs/guests.md tells: ends that run and begins anew. */
    const refreshed = async (...args: string[]) => {
        const { ended } = await project.start(["refresh", "--yes", ...args]);
        const first = await Promise.race([ended, setTimeout(150_000, undefined, { ref: false })]);
        if (first) return assert.equal(first.status, 0, first.output);
        project.endRunning();
        await ended;
        await project.pulumi("cancel", "--yes");
        await project.pulumi("refresh", "--yes", ...args);
    };

    it("are made, and a second preview and a refresh find no difference", async () => {
        assert.deepEqual(await running(), ["byhand", "plain", "store", "tuned", "web-0", "web-1"]);
        await project.pulumi("preview", "--expect-no-changes");
        await refreshed("--expect-no-changes");
    });

    it("boot with the words of their kernel's command line in their order", async () =>
        assert.match(
            await lab.virsh("dumpxml", "web-0"),
            new RegExp(`<cmdline>console=ttyS0 kvmnet.name=web-0 kvmnet.nic=\\S+ ${QUICK_BOOT}</cmdline>`),
        ));

    it("get the addresses by DHCP that their NICs declare, and the name of the guest", async () => {
        assert.deepEqual(await output("addresses"), {
            "web-0": { data: "10.77.0.20" },
            "web-1": { data: "10.77.0.21" },
        });
        const guest = await openGuest(LAB, "web-1", 300_000);
        try {
            await eventually(
                async () =>
                    assert.match(
                        (await guest.run(["ip", "-o", "-4", "addr", "show", "eth0"])).output,
                        /10\.77\.0\.21\/24/,
                    ),
                120_000,
            );
            // The userspace datapath passes on packets whose checksum the guest left to its NIC; nobody fills it in.
            const { exitCode, output: told } = await guest.run(["ethtool", "-K", "eth0", "tx", "off"]);
            assert.equal(exitCode, 0, told);
            // dnsmasq answers nobody while it waits for the disk to have its leases, and nslookup gives up after 10 s.
            await eventually(async () => {
                const found = await guest.run(["nslookup", "web-0.web.lan", "10.77.0.1"], 60_000);
                assert.match(found.output, /10\.77\.0\.20/);
            }, 120_000);
        } finally {
            guest.close();
        }
    });

    it("have a domain written by hand with a tuned NIC among them: 4 queues and a ring of 1024 in the guest", async () => {
        await eventually(() => {
            const [nic] = reportIn(readFileSync(paths.console("byhand").log, "utf8"))?.nics ?? [];
            assert.deepEqual(
                nic && {
                    driver: nic.driver,
                    queues: nic.queues,
                    rxRing: nic.rxRing,
                    txRing: nic.txRing,
                    addresses: nic.addresses,
                },
                { driver: "virtio_net", queues: 4, rxRing: 1024, txRing: 256, addresses: ["10.78.0.6/24"] },
            );
        }, 300_000);
        assert.equal(await lab.vsctl("get", "Port", "byhand-data", "tag"), "200");
    });

    it("show what tuning is: rtl8139 without queues where nobody named a model, and virtio with 4 queues and a ring of 1024", async () => {
        const nicOf = async (name: string) => {
            const guest = await openGuest(LAB, name, 400_000);
            const { name: link, driver, queues, rxRing, txRing } = guest.report.nics[0]!;
            const { output } = await guest.run(["cat", `/sys/class/net/${link}/speed`], 60_000);
            guest.close();
            return { driver, queues, rxRing, txRing, speed: Number(output) };
        };
        const plain = { driver: "8139cp", queues: 0, rxRing: 64, txRing: 64, speed: 100 };
        assert.deepEqual(await nicOf("plain"), plain);
        // A virtio NIC has no speed of its own.
        const tuned = { driver: "virtio_net", queues: 4, rxRing: 1024, txRing: 256, speed: -1 };
        assert.deepEqual(await nicOf("tuned"), tuned);
    });

    it("read their name and network from the cloud-init disk, and keep what they write to their own", async () => {
        assert.deepEqual(await output("storeAddresses"), { data: "10.78.0.5" });
        const guest = await openGuest(LAB, "store", 300_000);
        try {
            await eventually(
                async () => assert.equal((await guest.run(["test", "-b", "/dev/sr0"])).exitCode, 0),
                120_000,
            );
            await guest.run(["mkdir", "-p", "/seed"]);
            const mounted = await guest.run(["mount", "-t", "iso9660", "-o", "ro", "/dev/sr0", "/seed"]);
            assert.equal(mounted.exitCode, 0, mounted.output);
            assert.match((await guest.run(["cat", "/seed/meta-data"])).output, /local-hostname: store/);
            assert.match((await guest.run(["cat", "/seed/user-data"])).output, /packages: \[iperf3\]/);
            const network = (await guest.run(["cat", "/seed/network-config"])).output;
            const { mac } = guest.report.nics[0]!;
            assert.match(network, new RegExp(`macaddress: ${mac}[^]*10\\.78\\.0\\.5/24[^]*via: 10\\.78\\.0\\.1`));
            assert.equal((await guest.run(["sh", "-c", "echo kept-by-the-disk >/dev/vda; sync"])).exitCode, 0);
        } finally {
            guest.close();
        }
    });

    describe("scaled from 2 to 3 to 1", () => {
        it("leave the others alone: the same processes go on", async () => {
            const others = { "web-0": pidOf("web-0"), store: pidOf("store"), byhand: pidOf("byhand") };
            const second = pidOf("web-1");
            await upWith({ count: "3" });
            assert.deepEqual(await running(), ["byhand", "plain", "store", "tuned", "web-0", "web-1", "web-2"]);
            assert.equal(pidOf("web-1"), second);
            await upWith({ count: "1" });
            assert.deepEqual(await running(), ["byhand", "plain", "store", "tuned", "web-0"]);
            for (const [guest, pid] of Object.entries(others)) assert.equal(pidOf(guest), pid, guest);
        });
    });

    describe("with a volume that would be made anew", () => {
        const shownWith = async (key: string, value: string) => {
            await project.pulumi("config", "set", key, value);
            const { output: shown } = await project.run("preview");
            await project.pulumi("config", "rm", key);
            return shown;
        };

        it("are named in the preview, with the disk that another size would empty", async () =>
            assert.match(
                await shownWith("size", "96MiB"),
                /replaces guest store: disks\.data\.volume \(\S+ to one made anew\)\. It is shut down first; what its disk data holds is lost\./,
            ));
        it("are named with another text for cloud-init, and keep their disks", async () =>
            assert.match(
                await shownWith("package", "nginx"),
                /replaces guest store: cloudInit\.volume \(\S+ to one made anew\)\. It is shut down first; its disks stay\./,
            ));
        it("keep a disk that is grown on the host first, and in the program with a refresh", async () => {
            const pid = pidOf("store");
            await lab.virsh("blockresize", "store", "vda", "96MiB");
            const { output: shrunk } = await project.run("preview", "--refresh");
            assert.match(shrunk, /what its disk data holds is lost/);
            await project.pulumi("config", "set", "size", "96MiB");
            await project.pulumi("up", "--yes", "--skip-preview", "--refresh");
            assert.equal(pidOf("store"), pid);
            assert.match(await lab.virsh("vol-info", "--bytes", "--pool", "default", "store-data.raw"), /100663296/);
        });
    });

    describe("changed in what only a new domain brings", () => {
        it("are named in the preview, with the property, before anything happens", async () => {
            const pid = pidOf("store");
            await project.pulumi("config", "set", "rxRing", "512");
            const { output: shown } = await project.run("preview");
            assert.match(
                shown,
                /replaces guest store: nics\.0\.rxRing \(1024 to 512\)\. It is shut down first; its disks stay\./,
            );
            assert.doesNotMatch(shown, /replaces guest (web|byhand)/);
            assert.equal(pidOf("store"), pid);
        });

        it("are shut down, and find on their disk what they wrote", async () => {
            const shown = await project.pulumi("up", "--yes", "--skip-preview");
            assert.doesNotMatch(shown, /did not shut down/);
            const guest = await openGuest(LAB, "store", 300_000);
            try {
                assert.equal(guest.report.nics[0]?.rxRing, 512);
                await eventually(
                    async () => assert.equal((await guest.run(["test", "-b", "/dev/vda"])).exitCode, 0),
                    120_000,
                );
                assert.match((await guest.run(["head", "-c", "16", "/dev/vda"])).output, /^kept-by-the-disk/);
            } finally {
                guest.close();
            }
        });
    });

    describe("destroyed", () => {
        it("are gone after destroy, with their volumes and ports", async () => {
            await project.pulumi("destroy", "--yes", "--skip-preview");
            assert.deepEqual(await running(), []);
            assert.equal(await lab.virsh("vol-list", "default"), "");
            assert.equal(await lab.vsctl("list-br"), "");
        });
    });
});
