import { strict as assert } from "node:assert";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { DhcpService, GuestGroup, OvsSwitch, TunedVirtioNic, VirtualMachine, withNics } from "../../components";
import type { DhcpServiceArgs, GuestGroupArgs, VirtualMachineArgs } from "../../components";
import { SERVED } from "../../components/served";
import { registeredBy, withLibvirt } from "../support/engine-mocks";

const boot = { kernel: "/boot/vmlinuz", initrd: "/boot/initrd" };
const refused = (message: RegExp) => (error: unknown) =>
    pulumi.RunError.isInstance(error) && message.test(error.message);

const machine = (args: Partial<VirtualMachineArgs> = {}, version = "0.8.3") =>
    withLibvirt(version, () => registeredBy(() => new VirtualMachine("web-1", { vcpus: 4, memoryMiB: 512, ...args })));

const nics = { data: { switch: "br-vm", vlan: 100, address: "10.0.0.11/24", gateway: "10.0.0.1" } };

describe("a guest's disks", () => {
    it("are volumes of their own beside the domain, called after the guest", async () => {
        const run = await machine({ disks: { root: { size: "10GiB", base: "/pool/debian.qcow2" } } });
        assert.equal(run.types()["web-1-disk-root"], "libvirt:index/volume:Volume");
        const { name, size, baseVolumeId, format, pool } = run.named("web-1-disk-root").inputs;
        assert.deepEqual(
            { name, size, baseVolumeId, format, pool },
            {
                name: "web-1-root.qcow2",
                size: 10 * 2 ** 30,
                baseVolumeId: "/pool/debian.qcow2",
                format: "qcow2",
                pool: "default",
            },
        );
        assert.deepEqual(run.named("web-1-domain").inputs.disks, [{ volumeId: "web-1-disk-root-id" }]);
    });

    it("are named by pool and volume in the 0.9 line", async () => {
        const run = await machine({ disks: { root: { size: "1GiB" } } }, "0.9.7");
        const { name, capacity, target } = run.named("web-1-disk-root").inputs;
        assert.deepEqual(
            { name, capacity, target },
            { name: "web-1-root.qcow2", capacity: 2 ** 30, target: { format: { type: "qcow2" } } },
        );
        const { disks } = run.named("web-1-domain").inputs.devices as { disks: object[] };
        assert.deepEqual(disks, [
            {
                device: "disk",
                driver: { name: "qemu", type: "qcow2" },
                source: { volume: { pool: "default", volume: "web-1-root.qcow2" } },
                target: { dev: "vda", bus: "virtio" },
            },
        ]);
    });

    describe("without a format", () => {
        const formats = async (disk: object) => {
            const { devices } = (await machine({ disks: { root: disk } }, "0.9.7")).named("web-1-domain").inputs;
            return (devices as { disks: { driver: { type: string } }[] }).disks.map(({ driver }) => driver.type);
        };
        for (const [what, disk, format] of [
            ["that are block devices", { block: "/dev/vg/web" }, "raw"],
            ["that are files called .qcow2", { file: "/img/a.qcow2" }, "qcow2"],
            ["that are files called .raw", { file: "/img/a.raw" }, "raw"],
            ["that are volumes", { size: "1GiB" }, "qcow2"],
            ["that are filled from an image called .raw", { source: "/img/debian.raw" }, "raw"],
        ] as [string, object, string][])
            it(`are ${format} ${what}`, async () => assert.deepEqual(await formats(disk), [format]));

        it("are refused on line 0.9 as files whose name tells none, which QEMU took for qcow2 before", () =>
            assert.rejects(
                formats({ file: "/img/a.img" }),
                /disks\.root\.format: the name of \/img\/a\.img does not tell/,
            ));

        it("and with one that is declared are that", async () =>
            assert.deepEqual(await formats({ block: "/dev/vg/web", format: "qcow2" }), ["qcow2"]));
    });

    for (const [what, disk, message] of [
        [
            "a size beside an image that they are filled with",
            { size: "20GiB", source: "/img/debian.qcow2" },
            /disks\.root\.size: a volume that is filled from source has the size of that image; remove size/,
        ],
        [
            "a base below a raw volume",
            { base: "/pool/debian.qcow2", size: "20GiB", format: "raw" },
            /disks\.root\.format: a volume that lies over base is qcow2; remove format/,
        ],
        [
            "the format of a base that they do not have",
            { size: "20GiB", baseFormat: "raw" },
            /disks\.root\.baseFormat: there is no base; remove baseFormat/,
        ],
    ] as [string, object, RegExp][])
        it(`are refused with ${what}`, () => assert.rejects(machine({ disks: { root: disk } }), refused(message)));

    it("are refused in the 0.9 line over a base without a size, before anything is made", async () => {
        const disks = { root: { base: "/pool/debian.qcow2" } };
        await machine({ disks });
        const run = await withLibvirt("0.9.7", () =>
            registeredBy(() =>
                assert.throws(
                    () => new VirtualMachine("web-1", { disks }),
                    refused(/VirtualMachine web-1: 1 problem[^]*disks\.root\.size: line 0\.9 [^]*qemu-img info/),
                ),
            ),
        );
        assert.deepEqual(run.registered, []);
    });

    for (const [what, disk, format] of [
        ["raw by its name", { base: "/pool/debian.raw" }, "raw"],
        ["raw by its name, which comes late", { base: pulumi.output("/pool/debian.raw") }, "raw"],
        ["raw as declared", { base: "/pool/debian.img", baseFormat: "raw" }, "raw"],
        ["qcow2 otherwise", { base: "/pool/jammy.img" }, "qcow2"],
    ] as [string, object, string][])
        it(`know the format of their base in the 0.9 line: ${what}`, async () => {
            const run = await machine({ disks: { root: { size: "20GiB", ...disk } } }, "0.9.7");
            const { backingStore } = run.named("web-1-disk-root").inputs;
            assert.deepEqual((backingStore as { format: object }).format, { type: format });
        });

    describe("are what the guest starts by", () => {
        const cd = { file: "/iso/install.iso" };
        const root = { size: "20GiB" };
        const startsBy = async (args: Partial<VirtualMachineArgs>) => {
            const { bootDevices } = (await machine(args)).named("web-1-domain").inputs;
            const { os } = (await machine(args, "0.9.7")).named("web-1-domain").inputs;
            return [bootDevices, (os as { bootDevices?: object[] }).bootDevices];
        };
        it("with a CD-ROM after them, which an empty disk gives way to", async () =>
            assert.deepEqual(await startsBy({ disks: { root, cd } }), [
                [{ devs: ["hd", "cdrom"] }],
                [{ dev: "hd" }, { dev: "cdrom" }],
            ]));
        it("alone, where there is no CD-ROM", async () =>
            assert.deepEqual(await startsBy({ disks: { root } }), [undefined, [{ dev: "hd" }]]));
        it("unless it boots a kernel", async () =>
            assert.deepEqual(await startsBy({ boot, disks: { root, cd } }), [undefined, undefined]));
    });

    it("are refused as CD-ROMs that are not raw", () =>
        assert.rejects(
            machine({ boot, disks: { cd: { file: "/a.iso", format: "qcow2" } } }),
            refused(/disks\.cd\.format: a file that ends in \.iso is a CD-ROM, which is raw; remove format/),
        ));

    it("may lie over an image that the same program makes", async () => {
        const run = await machine({ disks: { root: { base: pulumi.output("/pool/made.qcow2") } } });
        assert.equal(run.named("web-1-disk-root").inputs.baseVolumeId, "/pool/made.qcow2");
    });

    it("are refused where it is not clear what they are, and where there is nothing to boot", async () => {
        await assert.rejects(machine({ disks: { root: {} } }), refused(/disks\.root: a disk is exactly one of/));
        await assert.rejects(
            machine({ disks: { root: { size: "1GiB", file: "/a.qcow2" } } }),
            refused(/disks\.root: a disk is exactly one of/),
        );
        await assert.rejects(machine(), refused(/boot: a guest boots from a kernel or from a disk/));
    });
});

describe("a guest's cloud-init disk", () => {
    const disks = { root: { size: "1GiB" } };

    it("has the guest's name, and each NIC found by its MAC address with what was declared", async () => {
        const run = await machine({ disks, nics: { ...nics, mgmt: { bridge: "br0", dhcp: true } }, cloudInit: {} });
        const { userData, metaData, networkConfig } = run.named("web-1-cloud-init").inputs as Record<string, string>;
        assert.match(userData!, /^#cloud-config/);
        assert.deepEqual(parse(metaData!), { "instance-id": "web-1", "local-hostname": "web-1" });
        const macOf = (nic: string) => run.named(`web-1-nic-${nic}`).outputs.mac;
        assert.deepEqual(parse(networkConfig!), {
            version: 2,
            ethernets: {
                data: {
                    match: { macaddress: macOf("data") },
                    addresses: ["10.0.0.11/24"],
                    routes: [{ to: "0.0.0.0/0", via: "10.0.0.1" }],
                },
                mgmt: { match: { macaddress: macOf("mgmt") }, dhcp4: true },
            },
        });
    });

    it("tells the MTU where the NIC does not: with vhost-user", async () => {
        const fast = { data: { switch: "br", vlan: 1, vhostUserSocket: "/run/v.sock", mtu: 9000 } };
        const run = await machine({ disks, nics: fast, cloudInit: {} });
        const { networkConfig } = run.named("web-1-cloud-init").inputs as Record<string, string>;
        assert.equal((parse(networkConfig!) as { ethernets: { data: { mtu: number } } }).ethernets.data.mtu, 9000);
    });

    for (const [model, mtu, told] of [
        ["e1000", 1400, 1400],
        [null, 1400, 1400],
        ["e1000", 1500, undefined],
        ["virtio", 1400, undefined],
    ] as const)
        it(`tells a guest whose NIC is ${model ?? "left to libvirt"} ${told ? "" : "no "}MTU where it is ${mtu}`, async () => {
            const data = { switch: "br", vlan: 1, mtu, model };
            const run = await machine({ disks, nics: { data }, cloudInit: {} });
            const { networkConfig } = run.named("web-1-cloud-init").inputs as Record<string, string>;
            assert.equal((parse(networkConfig!) as { ethernets: { data: { mtu?: number } } }).ethernets.data.mtu, told);
        });

    it("is given to the domain by its id in the 0.8 line, as a volume in the 0.9 line", async () => {
        assert.equal(
            (await machine({ disks, cloudInit: {} })).named("web-1-domain").inputs.cloudinit,
            "web-1-cloud-init-id",
        );
        const native = await machine({ disks, cloudInit: {} }, "0.9.7");
        const volume = native.named("web-1-cloud-init-volume").inputs;
        assert.ok(!("target" in volume), "libvirt makes it raw and finds iso in it, so no word of ours stays true");
        const { disks: written } = native.named("web-1-domain").inputs.devices as { disks: { target: object }[] };
        assert.deepEqual(
            written.map(({ target }) => target),
            [
                { dev: "vda", bus: "virtio" },
                { dev: "sdb", bus: "scsi" },
            ],
        );
    });

    it("is refused with what cloud-init would not read", () =>
        assert.rejects(
            machine({ disks, cloudInit: { userData: "packages: [nginx]" } }),
            refused(/begins with #cloud-config/),
        ));

    for (const line of ["0.8.3", "0.9.7"])
        it(`may hold what other resources tell, and stays secret in the ${line} line`, async () => {
            const key = pulumi.secret("ssh-ed25519 AAAA");
            const userData = pulumi.interpolate`#cloud-config\nssh_authorized_keys: [${key}]\n`;
            const run = await machine({ disks, cloudInit: { userData } }, line);
            assert.deepEqual(run.named("web-1-cloud-init").inputs.userData, {
                [pulumi.runtime.specialSigKey]: pulumi.runtime.specialSecretSig,
                value: "#cloud-config\nssh_authorized_keys: [ssh-ed25519 AAAA]\n",
            });
        });
});

describe("a guest's processor and memory", () => {
    it("are refused where their parts do not fit together, all at once", () =>
        assert.rejects(
            machine({
                boot,
                cpu: { topology: { cores: 3 } },
                numa: [{ cpus: "0-2", memoryMiB: 100 }],
                pinning: { vcpus: ["0"] },
            }),
            refused(
                /4 problems[^]*sockets x cores x threads is 3[^]*belongs to one of them[^]*100 MiB together[^]*one a vCPU/,
            ),
        ));

    for (const hugepages of ["3MiB", "1000B", "2MB", "4KiB"])
        it(`are refused with huge pages of ${hugepages}, which no processor has`, () =>
            assert.rejects(
                machine({ boot, memory: { hugepages } }),
                refused(/memory\.hugepages: huge pages have a power of two from 64KiB to 16GiB, such as 2MiB or 1GiB/),
            ));

    it("are refused with more than 255 vCPUs on a machine that has no place for them", () =>
        assert.rejects(
            machine({ boot, machine: "pc", vcpus: 256 }),
            refused(/vcpus: machine pc has at most 255 vCPUs; set machine: q35, or fewer/),
        ));

    it("are pinned, split and backed in the 0.9 line's own words", async () => {
        const { cpu, cpuTune, numaTune, memoryBacking } = (
            await machine(
                {
                    boot,
                    cpu: { mode: "host-passthrough", topology: { cores: 4 } },
                    numa: [{ cpus: "0-3", memoryMiB: 512 }],
                    pinning: { vcpus: ["2", "3", "4", "5"], emulator: "0-1", memoryNodes: "0" },
                    memory: { hugepages: "1GiB" },
                },
                "0.9.7",
            )
        ).named("web-1-domain").inputs;
        assert.deepEqual(
            { cpu, cpuTune, numaTune, memoryBacking },
            {
                cpu: {
                    mode: "host-passthrough",
                    topology: { sockets: 1, cores: 4, threads: 1 },
                    numa: { cells: [{ id: 0, cpus: "0-3", memory: 524_288, unit: "KiB" }] },
                },
                cpuTune: {
                    vcpuPins: ["2", "3", "4", "5"].map((cpuSet, vcpu) => ({ vcpu, cpuSet })),
                    emulatorPin: { cpuSet: "0-1" },
                },
                numaTune: { memory: { mode: "strict", nodeset: "0" } },
                memoryBacking: { memoryHugePages: { hugepages: [{ size: 2 ** 20, unit: "KiB" }] } },
            },
        );
    });
});

describe("a guest's firmware", () => {
    const firmware = "/usr/share/OVMF/OVMF_CODE.fd";

    it("is the domain's in both lines, and known to the step that tells of a replacement", async () => {
        const classic = await machine({ boot, firmware });
        assert.equal(classic.named("web-1-domain").inputs.firmware, firmware);
        assert.equal((classic.named("web-1-shutdown").inputs.settings as Record<string, string>).firmware, firmware);
        const { os } = (await machine({ boot, firmware }, "0.9.7")).named("web-1-domain").inputs;
        const { loader, loaderReadonly, loaderType } = os as Record<string, string>;
        assert.deepEqual([loader, loaderReadonly, loaderType], [firmware, "yes", "pflash"]);
    });
});

describe("a guest with vhost-user", () => {
    const fast = { data: { switch: "br-dpdk", vlan: 100, vhostUserSocket: "/run/vhu0.sock" } };

    it("has a port of the switch instead of a tap, a transmit ring of 1024, and shared memory", async () => {
        const run = await machine({ boot, nics: fast });
        assert.equal(run.types()["web-1-nic-data-tap"], undefined);
        const { type, options, tag } = run.named("web-1-nic-data-port").inputs;
        assert.deepEqual(
            { type, options, tag },
            { type: "dpdkvhostuserclient", options: { vhostServerPath: "/run/vhu0.sock" }, tag: 100 },
        );
        const { xslt } = run.named("web-1-domain").inputs.xml as { xslt: string };
        assert.match(xslt, /<source type="unix" path="\/run\/vhu0.sock" mode="server"\/>/);
        assert.match(xslt, /tx_queue_size="1024"/);
        assert.match(xslt, /<source type="memfd"\/><access mode="shared"\/>/);
        assert.doesNotMatch(xslt, /<mtu /);
        const native = (await machine({ boot, nics: fast }, "0.9.7")).named("web-1-domain").inputs;
        assert.deepEqual(native.memoryBacking, { memorySource: { type: "memfd" }, memoryAccess: { mode: "shared" } });
    });

    it("is refused on a Linux bridge and with another model, as a longer transmit ring is without it", async () => {
        await assert.rejects(
            machine({ boot, nics: { data: { bridge: "br0", vhostUserSocket: "/run/x" } } }),
            refused(/a Linux bridge has no vhost-user/),
        );
        await assert.rejects(
            machine({ boot, nics: { data: { ...fast.data, model: "e1000" } } }),
            refused(/vhost-user carries model virtio only/),
        );
        await assert.rejects(
            machine({ boot, nics: { data: { switch: "br", vlan: 1, txRing: 1024 } } }),
            refused(/256 descriptors on a tap/),
        );
    });
});

describe("a guest's NIC on a switch", () => {
    it("may carry a trunk and be limited in its rate, as its tap is", async () => {
        const data = { switch: "br", trunk: { vlans: [10, "20-21"] }, rateLimit: { toGuest: "10Mbit" } };
        const run = await machine({ boot, nics: { data } });
        assert.deepEqual(run.named("web-1-nic-data-tap-port").inputs.trunks, ["10", "20-21"]);
        assert.equal(run.named("web-1-nic-data-tap-qos").inputs.maxRate, "10Mbit");
        await assert.rejects(
            machine({ boot, nics: { data: { bridge: "br0", rateLimit: { toGuest: "10Mbit" } } } }),
            refused(/rateLimit is for a tap on an Open vSwitch switch/),
        );
    });

    it("registers what its tap takes of it", async () => {
        const data = { switch: "br", trunk: { vlans: [10] }, rateLimit: { fromGuest: "10Mbit" }, portSecurity: {} };
        const run = await machine({ boot, nics: { data: { ...data, mac: "52:54:00:AA:00:01" } } });
        const { trunk, rateLimit, portSecurity } = run.named("web-1-nic-data").outputs;
        assert.deepEqual(
            { trunk, rateLimit, portSecurity },
            {
                trunk: { vlans: [10] },
                rateLimit: { fromGuest: "10Mbit" },
                portSecurity: { mac: "52:54:00:aa:00:01" },
            },
        );
    });
});

describe("the port security of a guest's NIC", () => {
    const mac = "52:54:00:aa:00:01";
    type Nic = NonNullable<VirtualMachineArgs["nics"]>[string];
    const onSwitch = (nic: Nic, secure = true) =>
        withLibvirt("0.8.3", () =>
            registeredBy(() => {
                const plug = new OvsSwitch("safe", { portSecurity: secure });
                new VirtualMachine("web-1", { boot, nics: { data: { switch: plug, vlan: 7, mac, ...nic } } });
            }),
        );
    const security = async (nic: Nic) =>
        (await onSwitch(nic)).registered.find(({ type, inputs }) => type === "kvmnet:ovs:Port" && inputs.tag === 7)
            ?.inputs.portSecurity;

    for (const [what, nic, port] of [
        ["takes MAC and address from the NIC", { address: "10.0.0.11/24" }, { mac, addresses: ["10.0.0.11"] }],
        ["takes an IPv6 address in the one spelling", { address: "FD00:0::11/64" }, { mac, addresses: ["fd00::11"] }],
        ["takes every address where the NIC has none", {}, { mac }],
        [
            "has more addresses beside the NIC's own, and each once",
            { address: "10.0.0.11/24", portSecurity: { addresses: ["10.0.0.100", "10.0.0.11"] } },
            { mac, addresses: ["10.0.0.100", "10.0.0.11"] },
        ],
        [
            "is of another MAC address where one is given",
            { portSecurity: { mac: "52:54:00:AA:00:02" } },
            { mac: "52:54:00:aa:00:02" },
        ],
        [
            "holds for vhost-user as well",
            { vhostUserSocket: "/run/vhu0.sock", address: "10.0.0.11/24" },
            { mac, addresses: ["10.0.0.11"] },
        ],
    ] as [string, Nic, object][])
        it(what, async () => assert.deepEqual(await security({ portSecurity: {}, ...nic }), port));

    it("takes the MAC address that is derived", async () => {
        const run = await onSwitch({ mac: undefined, portSecurity: {} });
        const derived = run.named("web-1-nic-data").outputs.mac;
        assert.deepEqual(run.named("web-1-nic-data-tap-port").inputs.portSecurity, { mac: derived });
    });

    it("is refused with an address that has a zone, which no port knows", () =>
        assert.rejects(
            onSwitch({ address: "fe80::1%eth0/64", portSecurity: {} }),
            refused(/address: .*without a zone.*fe80::1%eth0/),
        ));

    it("of a group is each guest's own, with an address that all share", async () => {
        const data = { switch: "safe", vlan: 7, firstAddress: "10.0.0.11/24" };
        const group = (portSecurity: object) =>
            withLibvirt("0.8.3", () =>
                registeredBy(
                    () => new GuestGroup("web", { count: 2, boot, nics: { data: { ...data, portSecurity } } }),
                ),
            );
        const run = await group({ addresses: ["10.0.0.100"] });
        for (const [number, own] of ["10.0.0.11", "10.0.0.12"].entries())
            assert.deepEqual(run.named(`web-${number}-nic-data-tap-port`).inputs.portSecurity, {
                mac: run.named(`web-${number}-nic-data`).outputs.mac,
                addresses: ["10.0.0.100", own],
            });
        await assert.rejects(group({ mac }), refused(/nics\.data\.portSecurity\.mac: .*leave mac out/));
    });

    it("is refused on a Linux bridge, and on a switch that does not keep it", async () => {
        await assert.rejects(
            machine({ boot, nics: { data: { bridge: "br0", portSecurity: {} } } }),
            refused(/portSecurity is for a NIC on an Open vSwitch switch/),
        );
        for (const nic of [{}, { vhostUserSocket: "/run/vhu0.sock" }])
            await assert.rejects(
                onSwitch({ ...nic, portSecurity: {} }, false),
                refused(
                    /VirtualMachine web-1: [^]*- nics\.data\.portSecurity: .*set portSecurity: true on OvsSwitch safe/,
                ),
            );
    });
});

describe("what a change does to a guest", () => {
    it("is known to the step that shuts it down, per line: all that its domain is made of, and nothing that changes live", async () => {
        const shutdown = async (version: string, args: Partial<VirtualMachineArgs> = {}) =>
            (await machine({ boot, nics, ...args }, version)).named("web-1-shutdown").inputs as {
                domain: string;
                effect: string;
                timeout: number;
                settings: Record<string, string>;
            };
        const classic = await shutdown("0.8.3");
        assert.deepEqual([classic.effect, classic.domain, classic.timeout], ["replaces", "web-1-domain-id", 60]);
        assert.equal(classic.settings["nics.0.rxRing"], "1024");
        assert.deepEqual((await shutdown("0.8.3", { autostart: true })).settings, classic.settings);
        const other = await shutdown("0.8.3", { nics: { data: { ...nics.data, vlan: 200 } } });
        assert.deepEqual(other.settings, classic.settings);
        const native = await shutdown("0.9.7");
        assert.deepEqual([native.effect, native.domain], ["restarts", "web-1"]);
    });

    it("is known disk by disk: the file, the block device, or the volume that was made, and that for cloud-init", async () => {
        const settingsOf = async (version: string) => {
            const disks = { root: { size: "1GiB" }, cd: { file: "/a.iso" }, raw: { block: "/dev/vg/a" } };
            const run = await machine({ disks, cloudInit: {} }, version);
            const { settings } = run.named("web-1-shutdown").inputs as { settings: Record<string, string> };
            return Object.fromEntries(Object.entries(settings).filter(([key]) => /^(disks|cloudInit)/.test(key)));
        };
        const noted = {
            disks: "3",
            "disks.root.volume": "web-1-disk-root-id",
            "disks.cd.file": "/a.iso",
            "disks.cd.format": "raw",
            "disks.raw.block": "/dev/vg/a",
            "disks.raw.format": "raw",
            cloudInit: "true",
        };
        assert.deepEqual(await settingsOf("0.8.3"), { ...noted, "cloudInit.volume": "web-1-cloud-init-id" });
        assert.deepEqual(await settingsOf("0.9.7"), { ...noted, "cloudInit.volume": "web-1-cloud-init-volume-id" });
    });

    it("replaces its domain for another machine or processor in the 0.8 line, which would leave it as it is", async () => {
        const triggerOf = async (version: string, args: Partial<VirtualMachineArgs> = {}) => {
            const triggers: unknown[] = [];
            await withLibvirt(version, () =>
                registeredBy(
                    () =>
                        new VirtualMachine(
                            "web-1",
                            { boot, machine: "pc", ...args },
                            {
                                transformations: [
                                    ({ name, opts }) => {
                                        if (name === "web-1-domain") triggers.push(opts.replacementTrigger);
                                        return undefined;
                                    },
                                ],
                            },
                        ),
                ),
            );
            return triggers;
        };
        assert.deepEqual(await triggerOf("0.8.3"), ["pc"]);
        assert.deepEqual(await triggerOf("0.8.3", { transform: { domain: { machine: "q35" } } }), ["q35"]);
        const cpu = { mode: "maximum" as const };
        assert.deepEqual(await triggerOf("0.8.3", { cpu }), [["pc", cpu]]);
        assert.deepEqual(await triggerOf("0.9.7"), [[]]);
    });
});

describe("two guests of one name, as on two hosts", () => {
    const two = (nic: object = {}) =>
        withLibvirt("0.8.3", () =>
            registeredBy(() => {
                for (const [name, more] of [["near", {}] as const, ["far", nic] as const])
                    new VirtualMachine(name, { name: "web", boot, nics: { data: { ...nics.data, ...more } } });
            }),
        );

    it("are refused with one MAC address that is derived for both, and told apart", () =>
        assert.rejects(
            two(),
            refused(
                /TunedVirtioNic far-nic-data: mac: .* 52:54:.* is that of TunedVirtioNic near-nic-data too, .*give one of them a mac, or a guest of another name/,
            ),
        ));
    it("are made where one is given another, or the same by hand", async () => {
        const run = await two({ mac: "52:54:00:00:00:01" });
        const near = run.named("near-nic-data").outputs.mac;
        assert.equal((await two({ mac: near })).named("far-nic-data").outputs.mac, near);
    });
    it("are made in another run", async () => {
        for (const name of ["near", "far"])
            await withLibvirt("0.8.3", () => registeredBy(() => new VirtualMachine(name, { name: "web", boot, nics })));
    });
});

describe("how long a guest may take to shut down", () => {
    const told = async (version: string, args: Partial<VirtualMachineArgs> = {}) => {
        const run = await machine({ boot, ...args }, version);
        const { settings } = run.named("web-1-shutdown").inputs as { settings: Record<string, string> };
        return [run.named("web-1-domain").inputs.update, settings.shutdownTimeout];
    };

    it("is said to the provider of the 0.9 line, which shuts it down itself for a change, and is told as one", async () =>
        assert.deepEqual(await told("0.9.7", { shutdownTimeout: 600 }), [{ shutdown: { timeout: 600 } }, "600"]));
    it("is left to that provider where it is not declared, so that a domain that is there is not started anew", async () =>
        assert.deepEqual(await told("0.9.7"), [undefined, undefined]));
    it("is no part of a domain of the 0.8 line", async () =>
        assert.deepEqual(await told("0.8.3", { shutdownTimeout: 600 }), [undefined, undefined]));
});

describe("a guest of the 0.9 line whose volume is made anew under the same name", () => {
    /** What a new value of makes its domain anew, and what of that for cloud-init makes a new volume. */
    const told = async (args: Partial<VirtualMachineArgs>, version = "0.9.7") => {
        const options: Record<string, pulumi.CustomResourceOptions> = {};
        const keep: pulumi.ResourceTransformation = ({ name, opts }) => void (options[name] = opts);
        await withLibvirt(version, () =>
            registeredBy(() => new VirtualMachine("web-1", args, { transformations: [keep] })),
        );
        const trigger: unknown = options["web-1-domain"]?.replacementTrigger;
        const [value] = await new Promise<unknown[]>((done) => pulumi.output([trigger]).apply(done));
        return { trigger: value, volume: options["web-1-cloud-init-volume"]?.replaceOnChanges };
    };
    const filled = (source: string) => ({ disks: { root: { source }, data: { size: "1GiB" } } });

    it("is made anew as well, since its domain would be the same: for another image, and another seed", async () => {
        assert.deepEqual((await told(filled("/a.qcow2"))).trigger, ["/a.qcow2"]);
        assert.deepEqual((await told({ ...filled("/a.qcow2"), cloudInit: {} })).trigger, [
            "/a.qcow2",
            "web-1-cloud-init-id",
        ]);
        const base = { size: "2GiB", base: "/img/b.qcow2" };
        assert.deepEqual((await told({ disks: { root: base } })).trigger, ["/img/b.qcow2"]);
        // The engine takes what comes to nothing for no change.
        assert.deepEqual((await told({ disks: { data: { size: "1GiB" } } })).trigger, []);
        assert.equal((await told(filled("/a.qcow2"), "0.8.3")).trigger, "q35");
    });
    it("has the volume of its seed made anew, which v0.9.7 would only refuse to change", async () =>
        assert.deepEqual((await told({ ...filled("/a.qcow2"), cloudInit: {} })).volume, ["create"]));
});

describe("GuestGroup", () => {
    const group = (args: Partial<GuestGroupArgs> = {}) =>
        withLibvirt("0.8.3", () => registeredBy(() => new GuestGroup("web", { count: 3, boot, ...args })));
    const spread = { data: { switch: "br", vlans: [10, 20], firstAddress: "10.0.0.11/24" } };

    it("is guests by number, spread over the VLANs in turn, each with the next address", async () => {
        const run = await group({ nics: spread });
        const nic = (number: number) => run.named(`web-${number}-nic-data`).outputs;
        assert.deepEqual(
            [0, 1, 2].map((number) => [nic(number).guest, nic(number).vlan, nic(number).address]),
            [
                ["web-0", 10, "10.0.0.11/24"],
                ["web-1", 20, "10.0.0.12/24"],
                ["web-2", 10, "10.0.0.13/24"],
            ],
        );
        assert.equal(new Set([0, 1, 2].map((number) => nic(number).mac)).size, 3);
    });

    it("tells programs of other languages each guest's addresses and MAC addresses", async () => {
        const { make } = SERVED.get("kvmnet:index:GuestGroup")!;
        let told: pulumi.Inputs = {};
        await withLibvirt("0.8.3", () =>
            registeredBy(() => (told = make("web", { count: 2, boot, nics: spread }, {}).outputs)),
        );
        assert.deepEqual(told.addresses, { "web-0": { data: "10.0.0.11" }, "web-1": { data: "10.0.0.12" } });
        const run = await group({ nics: spread });
        for (const guest of ["web-0", "web-1"])
            assert.deepEqual((told.macs as Record<string, object>)[guest], {
                data: run.named(`${guest}-nic-data`).outputs.mac,
            });
    });

    it("makes the same guests whatever the count is", async () => {
        const inputs = async (count: number) => {
            const run = await group({ count, nics: spread });
            return run.registered
                .filter(({ name }) => /^web-[01](-|$)/.test(name))
                .map(({ name, inputs }) => [name, inputs]);
        };
        assert.deepEqual(
            await inputs(2),
            (await inputs(5)).filter(([name]) => /^web-[01](-|$)/.test(name as string)),
        );
    });

    it("is refused with an address or a MAC address that all would share, or where the network ends", async () => {
        const shared = { data: { switch: "br", vlan: 1, address: "10.0.0.1/24", mac: "52:54:00:00:00:01" } };
        await assert.rejects(group({ nics: shared }), refused(/2 problems[^]*set firstAddress[^]*leave mac out/));
        await assert.rejects(
            group({ nics: { data: { switch: "br", vlan: 1, firstAddress: "10.0.0.253/24" } } }),
            refused(/no room for 3 addresses/),
        );
        await assert.rejects(
            group({ count: 1, nics: { data: { switch: "br", vlan: 1, firstAddress: "10.0.0.255/24" } } }),
            refused(/nics\.data\.firstAddress: it is the broadcast address of its network/),
        );
        await assert.rejects(
            group({ nics: { data: { switch: "br", vlan: 1, vlans: [2] } } }),
            refused(/remove one of them/),
        );
    });

    it("has each guest's name in its paths on the host", async () => {
        const run = await group({
            count: 2,
            boot: { kernel: "/boot/{guest}/vmlinuz", initrd: "/boot/{guest}/initrd" },
            console: { socket: "/run/{guest}.sock", log: "/var/log/{guest}.log" },
            disks: { root: { file: "/img/{guest}.qcow2" }, data: { block: "/dev/vg/{guest}" }, cd: { file: "/a.iso" } },
            nics: { fast: { switch: "br", vlan: 5, vhostUserSocket: "/run/vhu-{guest}.sock" } },
        });
        for (const guest of ["web-0", "web-1"]) {
            const { kernel, initrd, disks } = run.named(`${guest}-domain`).inputs;
            assert.deepEqual([kernel, initrd], [`/boot/${guest}/vmlinuz`, `/boot/${guest}/initrd`]);
            const [root, data] = disks as object[];
            assert.deepEqual([root, data], [{ volumeId: `/img/${guest}.qcow2` }, { blockDevice: `/dev/vg/${guest}` }]);
            const { options } = run.named(`${guest}-nic-fast-port`).inputs;
            assert.deepEqual(options, { vhostServerPath: `/run/vhu-${guest}.sock` });
        }
    });

    for (const [what, path, args] of [
        ["an image file", String.raw`disks\.root\.file`, { disks: { root: { file: "/img/root.qcow2" } } }],
        ["a block device", String.raw`disks\.root\.block`, { disks: { root: { block: "/dev/vg/root" } } }],
        ["a console", String.raw`console\.log`, { console: { socket: "/run/{guest}.sock", log: "/var/log/c" } }],
        [
            "a vhost-user socket",
            String.raw`nics\.fast\.vhostUserSocket`,
            { nics: { fast: { switch: "br", vlan: 5, vhostUserSocket: "/run/vhu.sock" } } },
        ],
    ] as [string, string, Partial<GuestGroupArgs>][])
        it(`is refused with ${what} that guests would share, and has it where it is one guest`, async () => {
            await assert.rejects(group(args), refused(new RegExp(`1 problem[^]*${path}: several guests .*{guest}`)));
            await group({ ...args, count: 1 });
        });

    it("tells what is missing or empty by its property", async () => {
        const given = { console: { socket: "/run/{guest}.sock" }, nics: { lan: null }, disks: { root: null } };
        await assert.rejects(
            group(given as unknown as GuestGroupArgs),
            refused(
                /3 problems[^]*nics\.lan: a NIC is an object[^]*console\.log: [^]*disks\.root: a disk is an object/,
            ),
        );
    });

    for (const [what, args, says] of [
        ["a size", { vcpus: 0 }, /1 problem[^]*- vcpus: a guest has 1 to 512 vCPUs/],
        ["a word that it does not have", { colour: "red" }, /1 problem[^]*- colour: this key is not known/],
        ["a kernel that is text", { boot: "/boot/vmlinuz" }, /1 problem[^]*- boot: /],
        ["a disk", { disks: { root: {} } }, /1 problem[^]*- disks\.root: a disk is exactly one of/],
        ["a NIC's ring", { nics: { lan: { switch: "br", vlan: 7, rxRing: 8 } } }, /1 problem[^]*- nics\.lan\.rxRing: /],
        ["a NIC's plug", { nics: { lan: {} } }, /1 problem[^]*- nics\.lan: a NIC is plugged into exactly one/],
        [
            "the first address",
            { nics: { lan: { switch: "br", vlan: 7, firstAddress: 5, gateway: "10.0.0.1" } } },
            /1 problem[^]*- nics\.lan\.firstAddress: an address is text/,
        ],
        [
            "one of its VLANs",
            { nics: { lan: { switch: "br", vlans: [7, "web"] } } },
            /1 problem[^]*- nics\.lan\.vlans\[1\]: guest web-1: a VLAN id is .*got "web"/,
        ],
        [
            "the length of some guests' names",
            { name: "w".repeat(61), count: 12 },
            /1 problem[^]*- name: guest w+-10: a name has 1 to 63 characters/,
        ],
        [
            "all of it at once, with what is its own",
            { count: 1001, vcpus: 0, disks: { root: {} }, nics: { lan: { switch: "br", vlans: [] } } },
            /4 problems[^]*- count: [^]*- nics\.lan\.vlans: [^]*- vcpus: [^]*- disks\.root: /,
        ],
    ] as [string, object, RegExp][])
        it(`tells what is wrong with its guests once, by its own property, before anything is made: ${what}`, async () => {
            const run = await withLibvirt("0.8.3", () =>
                registeredBy(() =>
                    assert.throws(
                        () => new GuestGroup("web", { count: 3, boot, ...args }),
                        refused(new RegExp(`^GuestGroup web: ${says.source}`)),
                    ),
                ),
            );
            assert.deepEqual(run.registered, []);
        });

    const onTwoHosts = (args: Partial<GuestGroupArgs>) => {
        class Host extends pulumi.ProviderResource {
            constructor(kind: string, name: string) {
                super(kind, name);
            }
        }
        return withLibvirt("0.8.3", () =>
            registeredBy(() => {
                const hosts = ["a", "b"].map((name) => ({
                    kvmnet: new Host("kvmnet", `kvmnet-${name}`),
                    libvirt: new Host("libvirt", `libvirt-${name}`),
                }));
                new GuestGroup("web", { count: 3, boot, hosts, ...args });
            }),
        );
    };

    it("may be spread over hosts, in turn", async () => {
        const run = await onTwoHosts({});
        assert.equal(run.registered.filter(({ type }) => type.endsWith("domain:Domain")).length, 3);
    });

    it("may have one path for all where each guest has a host of its own", async () => {
        const disks = { root: { block: "/dev/vg/root" } };
        await onTwoHosts({ count: 2, disks });
        await assert.rejects(onTwoHosts({ count: 3, disks }), refused(/disks\.root\.block: several guests/));
    });
});

describe("DhcpService", () => {
    it("is a port of the host in the VLAN, with its address, and the server on it", async () => {
        const run = await registeredBy(
            () =>
                new DhcpService("lan", {
                    switch: "br",
                    vlan: 30,
                    address: "10.0.3.1/24",
                    ranges: [{ start: "10.0.3.9", end: "10.0.3.99" }],
                }),
        );
        assert.deepEqual(run.types(), {
            lan: "kvmnet:index:DhcpService",
            "lan-port": "kvmnet:ovs:Port",
            "lan-address": "kvmnet:host:Address",
            "lan-server": "kvmnet:host:DhcpServer",
        });
        const { type, tag, bridge, name } = run.named("lan-port").inputs;
        assert.deepEqual({ type, tag, bridge, name }, { type: "internal", tag: 30, bridge: "br", name: "lan" });
        assert.equal(run.named("lan-server").inputs.interface, "lan");
    });

    it("keeps for the guests of its network what their NICs declare", async () => {
        const run = await withLibvirt("0.8.3", () =>
            registeredBy(() => {
                const ovsSwitch = new OvsSwitch("br", { vlans: { lan: 30, other: 40 } });
                const guest = new VirtualMachine("web", {
                    boot,
                    nics: {
                        data: { switch: ovsSwitch, vlan: "lan", dhcp: true, address: "10.0.3.11/24" },
                        away: { switch: ovsSwitch, vlan: "other", dhcp: true, address: "10.0.4.11/24" },
                    },
                });
                const trunk = { vlans: ["other"], native: "lan" };
                const router = new VirtualMachine("router", {
                    boot,
                    nics: { data: { switch: ovsSwitch, trunk, dhcp: true, address: "10.0.3.12/24" } },
                });
                const guests = [guest, router];
                new DhcpService("lan", { switch: ovsSwitch, vlan: "lan", address: "10.0.3.1/24", guests });
            }),
        );
        const macOf = (guest: string) => run.named(`${guest}-nic-data`).outputs.mac;
        assert.deepEqual(run.named("lan-server").inputs.reservations, {
            web: { mac: macOf("web"), address: "10.0.3.11" },
            router: { mac: macOf("router"), address: "10.0.3.12" },
        });
        assert.deepEqual(run.named("lan-server").inputs.ranges, [{ start: "10.0.3.0" }]);
    });

    describe("with guests", () => {
        /** The reservations of a service with the address 10.0.3.1/24 on a Linux bridge, unless `args` says otherwise. */
        const reserved = async (
            guests: Record<string, VirtualMachineArgs["nics"]>,
            args: Partial<DhcpServiceArgs> = { bridge: "br0" },
        ) => {
            const run = await withLibvirt("0.8.3", () =>
                registeredBy(() => {
                    const made = Object.entries(guests).map(([name, nics]) => new VirtualMachine(name, { boot, nics }));
                    new DhcpService("lan", { address: "10.0.3.1/24", guests: made, ...args });
                }),
            );
            const { reservations } = run.named("lan-server").inputs as {
                reservations: Record<string, { address?: string }>;
            };
            return Object.fromEntries(Object.entries(reservations).map(([name, { address }]) => [name, address]));
        };
        const on = (bridge: string, address?: string) => ({ bridge, dhcp: true, address });

        for (const [what, guests, names] of [
            [
                "names each NIC of a guest that has several in the network",
                { g1: { a: on("br0", "10.0.3.11/24"), b: on("br0", "10.0.3.12/24") } },
                { "g1-a": "10.0.3.11", "g1-b": "10.0.3.12" },
            ],
            [
                "keeps a guest's own name where its other NICs are of other networks",
                { g1: { a: on("br0", "10.0.3.11/24"), b: on("br0", "10.0.4.12/24"), c: on("br1") } },
                { g1: "10.0.3.11" },
            ],
            [
                "takes what lies in its network by another prefix length",
                { g1: { a: on("br0", "10.0.3.7/16") } },
                { g1: "10.0.3.7" },
            ],
            [
                "knows guests of its bridge by name alone, not those of others",
                { g1: { a: on("br0") }, g2: { a: on("br1") } },
                { g1: undefined },
            ],
        ] as [string, Parameters<typeof reserved>[0], object][])
            it(what, async () => assert.deepEqual(await reserved(guests), names));

        it("takes the guests of a native VLAN", async () => {
            const trunk = { vlans: [7], native: 30 };
            const nic = { switch: "br", trunk, dhcp: true, address: "10.0.3.11/24" };
            const other = { ...nic, trunk: { vlans: [30], native: 7 } };
            const service = { switch: "br", vlan: 30 };
            assert.deepEqual(await reserved({ g1: { a: nic }, g2: { a: other } }, service), { g1: "10.0.3.11" });
        });

        it("takes those of a group as they are", async () => {
            const run = await withLibvirt("0.8.3", () =>
                registeredBy(() => {
                    const nics = { a: { bridge: "br0", dhcp: true, firstAddress: "10.0.3.11/24" } };
                    const { guests } = new GuestGroup("web", { count: 2, boot, nics });
                    new DhcpService("lan", { bridge: "br0", address: "10.0.3.1/24", guests });
                }),
            );
            assert.deepEqual(Object.keys(run.named("lan-server").inputs.reservations as object), ["web-0", "web-1"]);
        });

        for (const [what, guests, message] of [
            [
                "names that dnsmasq could not tell apart",
                { "web.1": { a: on("br0", "10.0.3.11/24") }, "web-1": { b: on("br0", "10.0.3.12/24") } },
                /1 problem[^]*guests\.web-1\.nics\.b: its name for dnsmasq is web-1, as that of NIC a of guest web\.1/,
            ],
            [
                "a name that dnsmasq does not take for one",
                { 101: { a: on("br0", "10.0.3.11/24") } },
                /1 problem[^]*guests\.101\.nics\.a: dnsmasq would be told the name 101: .*such as vm-101/,
            ],
            [
                "one address for two",
                { g1: { a: on("br0", "10.0.3.11/24") }, g2: { a: on("br0", "10.0.3.11/24") } },
                /1 problem[^]*guests\.g2\.nics\.a\.address: 10\.0\.3\.11 is that of NIC a of guest g1 already/,
            ],
            [
                "the service's own address",
                { g1: { a: on("br0", "10.0.3.1/24") } },
                /1 problem[^]*guests\.g1\.nics\.a\.address: 10\.0\.3\.1 is the service's own address/,
            ],
        ] as [string, Parameters<typeof reserved>[0], RegExp][])
            it(`is refused with ${what}`, () => assert.rejects(reserved(guests), refused(message)));

        it("takes what is written by hand for a guest's NIC in its place, and refuses the name for another MAC address", async () => {
            const mac = "52:54:00:00:00:01";
            const byHand = (own: string) =>
                reserved(
                    { g1: { a: { ...on("br0", "10.0.3.11/24"), mac } } },
                    { bridge: "br0", reservations: { g1: { mac: own, address: "10.0.3.99" } } },
                );
            assert.deepEqual(await byHand(mac), { g1: "10.0.3.99" });
            await assert.rejects(
                byHand("52:54:00:00:00:02"),
                refused(/1 problem[^]*reservations\.g1: NIC a of guest g1 has this name and another MAC address/),
            );
        });
    });

    it("serves a Linux bridge by an address on the bridge itself", async () => {
        const run = await registeredBy(() => new DhcpService("lan", { bridge: "br0", address: "10.0.3.1/24" }));
        assert.deepEqual(Object.keys(run.types()).sort(), ["lan", "lan-address", "lan-server"]);
        assert.equal(run.named("lan-address").inputs.link, "br0");
    });

    for (const [address, range] of [
        ["10.0.3.1/24", { start: "10.0.3.0" }],
        ["fd00::5:1/64", { start: "fd00::" }],
        ["fd00::5:1/112", { start: "fd00::5:0", prefixLength: 112 }],
        ["fd00:0:0:7::1/48", { start: "fd00:0:0:7::" }],
    ] as const)
        it(`serves reservations in the network of ${address}`, async () => {
            const run = await registeredBy(() => new DhcpService("lan", { bridge: "br0", address }));
            assert.deepEqual(run.named("lan-server").inputs.ranges, [range]);
        });

    it("hands on to its address that the operator's path may be taken, only when it is told so", async () => {
        const args = { bridge: "br0", address: "10.0.3.1/24" };
        for (const told of [undefined, true]) {
            const run = await registeredBy(() => new DhcpService("lan", { ...args, takesOperatorPath: told }));
            assert.equal(run.named("lan-address").inputs.takesOperatorPath, told);
        }
    });

    it("is refused on both or neither, and on a switch without a VLAN", async () => {
        const make = (args: object) => registeredBy(() => new DhcpService("lan", { address: "10.0.3.1/24", ...args }));
        await assert.rejects(make({}), refused(/exactly one of switch and bridge/));
        await assert.rejects(make({ switch: "br" }), refused(/serves one VLAN/));
    });

    it("takes a VLAN's id as text, on a switch given by name too", async () => {
        const args = { switch: "br", vlan: "100", address: "10.0.3.1/24" };
        const run = await registeredBy(() => new DhcpService("lan", args));
        assert.equal(run.named("lan-port").inputs.tag, 100);
    });

    for (const [what, args, says] of [
        [
            "names that nobody asks for",
            { dns: false, names: { db: ["10.0.3.5"] } },
            /dns: names and upstreams are for DNS/,
        ],
        [
            "a range that ends before it starts",
            { ranges: [{ start: "10.0.3.9", end: "10.0.3.5" }] },
            /ranges\[0\]\.end: /,
        ],
        [
            "one address for two guests",
            {
                reservations: {
                    a: { mac: "52:54:00:00:00:01", address: "10.0.3.5" },
                    b: { mac: "52:54:00:00:00:02", address: "10.0.3.5" },
                },
            },
            /reservations\.b\.address: 10\.0\.3\.5 is reserved for a already/,
        ],
        [
            "router advertisements in a network of IPv4",
            { routerAdvertisements: true },
            /ranges: .*need a range of IPv6 addresses/,
        ],
    ] as const)
        it(`refuses ${what}`, () =>
            registeredBy(() =>
                assert.throws(
                    () => new DhcpService("lan", { bridge: "br0", address: "10.0.3.1/24", ...args } as never),
                    refused(says),
                ),
            ));

    it("announces its router in a network of IPv6", () =>
        registeredBy(
            () => new DhcpService("lan", { bridge: "br0", address: "fd00::1/64", routerAdvertisements: true }),
        ));
});

/** A resource that somebody writes by hand. */
class ByHand extends pulumi.CustomResource {
    constructor(name: string, args: object) {
        super("test:index:Domain", name, args);
    }
}

describe("withNics", () => {
    const made = (version: string, args: object) => {
        let result: Record<string, unknown> = {};
        return withLibvirt(version, () =>
            registeredBy(() => {
                const nic = new TunedVirtioNic("data", { guest: "db", vcpus: 4, switch: "br", vlan: 5 });
                result = withNics(args, [nic]) as Record<string, unknown>;
                new ByHand("db", result);
            }),
        ).then((run) => ({ inputs: run.named("db").inputs, mac: run.named("data").outputs.mac as string }));
    };

    it("adds NICs to a domain of the 0.8 line, after those that it has, and leaves the rest", async () => {
        const { inputs, mac } = await made("0.8.3", {
            name: "db",
            memory: 64,
            networkInterfaces: [{ networkName: "default" }],
        });
        assert.deepEqual([inputs.name, inputs.memory], ["db", 64]);
        assert.deepEqual(inputs.networkInterfaces, [{ networkName: "default" }, { mac: mac.toUpperCase() }]);
        const { xslt } = inputs.xml as { xslt: string };
        assert.match(xslt, /<target dev="db-data" managed="no"\/>/);
        assert.match(xslt, /name="vhost" queues="4"/);
        assert.doesNotMatch(xslt, /graphics|serial/);
    });

    it("adds them to a domain of the 0.9 line", async () => {
        const { inputs, mac } = await made("0.9.7", {
            name: "db",
            type: "qemu",
            devices: { interfaces: [{ a: 1 }], tpms: [] },
        });
        const { interfaces, tpms } = inputs.devices as { interfaces: object[]; tpms: object[] };
        assert.deepEqual(tpms, []);
        assert.deepEqual(interfaces[1], {
            mac: { address: mac },
            source: { ethernet: {} },
            target: { dev: "db-data", managed: false },
            mtu: { size: 1500 },
            model: { type: "virtio" },
            driver: { name: "qemu", queues: 4, rxQueueSize: 1024, txQueueSize: 256 },
        });
    });

    it("is refused beside a stylesheet of one's own, which that line cannot join with another", () =>
        assert.rejects(made("0.8.3", { xml: { xslt: "<x/>" } }), refused(/withNics: the domain has xml.xslt already/)));
});
