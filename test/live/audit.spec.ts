import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { audit } from "../../cli/audit";
import { labDown, openGuest, runInLab } from "../../lab";
import { openHost } from "../../provider/host";
import { kvmnet } from "../support/command";
import { eventually } from "../support/eventually";
import { labName } from "../support/labs";
import { LIBVIRT_POLICING } from "../support/libvirt-policing";
import { sampleProject, type SampleProject } from "../support/sample";

const LAB = labName("audit");
const HOST = `lab://${LAB}`;

const nic = (mac: string, ...parts: string[]) =>
    `<interface type='bridge'><mac address='52:54:00:aa:00:${mac}'/><source bridge='br-vm'/>` +
    `<virtualport type='openvswitch'/>${parts.join("")}</interface>`;

/**
 * A guest that waits at its first instruction. Its first NIC is what libvirt makes of no model; the second was declared
 * well, and QEMU is told something else; the third is as it should be; the fourth has a limit that limits nothing.
 */
const BAD = `<domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>bad-1</name>
  <memory unit='MiB'>64</memory>
  <vcpu current='2'>4</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    ${nic("01")}
    ${nic("02", "<alias name='ua-lies'/><vlan><tag id='300'/></vlan><model type='virtio'/><driver name='qemu' queues='2' rx_queue_size='1024'/>")}
    ${nic("03", "<vlan><tag id='300'/></vlan><model type='virtio'/><driver name='qemu' queues='2' rx_queue_size='1024'/>")}
    ${nic("04", "<vlan><tag id='300'/></vlan><model type='virtio'/><driver name='qemu' queues='2' rx_queue_size='1024'/><bandwidth><outbound average='1250'/></bandwidth>")}
  </devices>
  <qemu:override>
    <qemu:device alias='ua-lies'>
      <qemu:frontend><qemu:property name='rx_queue_size' type='unsigned' value='512'/></qemu:frontend>
    </qemu:device>
  </qemu:override>
</domain>`;

const inLab = async (...argv: string[]) => {
    const { exitCode, stdout, stderr } = await runInLab(LAB, argv, { timeoutMs: 60_000 });
    assert.equal(exitCode, 0, `${argv.join(" ")}: ${stderr}`);
    return stdout;
};
const virsh = (...argv: string[]) => inLab("virsh", "--quiet", "--connect", "qemu:///system", ...argv);

/** All that an audit could change: the switch's database, links, guests as they are and as they are kept, files, processes. */
async function wholeState() {
    const guests = (await virsh("list", "--all", "--name")).split("\n").filter(Boolean);
    return {
        switch: await inLab("ovsdb-client", "dump", "--format=json", "Open_vSwitch"),
        database: await inLab("sha256sum", "/etc/openvswitch/conf.db"),
        // The kernel's bridges show how long their timers have run.
        links: (await inLab("ip", "-d", "-j", "link")).replace(/"\w+_timer":[\d.]+,?/g, ""),
        live: await Promise.all(guests.map((guest) => virsh("dumpxml", guest))),
        kept: await Promise.all(guests.map((guest) => virsh("dumpxml", "--inactive", guest))),
        files: await inLab(
            ...["find", "/etc/libvirt", "/etc/openvswitch", "/run/libvirt", "/run/openvswitch", "/var/lib/libvirt"],
            ...["-printf", "%p %s %T@ %m %U\n"],
        ),
        settings: await inLab("sysctl", "--all", "--ignore", "--pattern", "^net\\.(bridge|ipv4\\.conf)\\."),
    };
}

describe("kvmnet audit of a host that runs", function () {
    this.timeout(600_000);
    let project: SampleProject;

    before(async () => {
        project = sampleProject(LAB);
        const { status, output } = await kvmnet(project.folder, "up");
        assert.equal(status, 0, output);
        // Counters that the switch writes by itself would hide what an audit writes.
        await inLab("ovs-vsctl", "set", "Open_vSwitch", ".", "other_config:stats-update-interval=3600000");
        await inLab("sh", "-c", 'printf %s "$1" > /run/bad-1.xml', "write", BAD);
        await virsh("create", "--paused", "/run/bad-1.xml");
        // libvirt notes it when a guest's agent has come, a moment after the guest has booted.
        for (const guest of ["web-1", "web-2", "db-1"])
            await eventually(() => virsh("guestvcpus", "--domain", guest), 120_000);
    });
    after(async () => {
        await labDown(LAB);
        project.remove();
    });

    const told = async (...options: string[]) => {
        const { status, output } = await kvmnet(project.folder, "audit", HOST, "--format", "json", ...options);
        const { findings } = JSON.parse(output.slice(output.indexOf("{\n"))) as {
            findings: { rule: string; subject: string; message: string; level: string; kind: string }[];
        };
        return { status, findings };
    };
    const mandatory = (findings: { level: string; kind: string; rule: string; subject: string }[]) =>
        findings
            .filter(({ level, kind }) => level === "mandatory" && kind === "violation")
            .map(({ rule, subject }) => `${rule} ${subject.replace(/(?<=\bvnet|Port vnet)\d+/g, "N")}`);

    it("tells of the bad guest and its open port, and has nothing against the sample", async () => {
        const { status, findings } = await told("--profile", "throughput");
        assert.equal(status, 1);
        for (const said of mandatory(findings))
            assert.match(said, /bad-1|Port vnet/, JSON.stringify(findings, null, 1));
        const of = (rule: string) => findings.filter((finding) => finding.rule === rule);
        assert.equal(of("nic-model-legacy").length, 1);
        assert.match(of("nic-model-legacy")[0]?.subject ?? "", /^Domain bad-1, NIC 52:54:00:aa:00:01/);
        assert.equal(of("trunk-unbounded").length, 1, JSON.stringify(of("trunk-unbounded"), null, 1));
    });

    it("judges what QEMU was told, where libvirt's XML says something else", async () => {
        assert.match(await virsh("dumpxml", "bad-1"), /rx_queue_size='1024'(.|\n)*rx_queue_size='1024'/);
        const { findings } = await told("--profile", "throughput");
        const rings = findings.filter(({ rule }) => rule === "ring-undersized");
        assert.deepEqual(
            rings.map(({ subject, message }) => `${subject.split(" on ")[0]}: ${message}`),
            ["Domain bad-1, NIC 52:54:00:aa:00:02: Its RX ring has 512 descriptors, and 1024 are asked for."],
        );
    });

    it("changes nothing: switch, links, guests and files are before as they are after", async () => {
        const before = await wholeState();
        for (const options of [[], ["--profile", "security"], ["--guest-agent"]]) await told(...options);
        assert.deepEqual(await wholeState(), before);
    });

    it("asks libvirt by its read-only connection alone, and QEMU's monitor never", async () => {
        const host = await openHost({ kind: "lab", name: LAB });
        const asked: string[][] = [];
        const place = {
            ...host.place,
            run: (argv: string[], input?: string) => {
                asked.push(argv);
                return host.place.run(argv, input);
            },
        };
        try {
            const settings = { called: HOST, profile: "default", without: [], guestAgent: false } as const;
            const { unreadable } = await audit({ ...host, place }, settings);
            assert.deepEqual(unreadable, []);
        } finally {
            host.close();
        }
        const calls = asked.filter(([program]) => program === "virsh");
        assert(calls.length > 0);
        for (const argv of calls) {
            assert(argv.includes("--readonly"), argv.join(" "));
            assert.doesNotMatch(argv.join(" "), /qemu-monitor-command|qemu-agent-command/);
        }
        assert.doesNotMatch(await inLab("cat", "/var/log/libvirt/qemu/bad-1.log"), /tainted: custom-monitor/);
    });

    it("says of guests without an agent that they were asked in vain, and judges them all the same", async () => {
        const { status, output } = await kvmnet(project.folder, "audit", HOST, "--guest-agent");
        assert.equal(status, 1);
        assert.match(output, /The agent of the guest bad-1 does not answer; what the host says is judged\./);
    });

    it("judges by what the agents say of the CPUs that are on, where there are agents", async () => {
        await eventually(async () => {
            const { output } = await kvmnet(project.folder, "audit", HOST, "--guest-agent");
            assert.doesNotMatch(output, /The agent of the guest (web|db)-/);
        }, 120_000);
        const guest = await openGuest(LAB, "web-1");
        const switched = async (on: 0 | 1) => {
            const command = `for cpu in 2 3; do echo ${on} >/sys/devices/system/cpu/cpu$cpu/online; done`;
            assert.equal((await guest.run(["sh", "-c", command])).exitCode, 0);
        };
        const overQueued = async (...options: string[]) =>
            (await told(...options)).findings
                .filter(({ rule, subject }) => rule === "queues-over-vcpu" && subject.includes("web-1"))
                .map(({ message }) => message);
        await switched(0);
        try {
            assert.deepEqual(await overQueued(), []);
            const before = await wholeState();
            const found = await overQueued("--guest-agent");
            assert.equal(found.length, 2, found.join("\n"));
            for (const message of found) assert.match(message, /2 vCPUs/);
            assert.deepEqual(await wholeState(), before);
        } finally {
            await switched(1);
            guest.close();
        }
    });

    it("and kvmnet verify say of policing that it limits nothing on the userspace datapath", async () => {
        const vsctl = async (...argv: string[]) => (await inLab("ovs-vsctl", ...argv)).trim();
        const columns = ["name", ...Object.keys(LIBVIRT_POLICING)].join();
        const policed = [`--columns=${columns}`, "find", "Interface", "ingress_policing_rate>0"];
        const [name = "", ...written] = (await vsctl("--bare", "--no-headings", "--format=csv", ...policed)).split(",");
        assert.match(name, /^vnet\d+$/);
        assert.deepEqual(
            written.map(Number),
            Object.values(LIBVIRT_POLICING),
            "libvirt's outbound bandwidth is policing of the port",
        );
        const { findings } = await told();
        const idle = findings.filter(({ rule }) => rule === "policing-userspace");
        assert.equal(idle.length, 1, JSON.stringify(idle, null, 1));
        assert.match(idle[0]?.subject ?? "", /bad-1/);
        assert.match(idle[0]?.message ?? "", /1250 kB\/s limits nothing on a bridge of the userspace datapath/);

        const verified = () => kvmnet(project.folder, "verify");
        assert.equal((await verified()).status, 0);
        await vsctl("set", "Interface", "web-1-data", "ingress_policing_rate=10000");
        try {
            const { status, output } = await verified();
            assert.equal(status, 1);
            assert.match(
                output,
                /web-1 data: policing is 10000 kbit\/s, declared is none; likely .*limits nothing on the userspace datapath/,
            );
        } finally {
            await vsctl("set", "Interface", "web-1-data", "ingress_policing_rate=0");
        }
    });

    it("writes the other formats, and takes exemptions and a baseline, as the linter does", async () => {
        const baseline = `${project.folder}/baseline.json`;
        await kvmnet(project.folder, "audit", HOST, "--write-baseline", baseline);
        const again = await kvmnet(project.folder, "audit", HOST, "--baseline", baseline);
        assert.equal(again.status, 0, again.output);
        const noted = readFileSync(baseline, "utf8").replace(/"fingerprint": "\w{8}/, '"fingerprint": "00000000');
        writeFileSync(baseline, noted);
        const stale = async (...options: string[]) =>
            (await told("--baseline", baseline, ...options)).findings.filter(({ rule }) => rule === "baseline-stale");
        assert.equal((await stale()).length, 1);
        assert.deepEqual(await stale("--without", "guests"), []);
        const { output } = await kvmnet(project.folder, "audit", HOST, "--format", "sarif");
        const [run] = (JSON.parse(output) as { runs: { results: { ruleId: string }[] }[] }).runs;
        assert(run?.results.some(({ ruleId }) => ruleId === "trunk-unbounded"));
    });

    it("ends with 2 where a part of the host does not answer, unless it is left out", async () => {
        await inLab("mv", "/run/openvswitch/db.sock", "/run/openvswitch/away.sock");
        try {
            const { status, output } = await kvmnet(project.folder, "audit", HOST);
            assert.equal(status, 2, output);
            assert.match(output, /Where the host has no ovs, say --without ovs\./);
            assert.match(output, /nic-model-legacy: Domain bad-1/);
            const without = await kvmnet(project.folder, "audit", HOST, "--without", "ovs");
            assert.equal(without.status, 1, without.output);
        } finally {
            await inLab("mv", "/run/openvswitch/away.sock", "/run/openvswitch/db.sock");
        }
    });
});
