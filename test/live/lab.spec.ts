import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { runExec } from "../../cli/commands/lab";
import {
    commandInLab,
    labDown,
    labLogs,
    labStatus,
    labUp,
    listLabs,
    openGuest,
    runInLab,
    type GuestConsole,
} from "../../lab";
import { awaitLibvirt } from "../../lab/host/daemons";
import { guestWords, QUICK_BOOT } from "../../schemas/lab-guest";
import { labPaths } from "../../schemas/lab-paths";
import { labFolderExists, labName, machineState, processesOf, quietProgress } from "../support/labs";
import { eventually } from "../support/eventually";

const LOADER = join(__dirname, "../../engine/load.cjs");

/** Another process that brings this lab up. */
function labUpElsewhere(name: string, umask = 0o022) {
    const script =
        `process.umask(${umask}); require(${JSON.stringify(LOADER)})("lab/index").labUp(${JSON.stringify(name)}, ` +
        `{ note() {}, step: (title, work) => { console.log("begun"); return work(() => {}); } }).then(() => console.log("up"))`;
    return spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
}

async function inLab(name: string, ...argv: string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await runInLab(name, argv);
    assert.equal(exitCode, 0, stderr);
    return stdout;
}

/** What only just began when its maker was killed finds that out by itself, within moments. */
const allEnded = (name: string) => eventually(() => assert.deepEqual(processesOf(name), []));

const addBridge = (lab: string) =>
    inLab(lab, "ovs-vsctl", "add-br", "br-same", "--", "set", "bridge", "br-same", "datapath_type=netdev");

describe("a lab", function () {
    this.timeout(300_000);
    const first = labName("one");
    const second = labName("two");
    let machine: ReturnType<typeof machineState>;
    let namespace: string;

    before(async () => {
        machine = machineState();
        const { pid } = await labUp(first, quietProgress());
        namespace = readlinkSync(`/proc/${pid}/ns/net`);
    });
    after(async () => {
        await labDown(first);
        await labDown(second);
    });

    it("has Open vSwitch and libvirt of its own", async () => {
        assert.match(await inLab(first, "ovs-vsctl", "--version"), /Open vSwitch/);
        assert.equal((await inLab(first, "ovs-vsctl", "list-br")).trim(), "");
        assert.equal((await inLab(first, "virsh", "--quiet", "list", "--all")).trim(), "");
        assert.equal((await inLab(first, "virsh", "--quiet", "net-list", "--all")).trim(), "");
    });
    it("has no link but its loopback, which is up, and knows localhost", async () => {
        assert.match(await inLab(first, "ip", "-br", "link"), /^lo\s+UNKNOWN[^\n]*\n$/);
        assert.match(await inLab(first, "getent", "ahostsv4", "localhost"), /^127\.0\.0\.1 /);
    });
    it("answers from outside on the sockets that its name gives", async () => {
        const { libvirtSocket, ovsdbSocket } = labPaths(first);
        const outside = async (...argv: [string, ...string[]]) => {
            const child = spawn(argv[0], argv.slice(1), { stdio: "ignore" });
            const [exitCode] = (await once(child, "exit")) as [number | null];
            return exitCode;
        };
        assert.equal(await outside("virsh", "-c", `qemu:///system?socket=${libvirtSocket}`, "uri"), 0);
        assert.equal(await outside("ovs-vsctl", `--db=unix:${ovsdbSocket}`, "show"), 0);
    });
    it("stays as it is when it is brought up again, and that is quick and said", async () => {
        const was = readFileSync(labPaths(first).record, "utf8");
        const progress = quietProgress();
        await labUp(first, progress);
        assert.match(progress.notes.join(), /is up already/);
        assert.deepEqual(progress.steps, []);
        // Something else on the machine may keep it from that at one time or another.
        await eventually(async () => {
            const began = performance.now();
            await labUp(first, quietProgress());
            assert.ok(performance.now() - began < 1000);
        });
        assert.equal(readFileSync(labPaths(first).record, "utf8"), was);
    });
    it("lies beside another with a bridge of the same name", async () => {
        await labUp(second, quietProgress());
        await Promise.all([addBridge(first), addBridge(second)]);
        await inLab(first, "ip", "link", "set", "br-same", "mtu", "1400");
        assert.match(await inLab(second, "ip", "link", "show", "br-same"), /mtu 1500/);
        assert.equal(machineState().links, machine.links);
    });
    it("hands the exit status of a command on", async () => {
        assert.equal((await runInLab(first, ["sh", "-c", "exit 7"])).exitCode, 7);
    });
    it("is entered by the machine's own program, and not by one that a package of npm's brings", async () => {
        const folder = mkdtempSync(join(tmpdir(), "kvmnet-path-"));
        const bin = join(folder, "node_modules/.bin");
        mkdirSync(bin, { recursive: true });
        writeFileSync(join(bin, "nsenter"), "#!/bin/sh\nexit 9\n", { mode: 0o755 });
        const was = process.env.PATH;
        process.env.PATH = `${bin}:${was}`;
        try {
            assert.equal((await runInLab(first, ["sh", "-c", "exit 7"])).exitCode, 7);
            assert.equal(await runExec(first, ["sh", "-c", "exit 7"]), 7);
        } finally {
            process.env.PATH = was;
            rmSync(folder, { recursive: true });
        }
    });
    it("collects orphans", async () => {
        await inLab(first, "sh", "-c", "sh -c 'sleep 0.05 & exec true' &");
        // It is an orphan from its first moment, and ends a moment later.
        await pause(200);
        await eventually(async () => assert.doesNotMatch(await inLab(first, "ps", "-eo", "stat,comm"), /^Z/m));
    });
    it("starts a daemon again that has died", async () => {
        const pidFile = join(labPaths(first).folder, "openvswitch/ovs-vswitchd.pid");
        await inLab(first, "kill", "-9", readFileSync(pidFile, "utf8").trim());
        let status = await labStatus(first);
        while (status.up && status.daemons["ovs-vswitchd"]) status = await labStatus(first);
        assert.ok(status.up && status.daemons["ovsdb-server"]);
        await labUp(first, quietProgress());
        const again = await labStatus(first);
        assert.ok(again.up && again.daemons["ovs-vswitchd"]);
        assert.match(await inLab(first, "ip", "-br", "link"), /br-same/);
    });
    it("tells of a libvirtd that is stopped by name, and gives up a program that waits for it", async () => {
        const record = await labUp(first, quietProgress());
        const pid = readFileSync(join(labPaths(first).folder, "libvirt/libvirtd.pid"), "utf8").trim();
        await inLab(first, "kill", "-STOP", pid);
        try {
            await assert.rejects(awaitLibvirt(first, record, 500), /^Error: libvirtd does not answer: .*after 0.5 s/);
            const asked = runInLab(first, ["virsh", "list"], { timeoutMs: 500 });
            await assert.rejects(asked, /^Error: virsh in the lab \S+ has not ended after 0.5 s/);
        } finally {
            await inLab(first, "kill", "-CONT", pid);
        }
        await eventually(async () => assert.doesNotMatch(await inLab(first, "ps", "-eo", "comm"), /virsh/));
        await awaitLibvirt(first, record);
    });
    it("is made once when two ask for it at the same moment", async () => {
        const name = labName("both");
        try {
            const records = await Promise.all([labUp(name, quietProgress()), labUp(name, quietProgress())]);
            assert.deepEqual(records[0], records[1]);
        } finally {
            await labDown(name);
        }
    });
    it("can be read by those in it who give their rights away, whatever umask it was made under", async () => {
        const name = labName("umask");
        const places = ["/var/lib", "/run/lock", "/etc/libvirt", "/etc/passwd", "/etc/hosts"];
        try {
            const maker = labUpElsewhere(name, 0o077);
            maker.stdout.resume();
            assert.deepEqual(await once(maker, "exit"), [0, null]);
            assert.equal(await inLab(name, "stat", "--format=%a", ...places), "755\n755\n755\n644\n644\n");
            const pid = readFileSync(join(labPaths(name).folder, "libvirt/libvirtd.pid"), "utf8").trim();
            assert.match(await inLab(name, "cat", `/proc/${pid}/status`), /^Umask:\t0022$/m);
        } finally {
            await labDown(name);
        }
    });
    it("has logs, each with its name", () =>
        assert.deepEqual(
            labLogs(first).map(({ kind }) => kind),
            ["ovsdb-server", "ovs-vswitchd", "libvirtd"],
        ));
    it("is listed while it is up", async () => assert.ok((await listLabs()).some(({ name }) => name === first)));
    it("leaves nothing: no process, no namespace, no mount, no file, no link", async () => {
        assert.equal(await labDown(first), true);
        assert.equal(await labDown(second), true);
        assert.deepEqual(processesOf(first, namespace), []);
        assert.deepEqual(processesOf(second), []);
        assert.ok(!labFolderExists(first) && !labFolderExists(second));
        assert.deepEqual(machineState(), machine);
    });
    it("is down already when it is taken down twice", async () => assert.equal(await labDown(first), false));
    it("goes with a switch of 1,200 ports, for each of which the kernel has work for some 12 ms", async () => {
        await labUp(second, quietProgress());
        await addBridge(second);
        const script =
            'for n in $(seq 1200); do echo "tuntap add dev t$n mode tap"; done | ip -batch -; ' +
            "exec ovs-vsctl $(seq -f '-- add-port br-same t%.0f' 1200)";
        await inLab(second, "sh", "-euc", script);
        assert.equal(await labDown(second), true);
        await allEnded(second);
    });
    it("that is down is not entered, and the message says what to do", () =>
        assert.throws(() => commandInLab(first, ["true"]), /kvmnet lab up/));
    it("has a plain name", async () => {
        await assert.rejects(labUp("../x", quietProgress()), /1 to 31 characters/);
        await assert.rejects(labDown("a b"), /1 to 31 characters/);
    });
});

describe("a lab whose maker is killed", function () {
    this.timeout(300_000);
    const name = labName("killed");
    after(() => labDown(name));

    for (const delay of [0, 10, 25, 50, 80, 120, 170]) {
        it(`${delay} ms after it began is gone with the next command`, async () => {
            const maker = labUpElsewhere(name);
            const ended = once(maker, "exit");
            await once(maker.stdout, "data");
            await pause(delay);
            maker.kill("SIGKILL");
            await ended;
            const labs = await listLabs();
            // Either it was up before the kill, then it is whole; or nothing of it is left.
            const left = labs.find((lab) => lab.name === name);
            if (left) assert.ok(left.up && Object.values(left.daemons).every(Boolean));
            else {
                assert.ok(!labFolderExists(name));
                await allEnded(name);
            }
            await labDown(name);
            await allEnded(name);
        });
    }
    it("is made anew after its first process was killed", async () => {
        const { pid } = await labUp(name, quietProgress());
        process.kill(pid, "SIGKILL");
        const record = await labUp(name, quietProgress());
        assert.notEqual(record.pid, pid);
        const status = await labStatus(name);
        assert.ok(status.up && Object.values(status.daemons).every(Boolean));
    });
});

describe("a guest of a lab", function () {
    this.timeout(300_000);
    const name = labName("guest");
    const mac = "52:54:00:00:00:01";
    let guest: GuestConsole;

    before(async () => {
        await labUp(name, quietProgress());
        await addBridge(name);
        const xml = join(labPaths(name).folder, "guest.xml");
        writeFileSync(xml, domain(name, mac));
        await inLab(name, "virsh", "--quiet", "create", xml);
        guest = await openGuest(name, "g1", 250_000);
    });
    after(async () => {
        guest?.close();
        await labDown(name);
    });

    it("reports its NIC: driver, MAC, queues, rings, MTU, address", () => {
        const { name: _, offloads, ...nic } = guest.report.nics[0] ?? assert.fail("no NIC");
        assert.deepEqual(nic, {
            driver: "virtio_net",
            mac,
            queues: 4,
            maxQueues: 4,
            rxRing: 1024,
            txRing: 256,
            mtu: 1400,
            addresses: ["192.0.2.1/24"],
        });
        assert.equal(offloads["tx-checksumming"], true);
        assert.equal(guest.report.hostname, "g1");
    });
    it("runs commands, several at once, each with its own status and output", async () => {
        const results = await Promise.all([
            guest.run(["ping", "-c", "1", "-W", "20", "127.0.0.1"]),
            guest.run(["sh", "-c", 'echo "two  words"; exit 3']),
            guest.run(["ping", "-c", "1", "-W", "1", "192.0.2.9"]),
            guest.run(["no-such-program"]),
        ]);
        assert.deepEqual(
            results.map(({ exitCode }) => exitCode),
            [0, 3, 1, 127],
        );
        assert.equal(results[1].output, "two  words\n");
    });
    it("tells when a command takes too long, with what the console said last", () =>
        assert.rejects(guest.run(["sleep", "9"], 200), /has not ended after 0.2 s/));
    it("counts as running in the lab's status", async () => {
        const status = await labStatus(name);
        assert.deepEqual(status.up && status.guests, ["g1"]);
    });
    it("that never starts is told of by name", () =>
        assert.rejects(openGuest(name, "g2", 100), /g2 .* did not report within 0.1 s/));
    it("is gone with its lab, and whoever talks to it is told", async () => {
        await Promise.all([assert.rejects(guest.run(["sleep", "600"], 600_000), /was stopped/), labDown(name)]);
        assert.deepEqual(processesOf(name), []);
    });
});

function domain(lab: string, mac: string): string {
    const { kernel, initrd, console } = labPaths(lab);
    const { socket, log } = console("g1");
    return `<domain type='qemu'>
        <name>g1</name><memory unit='MiB'>256</memory><vcpu>4</vcpu>
        <os><type arch='x86_64' machine='q35'>hvm</type><kernel>${kernel}</kernel><initrd>${initrd}</initrd>
            <cmdline>${[...guestWords("g1", [{ mac, address: "192.0.2.1/24" }]), QUICK_BOOT].join(" ")}</cmdline></os>
        <features><acpi/></features>
        <devices>
            <interface type='bridge'>
                <source bridge='br-same'/><virtualport type='openvswitch'/><vlan><tag id='100'/></vlan>
                <mac address='${mac}'/><model type='virtio'/>
                <driver name='qemu' queues='4' rx_queue_size='1024' tx_queue_size='256'/><mtu size='1400'/>
            </interface>
            <serial type='unix'><source mode='bind' path='${socket}'/><log file='${log}' append='off'/><target port='0'/></serial>
            <memballoon model='none'/>
        </devices>
    </domain>`;
}
