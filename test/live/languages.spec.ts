import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { silent } from "../../engine";
import { prepareOtherLanguages } from "../prepare";
import { HostRef, libvirtUri } from "../../schemas/host-ref";
import { labPaths } from "../../schemas/lab-paths";
import { Plugin } from "../provider/plugin";
import { command, kvmnet } from "../support/command";
import { EngineProject } from "../support/engine-project";
import { labName } from "../support/labs";
import { installPythonSdk } from "../support/python-sdk";
import { ProviderLab } from "./provider-lab";

/** The language hosts are built from source where no official release can be had. */
const FIRST_RUN_MS = 30 * 60_000;
const PLUGIN = resolve("provider", "pulumi-resource-kvmnet");

const LAB = labName("languages");
const paths = labPaths(LAB);

const PYTHON_PROGRAM = `
import pulumi
import pulumi_kvmnet as kvmnet

core = kvmnet.ovs.Bridge("core", name="br-py", datapath_type="netdev", fail_mode="standalone")
web0 = kvmnet.host.Tap("web0", kvmnet.host.TapArgs(name="tap-py", mtu=1400))
port = kvmnet.ovs.Port("web0", kvmnet.ovs.PortArgs(name=web0.name, bridge=core.name, vlan_mode="trunk", trunks=["10-12"]))
edge = kvmnet.OvsSwitch("edge", name="br-py-edge", datapath_type="netdev", vlans={"web": 100})

guest = kvmnet.VirtualMachine("guest-py", vcpus=2, memory_mi_b=128, accelerator="tcg", shutdown_timeout=5,
    boot=kvmnet.BootArgs(kernel="KERNEL", initrd="INITRD"),
    nics={"data": kvmnet.GuestNicArgs(switch="br-py-edge", vlan=100, address="10.80.0.1/24")},
    opts=pulumi.ResourceOptions(depends_on=[edge]))

mtu: pulumi.Output[int] = web0.mtu
pulumi.export("bridges", [core.name, edge.bridge_name])
pulumi.export("addresses", guest.addresses)
`
    .replace("KERNEL", paths.kernel)
    .replace("INITRD", paths.initrd);

const TAKES_FROM_OTHERS = `
import pulumi_kvmnet as kvmnet

way = kvmnet.MtuDomain("way", mtu=9000, hops={})
edge = kvmnet.OvsSwitch("edge", vlans={"web": 100}, qos={"gold": {"type": "linux-htb"}}, mtu_request=way.mtu)
tap = kvmnet.VlanTap("tap", switch=edge.bridge_name, vlan=edge.vlans["web"], qos=edge.qos_names["gold"], mtu=way.mtu)
office = kvmnet.LinuxBridge("office", mtu=way.mtu)
out = kvmnet.Uplink("out", links=["eno1"], mtu=way.mtu)
admin = kvmnet.ManagementNetwork("admin", uplink=out.link_name, vlan=edge.vlans["web"], mtu=out.mtu)
nic = kvmnet.TunedVirtioNic("nic", guest="web0", vcpus=2, switch=edge.bridge_name, vlan=tap.vlan, mtu=tap.mtu)
dhcp = kvmnet.DhcpService("dhcp", switch=edge.bridge_name, vlan=tap.vlan, address="10.0.0.1/24")
`;

const YAML_PROGRAM = {
    resources: {
        core: { type: "kvmnet:ovs:Bridge", properties: { name: "br-yaml", datapathType: "netdev" } },
        web0: { type: "kvmnet:host:Tap", properties: { name: "tap-yaml", mtu: 1400 } },
        plug: {
            type: "kvmnet:ovs:Port",
            properties: { name: "${web0.name}", bridge: "${core.name}", tag: 100 },
        },
        edge: { type: "kvmnet:OvsSwitch", properties: { name: "br-yaml-edge", datapathType: "netdev" } },
        "guest-yaml": {
            type: "kvmnet:VirtualMachine",
            properties: {
                vcpus: 2,
                memoryMiB: 128,
                accelerator: "tcg",
                shutdownTimeout: 5,
                boot: { kernel: paths.kernel, initrd: paths.initrd },
                nics: { data: { switch: "${edge.bridgeName}", vlan: 100, address: "10.80.0.1/24" } },
            },
        },
    },
    outputs: { bridges: ["${core.name}", "${edge.bridgeName}"], addresses: "${guest-yaml.addresses}" },
};

type PackageSchema = Partial<Record<"resources" | "types" | "functions", object>>;

/** As people get it. */
const schema = async () => (await kvmnet(process.cwd(), "schema")).output;

let path: string[];
before(async function () {
    this.timeout(FIRST_RUN_MS);
    path = await prepareOtherLanguages(silent);
});

describe("the package schema", function () {
    this.timeout(300_000);

    it("is what `kvmnet schema` prints", async () => {
        const plugin = await Plugin.start();
        try {
            assert.deepEqual(await plugin.schema(), JSON.parse(await schema()));
        } finally {
            await plugin.stop();
        }
    });
    it("is understood by the engine, every resource and type of it", async () => {
        const project = new EngineProject({ name: "schema" });
        try {
            const understood = JSON.parse(await project.pulumi("package", "get-schema", PLUGIN)) as PackageSchema;
            const printed = JSON.parse(await schema()) as PackageSchema;
            for (const part of ["resources", "types", "functions"] as const)
                assert.deepEqual(Object.keys(understood[part] ?? {}).sort(), Object.keys(printed[part] ?? {}).sort());
        } finally {
            project.remove();
        }
    });
});

describe("the way to another language that the README shows", function () {
    this.timeout(300_000);

    it("makes an SDK, and leaves a project that a clone of it sets up without a download", async () => {
        const [, commands = ""] = /```sh\n(npx kvmnet schema .*?)```/s.exec(readFileSync("README.md", "utf8")) ?? [];
        const project = new EngineProject({ name: "way", runtime: "yaml", path });
        const settings = () => readFileSync(join(project.folder, "Pulumi.yaml"), "utf8");
        try {
            const before = settings();
            for (const line of commands.trim().split("\n")) {
                const [, file] = /^npx kvmnet schema > (\S+)$/.exec(line) ?? [];
                if (file) project.write(file, await schema());
                else await project.pulumi(...line.split(" ").slice(1));
            }
            assert.equal(settings(), before);
            assert.deepEqual(readdirSync(join(project.folder, "sdks")), ["kvmnet"]);
        } finally {
            project.remove();
        }
    });
});

describe("the Python SDK, generated from the schema", function () {
    this.timeout(300_000);
    let folder: string;
    before(async () => {
        folder = mkdtempSync(join(tmpdir(), "kvmnet-python-"));
        await installPythonSdk(await schema(), folder, path[0] ?? "");
        writeFileSync(join(folder, "mypy.ini"), MYPY);
    });
    after(() => rmSync(folder, { recursive: true, force: true }));

    const mypy = (...what: string[]) => command(folder, join(path[0] ?? "", "python"), "-m", "mypy", ...what);
    const judged = (program: string) => {
        writeFileSync(join(folder, "program.py"), program);
        return mypy("program.py");
    };

    it("is well typed", async () => {
        const { status, output } = await mypy("--package", "pulumi_kvmnet");
        assert.equal(status, 0, output);
    });
    it("types a program that uses it", async () => {
        const { status, output } = await judged(PYTHON_PROGRAM);
        assert.equal(status, 0, output);
    });
    it("types a component that takes what another one tells", async () => {
        const { status, output } = await judged(TAKES_FROM_OTHERS);
        assert.equal(status, 0, output);
    });
    it("refuses a value of the wrong type", async () => {
        const { status, output } = await judged(PYTHON_PROGRAM.replace("mtu=1400", 'mtu="1400"'));
        assert.equal(status, 1, output);
        assert.match(output, /program\.py:6: error: .*"mtu"/);
    });
    it("refuses a property that there is not", async () => {
        const { status, output } = await judged(PYTHON_PROGRAM.replace("mtu=1400", "mut=1400"));
        assert.equal(status, 1, output);
        assert.match(output, /program\.py:6: error: /);
    });
});

/**
 * Two things of Pulumi's generator, the same in every SDK, are typed less strictly than what is generated for us: its
 * helpers, and the empty arguments of a function that takes none.
 */
const MYPY = `[mypy]
[mypy-pulumi_kvmnet._utilities]
ignore_errors = True
[mypy-pulumi_kvmnet.*]
disable_error_code = var-annotated
`;

describe("a host described in another language", function () {
    this.timeout(300_000);
    const lab = new ProviderLab(LAB);
    before(() => lab.up());
    after(() => lab.down());

    const bridges = async () => (await lab.vsctl("list-br")).split("\n").filter(Boolean);

    for (const [language, suffix, make] of [
        ["Python", "py", pythonProject],
        [
            "YAML",
            "yaml",
            () => Promise.resolve(new EngineProject({ name: "yaml", runtime: "yaml", path, declares: YAML_PROGRAM })),
        ],
    ] as const)
        describe(language, () => {
            let project: EngineProject;
            before(async () => {
                project = await make();
                await project.init({ "kvmnet:host": lab.host, "libvirt:uri": libvirtUri(HostRef.parse(lab.host)) });
                await project.pulumi("up", "--yes", "--skip-preview");
            });
            after(() => project.remove());

            it("has its bridges, a component's too", async () =>
                assert.deepEqual(await bridges(), [`br-${suffix}`, `br-${suffix}-edge`]));
            it("has its tap, plugged in with its VLAN", async () => {
                assert.equal(await lab.vsctl("list-ports", `br-${suffix}`), `tap-${suffix}`);
                assert.equal((await lab.links()).find(({ ifname }) => ifname === `tap-${suffix}`)?.mtu, 1400);
                const vlans = await lab.vsctl("get", "Port", `tap-${suffix}`, "tag", "trunks");
                assert.equal(vlans, language === "Python" ? "[]\n[10, 11, 12]" : "100\n[]");
            });
            it("tells its outputs", async () =>
                assert.deepEqual(JSON.parse(await project.pulumi("stack", "output", "--json")), {
                    bridges: [`br-${suffix}`, `br-${suffix}-edge`],
                    addresses: { data: "10.80.0.1" },
                }));
            it("has its guest, whose NIC is tuned and plugged in", async () => {
                const xml = await lab.virsh("dumpxml", `guest-${suffix}`);
                assert.match(xml, /<driver name='qemu' queues='2' rx_queue_size='1024' tx_queue_size='256'\/>/);
                const [, tap = ""] = /<target dev='([^']+)' managed='no'\/>/.exec(xml) ?? [];
                assert.equal(await lab.vsctl("get", "Port", tap, "tag"), "100");
            });
            it("changes nothing the second time", () => project.pulumi("preview", "--expect-no-changes"));
            it("is gone after destroy", async () => {
                await project.pulumi("destroy", "--yes", "--skip-preview");
                assert.equal(await lab.virsh("list", "--all"), "");
                assert.deepEqual(await bridges(), []);
                assert.ok(!(await lab.linkNames()).includes(`tap-${suffix}`));
            });
        });
});

async function pythonProject(): Promise<EngineProject> {
    const project = new EngineProject({ name: "python", runtime: "python", path });
    await installPythonSdk(await schema(), project.folder, path[0] ?? "");
    project.write("__main__.py", PYTHON_PROGRAM);
    return project;
}
