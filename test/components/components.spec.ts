import { strict as assert } from "node:assert";
import * as pulumi from "@pulumi/pulumi";
import { LinuxBridge, OvsSwitch, TunedVirtioNic, VirtualMachine, VlanTap } from "../../components";
import { registeredBy, withLibvirt } from "../support/engine-mocks";

const boot = { kernel: "/boot/vmlinuz", initrd: "/boot/initrd" };
const refused = (message: RegExp) => (error: unknown) =>
    pulumi.RunError.isInstance(error) && message.test(error.message);

describe("LinuxBridge", () => {
    it("is one bridge, named as the component", async () => {
        const run = await registeredBy(() => new LinuxBridge("br-mgmt"));
        assert.deepEqual(run.types(), {
            "br-mgmt": "kvmnet:index:LinuxBridge",
            "br-mgmt-bridge": "kvmnet:host:Bridge",
        });
        assert.deepEqual(run.named("br-mgmt-bridge").inputs, { name: "br-mgmt", mtu: 1500, stp: false });
    });

    it("shortens a name that the host would not take", async () => {
        const run = await registeredBy(() => new LinuxBridge("management-network"));
        assert.match(run.named("management-network").outputs.bridgeName as string, /^manage-[0-9a-z]{8}$/);
    });

    it("tells everything wrong at once, and registers nothing", async () => {
        const run = await registeredBy(() =>
            assert.throws(
                () => new LinuxBridge("b", { mtu: 60, mac: "01:00:5e:00:00:01" }),
                refused(/2 problems[^]*mac:[^]*mtu:/),
            ),
        );
        assert.deepEqual(run.registered, []);
    });
});

describe("OvsSwitch", () => {
    it("is one Open vSwitch bridge that knows its VLANs by name", async () => {
        let vlan: number | undefined;
        const run = await registeredBy(() => {
            vlan = new OvsSwitch("br-vm", { datapathType: "netdev", vlans: { web: 100 } }).vlan("web");
        });
        assert.equal(vlan, 100);
        assert.deepEqual(run.types(), { "br-vm": "kvmnet:index:OvsSwitch", "br-vm-bridge": "kvmnet:ovs:Bridge" });
        assert.deepEqual(run.named("br-vm").outputs, { bridgeName: "br-vm", vlans: { web: 100 } });
    });

    it("says which VLANs there are when asked for another", async () => {
        await registeredBy(() => {
            const ovsSwitch = new OvsSwitch("br-vm", { vlans: { web: 100, db: 200 } });
            assert.throws(() => ovsSwitch.vlan("wbe"), refused(/no VLAN is called "wbe"; declared are: web, db/));
            assert.throws(() => ovsSwitch.vlan("constructor"), refused(/no VLAN is called/));
        });
    });
});

describe("VlanTap", () => {
    it("is a tap and its access port in one VLAN", async () => {
        const run = await registeredBy(() => {
            const ovsSwitch = new OvsSwitch("br-vm", { vlans: { web: 100 } });
            new VlanTap("tap-web", { switch: ovsSwitch, vlan: "web", multiQueue: true });
        });
        assert.deepEqual(run.named("tap-web-tap").inputs, {
            name: "tap-web",
            multiQueue: true,
            vnetHdr: true,
            mtu: 1500,
        });
        assert.deepEqual(run.named("tap-web-port").inputs, { name: "tap-web", bridge: "br-vm", tag: 100 });
    });

    it("plugs into a bridge made elsewhere, by name and id", async () => {
        const run = await registeredBy(() => new VlanTap("t", { switch: pulumi.output("br-old"), vlan: 7 }));
        assert.deepEqual(run.named("t-port").inputs, { name: "t", bridge: "br-old", tag: 7 });
    });

    it("lets the user have the last word on each child", async () => {
        const run = await registeredBy(
            () =>
                new VlanTap("t", {
                    switch: "br",
                    vlan: 7,
                    transform: {
                        tap: { mtu: 9000 },
                        port: (inputs) => ({ ...inputs, trunks: ["8"], vlanMode: "native-tagged" }),
                    },
                }),
        );
        assert.equal(run.named("t-tap").inputs.mtu, 9000);
        assert.deepEqual(run.named("t-port").inputs, {
            name: "t",
            bridge: "br",
            tag: 7,
            trunks: ["8"],
            vlanMode: "native-tagged",
        });
    });

    it("is refused without a VLAN", () =>
        registeredBy(() =>
            assert.throws(() => new VlanTap("t", { switch: "br", vlan: "web" }), refused(/vlan: .*1 to 4094/)),
        ));
});

describe("TunedVirtioNic", () => {
    const nic = async (args: object, vcpus = 4) => {
        let made: TunedVirtioNic | undefined;
        const run = await registeredBy(() => {
            const where = "bridge" in args ? {} : { switch: "br-vm", vlan: 100 };
            made = new TunedVirtioNic("n", { guest: "web-1", nic: "data", vcpus, ...where, ...args });
        });
        return { run, made: made! };
    };

    it("has a queue for each vCPU, at most 8, and the largest receive ring, each with its reason", async () => {
        const { made } = await nic({});
        assert.deepEqual(
            [made.decided.queues, made.decided.rxRing, made.decided.txRing, (await nic({}, 32)).made.decided.queues],
            [4, 1024, 256, 8],
        );
        assert.match(made.reasons.queues.reason, /4 vCPUs/);
        assert.match(made.reasons.rxRing.source, /QEMU/);
    });

    it("takes what the user says, and says that it did", async () => {
        const { made } = await nic({ queues: 2, rxRing: 512, mac: "52:54:00:AA:00:01" });
        assert.deepEqual([made.decided.queues, made.decided.rxRing, made.decided.mac], [2, 512, "52:54:00:aa:00:01"]);
        assert.equal(made.reasons.queues.reason, "Chosen by the user.");
    });

    for (const [queues, multiQueue] of [
        [1, false],
        [2, true],
    ] as const)
        it(`has a tap with multi_queue ${multiQueue ? "on" : "off"} for ${queues} queue(s), and its own MTU`, async () => {
            const { run } = await nic({ queues, mtu: 9000 });
            const { inputs } = run.named("n-tap-tap");
            assert.deepEqual([inputs.multiQueue, inputs.mtu, inputs.name], [multiQueue, 9000, "web-1-data"]);
        });

    it("is plugged into a switch by a VLAN tap, into a Linux bridge by a tap and a bridge port", async () => {
        const onSwitch = (await nic({})).run.types();
        assert.deepEqual([onSwitch["n-tap"], onSwitch["n-tap-port"]], ["kvmnet:index:VlanTap", "kvmnet:ovs:Port"]);
        const onBridge = (await nic({ bridge: "br-mgmt" })).run;
        assert.equal(onBridge.types()["n-tap"], "kvmnet:host:Tap");
        assert.deepEqual(onBridge.named("n-port").inputs, { name: "web-1-data", bridge: "br-mgmt" });
    });

    it("has one queue and no settings where its model is emulated or left to libvirt", async () => {
        for (const model of ["e1000", null] as const) {
            const { made, run } = await nic({ model });
            assert.deepEqual([made.decided.model, made.decided.queues], [model, 1]);
            assert.equal(run.named("n-tap-tap").inputs.multiQueue, false);
        }
        await assert.rejects(nic({ model: "e1000", queues: 4 }), refused(/queues: only model virtio has queues/));
    });

    it("registers what rules need", async () => {
        const { run } = await nic({ address: "10.0.0.11/24" });
        const { reasons, mac, ...outputs } = run.named("n").outputs;
        assert.match(mac as string, /^52:54:/);
        assert.ok(reasons);
        assert.deepEqual(outputs, {
            guest: "web-1",
            nic: "data",
            vcpus: 4,
            model: "virtio",
            queues: 4,
            rxRing: 1024,
            txRing: 256,
            mtu: 1500,
            tapName: "web-1-data",
            bridgeName: "br-vm",
            vlan: 100,
            address: "10.0.0.11/24",
        });
    });

    it("is refused on both a switch and a bridge, on neither, on a bridge with a VLAN, on a switch without", async () => {
        await assert.rejects(nic({ bridge: "b", switch: "s" }), refused(/exactly one of switch and bridge/));
        await assert.rejects(nic({ bridge: undefined }), refused(/exactly one of switch and bridge/));
        await assert.rejects(nic({ bridge: "b", vlan: 5 }), refused(/vlan: a NIC on a Linux bridge has no VLAN/));
        await assert.rejects(nic({ switch: "s", vlan: undefined }), refused(/vlan: a NIC on a switch needs its VLAN/));
    });
});

describe("VirtualMachine", () => {
    const machine = (
        args: Partial<ConstructorParameters<typeof VirtualMachine>[1]> = {},
        version: string | undefined = "0.8.3",
    ) =>
        withLibvirt(version, () =>
            registeredBy(() => {
                const nics = {
                    data: { switch: "br-vm", vlan: 100, address: "10.0.0.11/24" },
                    mgmt: { bridge: "br-mgmt" },
                };
                new VirtualMachine("web-1", { vcpus: 4, boot, nics, ...args });
            }),
        );

    it("is its NICs, each with its tap, and one domain: child names are a contract", async () => {
        assert.deepEqual((await machine()).types(), {
            "web-1": "kvmnet:index:VirtualMachine",
            "web-1-nic-data": "kvmnet:index:TunedVirtioNic",
            "web-1-nic-data-tap": "kvmnet:index:VlanTap",
            "web-1-nic-data-tap-tap": "kvmnet:host:Tap",
            "web-1-nic-data-tap-port": "kvmnet:ovs:Port",
            "web-1-nic-mgmt": "kvmnet:index:TunedVirtioNic",
            "web-1-nic-mgmt-tap": "kvmnet:host:Tap",
            "web-1-nic-mgmt-port": "kvmnet:host:BridgePort",
            "web-1-domain": "libvirt:index/domain:Domain",
        });
    });

    it("tells the guest its name and addresses on the kernel command line", async () => {
        const [first, second] = (await machine()).named("web-1-domain").inputs.cmdlines as Record<string, string>[];
        assert.equal(first!["kvmnet.name"], "web-1");
        const words = [first!["kvmnet.nic"]!, second!["kvmnet.nic"]!].sort();
        assert.ok(
            words.some((word) => /^52:54(:[0-9a-f]{2}){4},10\.0\.0\.11\/24$/.test(word)),
            words.join(),
        );
        assert.ok(
            words.some((word) => /^52:54(:[0-9a-f]{2}){4}$/.test(word)),
            words.join(),
        );
    });

    it("is written for the installed line of @pulumi/libvirt: 0.8 by a stylesheet, 0.9 by its own arguments", async () => {
        const classic = (await machine({}, "0.8.3")).named("web-1-domain").inputs;
        assert.match((classic.xml as { xslt: string }).xslt, /dev="web-1-data" managed="no"/);
        const native = (await machine({}, "0.9.7")).named("web-1-domain").inputs;
        const { interfaces } = native.devices as { interfaces: { target: object }[] };
        assert.deepEqual(interfaces[0]!.target, { dev: "web-1-data", managed: false });
    });

    it("lets the user have the last word on the domain", async () => {
        const run = await machine({ transform: { domain: { autostart: true } } });
        assert.equal(run.named("web-1-domain").inputs.autostart, true);
    });

    it("tells everything wrong at once", () =>
        assert.rejects(machine({ vcpus: 0, memoryMiB: 1, accelerator: "xen" as "kvm" }), refused(/3 problems/)));
});

describe("a component's arguments", () => {
    it("are there for policies: none is registered with {}", async () => {
        const run = await withLibvirt("0.8.3", () =>
            registeredBy(() => {
                const ovsSwitch = new OvsSwitch("br-vm", { vlans: { web: 100 } });
                const bridge = new LinuxBridge("br-mgmt");
                const nics = { data: { switch: ovsSwitch, vlan: "web" }, mgmt: { bridge } };
                new VirtualMachine("web-1", { vcpus: 4, boot, nics });
            }),
        );
        const components = run.registered.filter(({ type }) => type.startsWith("kvmnet:index:"));
        assert.equal(components.length, 6);
        for (const { name, inputs } of components) assert.notDeepEqual(inputs, {}, name);
    });
});
