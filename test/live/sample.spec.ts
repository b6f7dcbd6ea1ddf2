import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { labDown, openGuest, runInLab } from "../../lab";
import { labPaths } from "../../schemas/lab-paths";
import type { EnvironmentInput } from "../../schemas/environment";
import { kvmnet, startKvmnet, type Outcome } from "../support/command";
import { labName } from "../support/labs";
import { sampleProject, type SampleProject } from "../support/sample";

const LAB = labName("sample");

/** What of the machine itself a lab must never touch. */
const machine = () => ({
    links: execFileSync("ip", ["-o", "link"], { encoding: "utf8" }).replace(/ (qlen|state) \S+/g, ""),
    namespaces: execFileSync("ip", ["netns"], { encoding: "utf8" }),
    mounts: readFileSync("/proc/self/mounts", "utf8"),
});

/** Summary that the engine prints: how many resources were created, updated, unchanged. */
function changes({ output }: Outcome): Record<string, number> {
    const summary = output.slice(output.lastIndexOf("Resources:"));
    return Object.fromEntries(
        [...summary.matchAll(/^\s+[+~\-]{0,2}\s*(\d+) (\w+)/gm)].map(
            ([, count, what]) => [String(what), Number(count)] as const,
        ),
    );
}

const succeeded = (outcome: Outcome) => assert.equal(outcome.status, 0, outcome.output);

describe("the sample environment, end to end", function () {
    this.timeout(600_000);
    let project: SampleProject;
    let untouched: ReturnType<typeof machine>;
    let first: Outcome;

    before(async () => {
        untouched = machine();
        project = sampleProject(LAB);
        first = await kvmnet(project.folder, "up");
    });
    after(async () => {
        await labDown(LAB);
        project.remove();
    });

    it("comes up with every value of six NICs as declared", () => {
        succeeded(first);
        assert.match(first.output, /All 42 values of 6 NICs are as declared/);
    });

    it("lets the guests of VLAN 100 reach each other, and neither the guest of VLAN 200", async () => {
        const { output } = await kvmnet(project.folder, "verify", "--json");
        const nics = JSON.parse(output.slice(output.indexOf("[\n"))) as {
            guest: string;
            nic: string;
            cells: { field: string; seen: string }[];
        }[];
        const reached = (guest: string, nic: string) =>
            nics.find((one) => one.guest === guest && one.nic === nic)?.cells.find(({ field }) => field === "reaches")
                ?.seen;
        assert.equal(reached("web-1", "data"), "web-2");
        assert.equal(reached("db-1", "data"), "nobody");
        assert.equal(reached("db-1", "mgmt"), "web-1, web-2");
    });

    it("measures between two guests of a VLAN: ratios with their spread, and what they were measured on", async () => {
        const { status, output } = await kvmnet(project.folder, "verify", "--measure", "--json");
        assert.equal(status, 0, output);
        const { measurement } = JSON.parse(output.slice(output.indexOf("{\n"))) as {
            measurement: { ratios: { what: string; runs: number; median: number }[]; environment: string[] };
        };
        assert.deepEqual(
            measurement.ratios.map(({ what, runs }) => [what, runs]),
            [
                ["TCP throughput", 3],
                ["UDP throughput", 3],
                ["latency", 3],
            ],
        );
        for (const { median, what } of measurement.ratios) assert.ok(median > 0, what);
        assert.match(measurement.environment.join(" "), /emulated \(TCG\)/);
        for (const name of ["web-1", "web-2"]) {
            const guest = await openGuest(LAB, name);
            const links = guest.report.nics.map((nic) => nic.name);
            for (const link of links) {
                const { output: offloads } = await guest.run(["ethtool", "-k", link]);
                assert.match(offloads, /^tx-checksumming: on$/m, `${name} ${link}`);
                assert.match(offloads, /^tcp-segmentation-offload: on$/m, `${name} ${link}`);
            }
            guest.close();
        }
    });

    it("keeps no file in its state that is written in place, which an engine killed meanwhile would leave empty", () => {
        const files = readdirSync(labPaths(LAB).state, { recursive: true, encoding: "utf8" });
        assert.ok(
            files.some((file) => file.endsWith("/lab.json")),
            files.join("\n"),
        );
        assert.deepEqual(
            files.filter((file) => file.endsWith(".attrs")),
            [],
        );
    });

    it("changes nothing the second time", async () => {
        const second = await kvmnet(project.folder, "up");
        succeeded(second);
        assert.deepEqual(Object.keys(changes(second)), ["unchanged"], second.output);
    });

    it("has a port put back that somebody deleted, once it was refreshed", async () => {
        await runInLab(LAB, ["ovs-vsctl", "del-port", "web-1-data"]);
        const refreshed = await kvmnet(project.folder, "pulumi", "refresh", "--yes", "--stack", "lab");
        succeeded(refreshed);
        assert.equal(changes(refreshed).deleted, 1, refreshed.output);
        succeeded(await kvmnet(project.folder, "pulumi", "up", "--yes", "--skip-preview", "--stack", "lab"));
        assert.equal((await runInLab(LAB, ["ovs-vsctl", "get", "port", "web-1-data", "tag"])).stdout.trim(), "100");
        succeeded(await kvmnet(project.folder, "verify"));
    });

    it("says so, value by value, when the host is not as declared", async () => {
        await runInLab(LAB, ["ovs-vsctl", "set", "port", "web-2-data", "tag=200"]);
        const { status, output } = await kvmnet(project.folder, "verify");
        assert.equal(status, 1);
        assert.match(output, /web-2 data: VLAN is 200, declared is 100/);
        succeeded(await kvmnet(project.folder, "up"));
    });

    it("leaves a bridge alone that it did not make, with what is plugged into it", async () => {
        await runInLab(LAB, [
            "ovs-vsctl",
            "add-br",
            "br-foreign",
            "--",
            "set",
            "bridge",
            "br-foreign",
            "datapath_type=netdev",
            "--",
            "add-port",
            "br-foreign",
            "fp0",
            "--",
            "set",
            "interface",
            "fp0",
            "type=internal",
        ]);
        succeeded(await kvmnet(project.folder, "up"));
        assert.equal((await runInLab(LAB, ["ovs-vsctl", "list-ports", "br-foreign"])).stdout.trim(), "fp0");
    });

    it("names a bridge that somebody else made, and offers import, instead of taking it over", async () => {
        project.configure((environment) => ({
            ...environment,
            switches: { ...environment.switches, "br-foreign": { datapathType: "netdev" } },
        }));
        const { status, output } = await kvmnet(project.folder, "up");
        project.configure((environment) => environment);
        assert.notEqual(status, 0);
        assert.match(output, /br-foreign/);
        assert.match(output, /pulumi import/);
        assert.equal((await runInLab(LAB, ["ovs-vsctl", "list-ports", "br-foreign"])).stdout.trim(), "fp0");
    });

    it("names a guest that nobody's state knows, with the line that imports it, and removes it at the next `up`", async () => {
        const stray = `<domain type="qemu"><name>web-1</name><memory>65536</memory><os><type arch="x86_64">hvm</type></os></domain>`;
        const virsh = (...args: string[]) => runInLab(LAB, ["virsh", "--connect", "qemu:///system", ...args]);
        await virsh("destroy", "web-1");
        await virsh("undefine", "web-1");
        succeeded(await kvmnet(project.folder, "pulumi", "refresh", "--yes", "--stack", "lab"));
        await runInLab(LAB, ["sh", "-c", 'printf %s "$1" > /run/stray.xml', "stray", stray]);
        assert.equal((await virsh("define", "/run/stray.xml")).exitCode, 0);
        const refused = await kvmnet(project.folder, "pulumi", "up", "--yes", "--skip-preview", "--stack", "lab");
        assert.notEqual(refused.status, 0);
        assert.match(refused.output, /pulumi import libvirt:index\/domain:Domain sample-web-1-domain [0-9a-f-]{36}/);
        const next = await kvmnet(project.folder, "up");
        succeeded(next);
        assert.match(next.output, /The guest web-1 was left by a killed run/);
    });

    it("passes the policies as it is", async () => succeeded(await kvmnet(project.folder, "preview")));

    for (const [what, rule, value, fix, bad] of [
        ["a NIC without a model", "nic-model-explicit", /model/, /virtio/, { model: null }],
        ["a NIC with an RX ring of 256", "ring-undersized", /256/, /1024/, { rxRing: 256 }],
        ["a NIC with one queue on 4 vCPUs", "queues-missing", /\b1\b/, /\b4\b/, { queues: 1 }],
    ] as const)
        it(`fails the policies with ${what}, naming rule, resource, value and fix`, async () => {
            project.configure((environment) => withNic(environment, bad));
            const { status, output } = await kvmnet(project.folder, "preview");
            project.configure((environment) => environment);
            assert.notEqual(status, 0, output);
            for (const part of [rule, "web-1", value, fix]) assert.match(output, new RegExp(part), output);
        });

    for (const [where, wound] of [
        ["the engine", (pids: Family) => pids.engine],
        ["the provider", (pids: Family) => pids.provider],
    ] as const)
        it(`converges after ${where} was killed at work`, async () => {
            await labDown(LAB);
            const run = startKvmnet(project.folder, ["up"]);
            const pid = await until(
                () => wound(family(run.child.pid ?? 0)),
                () => madeSomething(LAB),
            );
            process.kill(pid, "SIGKILL");
            assert.notEqual((await run.ended).status, 0);
            const next = await kvmnet(project.folder, "up");
            succeeded(next);
            const ports = (await runInLab(LAB, ["ovs-vsctl", "list-ports", "br-vm"])).stdout.trim().split("\n");
            assert.deepEqual(ports.sort(), ["db-1-data", "web-1-data", "web-2-data"]);
        });

    it("converges after the lab was killed under it", async () => {
        const { pid } = JSON.parse(readFileSync(labPaths(LAB).record, "utf8")) as { pid: number };
        process.kill(pid, "SIGKILL");
        succeeded(await kvmnet(project.folder, "up"));
    });

    it("leaves the machine as it was", async () => {
        succeeded(await kvmnet(project.folder, "down"));
        assert.equal(existsSync(labPaths(LAB).folder), false);
        assert.deepEqual(machine(), untouched);
        assert.deepEqual(processesNaming(LAB), []);
    });
});

function withNic(environment: EnvironmentInput, bad: object): unknown {
    const guest = environment.guests?.["web-1"];
    return {
        ...environment,
        guests: {
            ...environment.guests,
            "web-1": { ...guest, nics: { ...guest?.nics, data: { ...guest?.nics?.data, ...bad } } },
        },
    };
}

interface Family {
    engine?: number;
    provider?: number;
}

/** The engine and the provider among the descendants of a process. */
function family(root: number): Family {
    const processes = readdirSync("/proc")
        .filter((name) => /^\d+$/.test(name))
        .flatMap((pid) => {
            try {
                const parent = Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
                return [{ pid: Number(pid), parent, line: readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0") }];
            } catch {
                return [];
            }
        });
    const ours = new Set([root]);
    for (let grown = true; grown;) {
        const more = processes.filter(({ pid, parent }) => ours.has(parent) && !ours.has(pid));
        for (const { pid } of more) ours.add(pid);
        grown = more.length > 0;
    }
    const those = processes.filter(({ pid }) => ours.has(pid));
    return {
        engine: those.find(({ line }) => /(^|\/)pulumi$/.test(line[0] ?? "") && line.includes("up"))?.pid,
        provider: those.find(({ line }) => line.some((word) => word.includes("provider/main.cjs")))?.pid,
    };
}

/** True once the lab's switch has its first port: the run is in the middle of its work. */
async function madeSomething(lab: string): Promise<boolean> {
    if (!existsSync(labPaths(lab).record)) return false;
    const { stdout } = await runInLab(lab, [
        "ovs-vsctl",
        "--timeout=2",
        "--columns=name",
        "--format=csv",
        "--no-headings",
        "list",
        "port",
    ]);
    return stdout.includes("-data");
}

/** Waits until the condition holds and the value is there. */
async function until<Value>(value: () => Value | undefined, condition: () => Promise<boolean>): Promise<Value> {
    for (const end = Date.now() + 240_000; Date.now() < end;) {
        const found = (await condition()) ? value() : undefined;
        if (found !== undefined) return found;
        await new Promise((resume) => setTimeout(resume, 5));
    }
    throw new Error("it did not come to that within four minutes");
}

function processesNaming(text: string): string[] {
    return readdirSync("/proc")
        .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
        .flatMap((pid) => {
            try {
                const line = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
                return line.includes(`/labs/${text}/`) ? [line] : [];
            } catch {
                return [];
            }
        });
}
