/** Every component of guests and switches, served to programs of other languages, and made on a host. */
import assert from "node:assert/strict";
import { openGuest } from "../../lab";
import { HostRef, libvirtUri } from "../../schemas/host-ref";
import { QUICK_BOOT } from "../../schemas/lab-guest";
import { labPaths } from "../../schemas/lab-paths";
import { silent } from "../../engine";
import { prepareOtherLanguages } from "../prepare";
import { kvmnet } from "../support/command";
import { EngineProject } from "../support/engine-project";
import { eventually } from "../support/eventually";
import { labName } from "../support/labs";
import { installPythonSdk } from "../support/python-sdk";
import { ProviderLab } from "./provider-lab";

const LAB = labName("served");
const FIRST_RUN_MS = 30 * 60_000;
/** Longest wait for an emulated guest on a busy machine [ms]. */
const BOOT_MS = 300_000;
const paths = labPaths(LAB);
const { socket, log } = paths.console("desk");
const MAC = "52:54:00:82:00:20";

const PYTHON_PROGRAM = `
import pulumi
import pulumi_kvmnet as kvmnet

boot = kvmnet.BootArgs(kernel="${paths.kernel}", initrd="${paths.initrd}", cmdline="${QUICK_BOOT}")
vlans = {"web": 100, "db": 200}

core = kvmnet.OvsSwitch("core", name="sw-core", datapath_type="netdev", vlans=vlans)
edge = kvmnet.OvsSwitch("edge", name="sw-edge", datapath_type="netdev", vlans=vlans,
    uplinks={"cable0": kvmnet.SwitchUplinkArgs(vlans=["web"], native="db")},
    patches={"to-core": kvmnet.SwitchPatchArgs(to="sw-core", vlans=["db"])},
    mirrors={"ids": kvmnet.SwitchMirrorArgs(vlans=["web"], output_port="ids0")},
    qos={"gold": kvmnet.QosClassArgs(type="linux-htb", max_rate="500Mbit")},
    opts=pulumi.ResourceOptions(depends_on=[core]))
router = kvmnet.VlanTap("router", switch=edge.bridge_name, trunk=kvmnet.TrunkArgs(vlans=["100", "200"]),
    rate_limit=kvmnet.RateLimitArgs(to_guest="200Mbit", from_guest="100Mbit"))
office = kvmnet.LinuxBridge("office", addresses=["10.81.0.1/24"])
dhcp = kvmnet.DhcpService("dhcp", switch=edge.bridge_name, vlan=100, address="10.82.0.1/24", domain="web.lan",
    reservations={"desk": kvmnet.host.DhcpReservationArgs(mac="${MAC}", address="10.82.0.20")})

desk = kvmnet.VirtualMachine("desk", vcpus=2, memory_mi_b=160, accelerator="tcg", shutdown_timeout=5, boot=boot,
    console=kvmnet.ConsoleArgs(socket="${socket}", log="${log}"),
    nics={
        "data": kvmnet.GuestNicArgs(switch="sw-edge", vlan=100, dhcp=True, mac="${MAC}"),
        "office": kvmnet.GuestNicArgs(bridge="office", address="10.81.0.2/24"),
    },
    opts=pulumi.ResourceOptions(depends_on=[dhcp, office]))
pods = kvmnet.GuestGroup("pod", count=2, memory_mi_b=128, accelerator="tcg", shutdown_timeout=5, boot=boot,
    nics={"data": kvmnet.GroupNicArgs(switch="sw-edge", vlans=[100, 200], first_address="10.83.0.10/24")},
    opts=pulumi.ResourceOptions(depends_on=[edge]))
spare = kvmnet.TunedVirtioNic("spare", guest="byhand", vcpus=4, switch=edge.bridge_name, vlan=200)

pulumi.export("switches", [core.bridge_name, edge.bridge_name])
pulumi.export("tap", router.tap_name)
pulumi.export("mac", desk.macs["data"])
pulumi.export("pods", pods.guests)
pulumi.export("queues", spare.queues)
pulumi.export("served", dhcp.interface_name)
`;

const boot = { kernel: paths.kernel, initrd: paths.initrd, cmdline: QUICK_BOOT };
const alike = { boot, accelerator: "tcg", shutdownTimeout: 5 };
const vlans = { web: 100, db: 200 };

const YAML_PROGRAM = {
    resources: {
        core: { type: "kvmnet:OvsSwitch", properties: { name: "sw-core", datapathType: "netdev", vlans } },
        edge: {
            type: "kvmnet:OvsSwitch",
            properties: {
                name: "sw-edge",
                datapathType: "netdev",
                vlans,
                uplinks: { cable0: { vlans: ["web"], native: "db" } },
                patches: { "to-core": { to: "${core.bridgeName}", vlans: ["db"] } },
                mirrors: { ids: { vlans: ["web"], outputPort: "ids0" } },
                qos: { gold: { type: "linux-htb", maxRate: "500Mbit" } },
            },
        },
        router: {
            type: "kvmnet:VlanTap",
            properties: {
                switch: "${edge.bridgeName}",
                trunk: { vlans: ["100", "200"] },
                rateLimit: { toGuest: "200Mbit", fromGuest: "100Mbit" },
            },
        },
        office: { type: "kvmnet:LinuxBridge", properties: { addresses: ["10.81.0.1/24"] } },
        dhcp: {
            type: "kvmnet:DhcpService",
            properties: {
                switch: "${edge.bridgeName}",
                vlan: 100,
                address: "10.82.0.1/24",
                domain: "web.lan",
                reservations: { desk: { mac: MAC, address: "10.82.0.20" } },
            },
        },
        desk: {
            type: "kvmnet:VirtualMachine",
            properties: {
                ...alike,
                vcpus: 2,
                memoryMiB: 160,
                console: { socket, log },
                nics: {
                    data: { switch: "${edge.bridgeName}", vlan: 100, dhcp: true, mac: MAC },
                    office: { bridge: "${office.bridgeName}", address: "10.81.0.2/24" },
                },
            },
            options: { dependsOn: ["${dhcp}"] },
        },
        pod: {
            type: "kvmnet:GuestGroup",
            properties: {
                ...alike,
                count: 2,
                memoryMiB: 128,
                nics: { data: { switch: "${edge.bridgeName}", vlans: [100, 200], firstAddress: "10.83.0.10/24" } },
            },
        },
        spare: {
            type: "kvmnet:TunedVirtioNic",
            properties: { guest: "byhand", vcpus: 4, switch: "${edge.bridgeName}", vlan: 200 },
        },
    },
    outputs: {
        switches: ["${core.bridgeName}", "${edge.bridgeName}"],
        tap: "${router.tapName}",
        mac: "${desk.macs.data}",
        pods: "${pod.guests}",
        queues: "${spare.queues}",
        served: "${dhcp.interfaceName}",
    },
};

async function pythonProject(path: string[]): Promise<EngineProject> {
    const project = new EngineProject({ name: "served-python", runtime: "python", path });
    const { output } = await kvmnet(process.cwd(), "schema");
    await installPythonSdk(output, project.folder, path[0] ?? "");
    project.write("__main__.py", PYTHON_PROGRAM);
    return project;
}

const yamlProject = (path: string[]) =>
    Promise.resolve(new EngineProject({ name: "served-yaml", runtime: "yaml", path, declares: YAML_PROGRAM }));

describe("components in another language, on a host", function () {
    this.timeout(600_000);
    const lab = new ProviderLab(LAB);
    let path: string[];
    let alone: string[];
    before(async function () {
        this.timeout(FIRST_RUN_MS);
        path = await prepareOtherLanguages(silent);
        await lab.up();
        // What stands for the NIC of a host.
        await lab.run("ip", "link", "add", "cable0", "type", "veth", "peer", "name", "cable1");
        alone = await lab.linkNames();
    });
    after(() => lab.down());

    const words = (text: string) => text.split(/\s+/).filter(Boolean).sort();
    const guests = async () => words(await lab.virsh("list", "--name"));

    for (const [language, make] of [
        ["Python", pythonProject],
        ["YAML", yamlProject],
    ] as const)
        describe(language, () => {
            let project: EngineProject;
            before(async () => {
                project = await make(path);
                await project.init({ "kvmnet:host": lab.host, "libvirt:uri": libvirtUri(HostRef.parse(lab.host)) });
                await project.pulumi("up", "--yes", "--skip-preview");
            });
            after(() => project.remove());

            it("tells its outputs", async () =>
                assert.deepEqual(JSON.parse(await project.pulumi("stack", "output", "--json")), {
                    switches: ["sw-core", "sw-edge"],
                    tap: "router",
                    mac: MAC,
                    pods: ["pod-0", "pod-1"],
                    queues: 4,
                    served: "dhcp",
                }));

            it("has its uplink and its patch, which carry the VLANs that were named", async () => {
                const vlansOf = async (port: string) =>
                    (await lab.vsctl("get", "Port", port, "vlan_mode", "tag", "trunks")).split("\n");
                assert.deepEqual(await vlansOf("cable0"), ["native-untagged", "200", "[100]"]);
                assert.deepEqual(await vlansOf("to-core"), ["trunk", "[]", "[200]"]);
                assert.equal(await lab.vsctl("get", "Interface", "to-core", "options:peer"), "to-core-peer");
                assert.equal(await lab.vsctl("port-to-br", "to-core-peer"), "sw-core");
            });

            it("has its mirror, and the port that gets the copies", async () => {
                assert.equal(await lab.vsctl("get", "Mirror", "ids", "select_vlan"), "[100]");
                const output = await lab.vsctl("get", "Mirror", "ids", "output_port");
                assert.equal(await lab.vsctl("get", "Port", output, "name"), "ids0");
            });

            it("has its taps with their VLANs and limits", async () => {
                assert.equal(await lab.vsctl("get", "Port", "router", "trunks"), "[100, 200]");
                const shaper = await lab.vsctl("get", "Port", "router", "qos");
                assert.equal(await lab.vsctl("get", "QoS", shaper, "other_config:max-rate"), '"200000000"');
                assert.match(await lab.run("ovs-ofctl", "-O", "OpenFlow13", "dump-meters", "sw-edge"), /rate=100000/);
                assert.equal(await lab.vsctl("get", "Port", "byhand-spare", "tag"), "200");
            });

            it("has its guests, a group's in the VLANs that they are spread over", async () => {
                assert.deepEqual(await guests(), ["desk", "pod-0", "pod-1"]);
                const tags = await Promise.all(
                    ["pod-0-data", "pod-1-data"].map((tap) => lab.vsctl("get", "Port", tap, "tag")),
                );
                assert.deepEqual(tags, ["100", "200"]);
            });

            it("has, in its guest, tuned NICs, the address that its server keeps, and the host across the bridge", async () => {
                const guest = await openGuest(LAB, "desk", BOOT_MS);
                try {
                    for (const { driver, queues, rxRing } of guest.report.nics)
                        assert.deepEqual({ driver, queues, rxRing }, { driver: "virtio_net", queues: 2, rxRing: 1024 });
                    await eventually(
                        async () =>
                            assert.match(
                                (await guest.run(["ip", "-4", "addr", "show", "eth0"])).output,
                                /10\.82\.0\.20\/24/,
                            ),
                        BOOT_MS,
                    );
                    await eventually(async () => {
                        const asked = await guest.run(["ping", "-c", "1", "-W", "10", "10.81.0.1"], 60_000);
                        assert.equal(asked.exitCode, 0, asked.output);
                    });
                } finally {
                    guest.close();
                }
            });

            it("changes nothing the second time", async () => {
                const written = await lab.nextCfg();
                const running = await lab.virsh("list");
                await project.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes");
                assert.equal(await lab.nextCfg(), written);
                assert.equal(await lab.virsh("list"), running);
            });

            it("is gone after destroy", async () => {
                await project.pulumi("destroy", "--yes", "--skip-preview");
                assert.equal(await lab.virsh("list", "--all"), "");
                assert.equal(await lab.vsctl("list-br"), "");
                assert.deepEqual(await lab.linkNames(), alone);
                assert.deepEqual(words(await lab.run("find", "/var/lib/kvmnet", "-type", "f")), []);
            });
        });

    describe("that is a guest with secret user data", () => {
        let project: EngineProject;
        afterEach(() => project.remove());
        async function preview(userData: string) {
            const properties = {
                disks: { root: { size: "1GiB" } },
                cloudInit: { userData: { "fn::secret": userData } },
            };
            const resources = { desk: { type: "kvmnet:VirtualMachine", properties } };
            project = new EngineProject({ name: "secretive", runtime: "yaml", path, declares: { resources } });
            await project.init({ "kvmnet:host": lab.host, "libvirt:uri": libvirtUri(HostRef.parse(lab.host)) });
            return project.run("preview", "--json");
        }

        it("plans a disk for it that keeps it secret", async () => {
            const { status, output } = await preview("#cloud-config\npassword: hunter2\n");
            assert.equal(status, 0, output);
            assert.match(output, /"userData": "\[secret\]"/);
            assert.doesNotMatch(output, /hunter2/);
        });

        it("is refused where cloud-init would not read it, which is not shown", async () => {
            const { status, output } = await preview("password: hunter2");
            assert.notEqual(status, 0, output);
            assert.match(output, /VirtualMachine desk: cloudInit\.userData: userData is what cloud-init reads/);
            assert.doesNotMatch(output, /hunter2/);
        });
    });
});
