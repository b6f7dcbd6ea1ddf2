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

describe("LinuxBridge with ports and addresses", () => {
    const made = (args: ConstructorParameters<typeof LinuxBridge>[1]) =>
        registeredBy(() => new LinuxBridge("br-lan", args));

    it("plugs each link, with its VLANs, and has each address: child names are a contract", async () => {
        const run = await made({
            vlanFiltering: true,
            ports: { eno1: { tagged: ["10", "20-29"] }, eno2: {} },
            addresses: ["10.0.0.1/24", "fd00::1/64"],
        });
        assert.deepEqual(run.types(), {
            "br-lan": "kvmnet:index:LinuxBridge",
            "br-lan-bridge": "kvmnet:host:Bridge",
            "br-lan-port-eno1": "kvmnet:host:BridgePort",
            "br-lan-port-eno2": "kvmnet:host:BridgePort",
            "br-lan-address-10.0.0.1-24": "kvmnet:host:Address",
            "br-lan-address-fd00--1-64": "kvmnet:host:Address",
        });
        assert.deepEqual(run.named("br-lan-port-eno1").inputs, {
            name: "eno1",
            bridge: "br-lan",
            tagged: ["10", "20-29"],
        });
        const { link, address } = run.named("br-lan-address-fd00--1-64").inputs;
        assert.deepEqual([link, address], ["br-lan", "fd00::1/64"]);
    });

    it("hands on to its ports, addresses and bridge that the operator's path may be taken, unless a port says otherwise", async () => {
        const ports = { eno1: {}, eno2: { takesOperatorPath: false }, eno3: { takesOperatorPath: true } };
        for (const told of [undefined, true]) {
            const run = await made({ ports, addresses: ["10.0.0.1/24"], takesOperatorPath: told });
            const handedOn = ["port-eno1", "port-eno2", "port-eno3", "address-10.0.0.1-24", "bridge"].map(
                (part) => run.named(`br-lan-${part}`).inputs.takesOperatorPath,
            );
            assert.deepEqual(handedOn, [told, false, true, told, told]);
        }
    });

    it("refuses what would mean nothing, port by port and address by address", async () => {
        await assert.rejects(
            made({ ports: { eno1: { tagged: ["10"] }, "br-lan": {} } }),
            refused(/2 problems[^]*ports\.eno1: .*vlanFiltering[^]*ports.br-lan: a bridge cannot be its own port/),
        );
        await assert.rejects(
            made({ addresses: ["10.0.0.1", "10.0.0.0/33"] }),
            refused(/2 problems[^]*addresses\[0\][^]*addresses\[1\]/),
        );
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
        assert.deepEqual(run.named("br-vm").outputs, {
            bridgeName: "br-vm",
            vlans: { web: 100 },
            uplinks: [],
            portSecurity: false,
            qos: {},
        });
    });

    it("says which VLANs there are when asked for another", async () => {
        await registeredBy(() => {
            const ovsSwitch = new OvsSwitch("br-vm", { vlans: { web: 100, db: 200 } });
            assert.throws(() => ovsSwitch.vlan("wbe"), refused(/no VLAN is called "wbe"; declared are: web, db/));
            assert.throws(() => ovsSwitch.vlan("constructor"), refused(/no VLAN is called/));
        });
    });
});

describe("OvsSwitch with ways out, mirrors and classes", () => {
    type Args = ConstructorParameters<typeof OvsSwitch>[1];
    const made = (args: Args) => registeredBy(() => new OvsSwitch("core", { vlans: { web: 100, db: 200 }, ...args }));

    it("is a port for each, under names that are a contract", async () => {
        const run = await made({
            uplinks: { eno1: {}, bond0: { links: ["eno2", "eno3"], lacp: "active", bondMode: "balance-tcp" } },
            patches: { up: { to: "br-far" } },
            mirrors: { ids: { outputPort: "ids0" } },
            qos: { gold: { type: "linux-htb", maxRate: "1Gbit" } },
        });
        assert.deepEqual(run.types(), {
            core: "kvmnet:index:OvsSwitch",
            "core-bridge": "kvmnet:ovs:Bridge",
            "core-uplink-eno1": "kvmnet:ovs:Port",
            "core-uplink-bond0": "kvmnet:ovs:Port",
            "core-patch-up": "kvmnet:ovs:Port",
            "core-patch-up-peer": "kvmnet:ovs:Port",
            "core-mirror-ids": "kvmnet:ovs:Mirror",
            "core-mirror-ids-port": "kvmnet:ovs:Port",
            "core-qos-gold": "kvmnet:ovs:Qos",
        });
        assert.deepEqual(run.named("core-bridge").inputs.uplinks, ["eno1", "bond0"]);
        assert.equal(run.named("core-qos-gold").inputs.name, "core-gold");
    });

    it("hands on to the port of an uplink that the operator's path may be taken, only when it is told so", async () => {
        const run = await made({ uplinks: { eno1: { takesOperatorPath: true }, eno2: {} } });
        assert.equal(run.named("core-uplink-eno1").inputs.takesOperatorPath, true);
        assert.equal(run.named("core-uplink-eno2").inputs.takesOperatorPath, undefined);
    });

    it("carries the VLANs that it names, or those that are listed, and none else", async () => {
        const run = await made({
            uplinks: { eno1: {}, eno2: { vlans: ["web", "300-310"], native: "db" }, eno3: { vlans: [], native: 7 } },
        });
        const port = (name: string) => {
            const { vlanMode, tag, trunks } = run.named(`core-uplink-${name}`).inputs;
            return [vlanMode, tag, trunks];
        };
        assert.deepEqual(port("eno1"), ["trunk", undefined, ["100", "200"]]);
        assert.deepEqual(port("eno2"), ["native-untagged", 200, ["100", "300-310"]]);
        assert.deepEqual(port("eno3"), [undefined, 7, undefined]);
    });

    it("is patched to another switch at both ends, over the same VLANs", async () => {
        const run = await registeredBy(() => {
            const far = new OvsSwitch("far", { vlans: { web: 100 } });
            new OvsSwitch("near", {
                vlans: { web: 100 },
                patches: { up: { to: far }, side: { to: far, peer: "edis" } },
            });
        });
        const both = { type: "patch", vlanMode: "trunk", trunks: ["100"] };
        assert.deepEqual(run.named("near-patch-up").inputs, {
            ...both,
            bridge: "near",
            name: "up",
            options: { peer: "up-peer" },
        });
        assert.deepEqual(run.named("near-patch-up-peer").inputs, {
            ...both,
            bridge: "far",
            name: "up-peer",
            options: { peer: "up" },
        });
        assert.equal(run.named("near-patch-side-peer").inputs.name, "edis");
    });

    it("copies what is selected to a port of its own or into a VLAN", async () => {
        const run = await made({
            uplinks: { eno1: {} },
            mirrors: {
                all: { outputPort: "ids0", snaplen: 128 },
                some: { vlans: ["web"], ports: ["eno1"], outputVlan: 999 },
            },
        });
        assert.deepEqual(run.named("core-mirror-all").inputs, {
            bridge: "core",
            name: "all",
            selectAll: true,
            selectVlans: [],
            outputPort: "ids0",
            snaplen: 128,
        });
        assert.deepEqual(run.named("core-mirror-all-port").inputs, { bridge: "core", name: "ids0", type: "internal" });
        assert.deepEqual(run.named("core-mirror-some").inputs, {
            bridge: "core",
            name: "some",
            selectVlans: ["100"],
            selectSourcePorts: ["eno1"],
            selectDestinationPorts: ["eno1"],
            outputVlan: 999,
        });
    });

    for (const [what, args, says] of [
        [
            "an uplink that would carry every VLAN",
            { vlans: {}, uplinks: { eno1: {} } },
            /uplinks\.eno1\.vlans: .*every VLAN/,
        ],
        ["a trunk without VLANs", { uplinks: { eno1: { vlans: [] } } }, /uplinks\.eno1\.vlans: .*every VLAN/],
        [
            "a VLAN that it does not have",
            { uplinks: { eno1: { vlans: ["wbe"] } } },
            /vlans\[0\]: no VLAN is called "wbe"/,
        ],
        [
            "a native VLAN that it does not have",
            { uplinks: { eno1: { native: 4095 } } },
            /native: no VLAN is called 4095/,
        ],
        ["a bond of one link", { uplinks: { b: { links: ["eno1"] } } }, /links: a bond has two links/],
        [
            "a class that it does not have",
            { uplinks: { eno1: { qos: "gold" } } },
            /qos: no such class; declared are: none/,
        ],
        [
            "a class that every object seems to have",
            { uplinks: { eno1: { qos: "toString" } } },
            /uplinks\.eno1\.qos: no such class/,
        ],
        [
            "one link in two uplinks",
            { uplinks: { b0: { links: ["e1", "e2"] }, e1: {} } },
            /uplinks\.e1: the link e1 is the uplink b0's already/,
        ],
        [
            "a bond of the name of its link, or that names one twice",
            { uplinks: { e1: { links: ["e1", "e2"] }, b0: { links: ["e3", "e3"] } } },
            /uplinks\.e1\.links: a bond has a name of its own[^]*uplinks\.b0\.links: a bond names each link once/,
        ],
        [
            "what only a bond has, and what only LACP has",
            {
                uplinks: {
                    e1: { bondUpdelay: 9, bondMode: "balance-slb" },
                    b0: { links: ["e2", "e3"], lacpTime: "fast" },
                },
            },
            /e1\.bondMode: .*name its links in links[^]*e1\.bondUpdelay: [^]*b0\.lacpTime: lacpTime needs lacp/,
        ],
        [
            "balance-tcp without LACP",
            { uplinks: { b0: { links: ["e1", "e2"], bondMode: "balance-tcp" } } },
            /uplinks\.b0\.lacp: bondMode balance-tcp needs lacp/,
        ],
        ["a bond of no link", { uplinks: { b: { links: [] } } }, /links: a bond has two links/],
        [
            "ports of its own name",
            { uplinks: { core: {} }, mirrors: { m: { outputPort: "core" } } },
            /uplinks\.core: a port of the bridge's name[^]*mirrors\.m\.outputPort: a port of the bridge's name/,
        ],
        [
            "ports of names that none can have",
            {
                uplinks: { lo: {} },
                patches: { "ovs-system": { to: "b" } },
                mirrors: { m: { outputPort: "ovs-netdev" } },
            },
            /uplinks\.lo: lo is[^]*patches\.ovs-system: lo is[^]*mirrors\.m\.outputPort: lo is/,
        ],
        ["a patch to itself", { patches: { up: { to: "core" } } }, /patches\.up\.to: .*another switch/],
        [
            "a patch that is its own other end, or its bridge's port",
            { patches: { up: { to: "b", peer: "up" }, side: { to: "b", peer: "b" } } },
            /patches\.up\.peer: .*another port[^]*patches\.side\.peer: a port of the bridge's name/,
        ],
        [
            "two patches of which one has the name of the other's other end",
            { patches: { up: { to: "b" }, "up-peer": { to: "c" } } },
            /patches\.up-peer: .*other end of the patch up/,
        ],
        [
            "a mirror of no port, or of one that every object seems to have",
            { mirrors: { m: { ports: [], outputVlan: 9 }, n: { ports: ["toString"], outputVlan: 9 } } },
            /mirrors\.m\.ports: [^]*leave ports out[^]*mirrors\.n\.ports\[0\]: it is no uplink/,
        ],
        ["a mirror without output", { mirrors: { m: {} } }, /exactly one output/],
        [
            "a mirror of a port that is not its own",
            { mirrors: { m: { ports: ["tap0"], outputVlan: 9 } } },
            /ports\[0\]: it is no uplink/,
        ],
        [
            "two ports of one name",
            { uplinks: { up: {} }, patches: { up: { to: "b" } } },
            /another port of the switch is called up/,
        ],
        ["a class that cannot be", { qos: { g: { type: "linux-htb", burst: "1MB" } } }, /qos\.g\.burst: /],
    ] as [string, Args, RegExp][])
        it(`refuses ${what}`, () => assert.rejects(made(args), refused(says)));
});

describe("VlanTap with trunks and limits", () => {
    type Args = Omit<ConstructorParameters<typeof VlanTap>[1], "switch">;
    const onSwitch = (args: Args) =>
        registeredBy(() => {
            const plug = new OvsSwitch("br", {
                vlans: { web: 100, db: 200 },
                qos: { gold: { type: "linux-htb", maxRate: "1Gbit" } },
            });
            new VlanTap("t", { switch: plug, ...args });
        });
    const port = async (args: Args) => (await onSwitch(args)).named("t-port").inputs;

    it("is a trunk of the VLANs that are listed, with one of them untagged where that is asked for", async () => {
        const tagged = await port({ trunk: { vlans: ["web", "300-302"] } });
        assert.deepEqual(tagged, { name: "t", bridge: "br", vlanMode: "trunk", trunks: ["100", "300-302"] });
        const native = await port({ trunk: { vlans: ["web"], native: "db" } });
        assert.deepEqual(native, { name: "t", bridge: "br", vlanMode: "native-untagged", tag: 200, trunks: ["100"] });
    });

    it("limits what the guest gets by a QoS of its own, and what it sends at the port", async () => {
        const run = await onSwitch({
            vlan: "web",
            rateLimit: { toGuest: "10Mbit", fromGuest: "20Mbit", burst: "64KiB" },
        });
        assert.deepEqual(run.named("t-qos").inputs, { name: "t", type: "linux-htb", maxRate: "10Mbit" });
        const { qos, ingress } = run.named("t-port").inputs;
        assert.deepEqual([qos, ingress], ["t", { rate: "20Mbit", burst: "64KiB" }]);
    });

    it("is shaped by a class of its switch, or by a QoS of that name", async () => {
        assert.equal((await port({ vlan: "web", qos: "gold" })).qos, "br-gold");
        await assert.rejects(
            port({ vlan: "web", qos: "silver" }),
            refused(/no QoS class is called "silver"; .*: gold/),
        );
        const run = await registeredBy(() => new VlanTap("t", { switch: "br", vlan: 7, qos: "host-wide" }));
        assert.equal(run.named("t-port").inputs.qos, "host-wide");
    });

    it("registers what rules need", async () => {
        const run = await onSwitch({
            trunk: { vlans: ["web"], native: "db" },
            rateLimit: { toGuest: "1Gbit" },
            mtu: 9000,
        });
        assert.deepEqual(run.named("t").outputs, {
            tapName: "t",
            bridgeName: "br",
            vlan: 200,
            trunks: ["100"],
            mtu: 9000,
            rateLimit: { toGuest: "1Gbit" },
        });
    });

    it("says as whom the guest may send, on a switch that keeps that over a restart", async () => {
        const portSecurity = { mac: "52:54:00:AA:00:01", addresses: ["10.0.0.11"] };
        const run = await registeredBy(() => {
            const plug = new OvsSwitch("safe", { portSecurity: true });
            new VlanTap("t", { switch: plug, vlan: 7, portSecurity });
        });
        assert.equal(run.named("safe-bridge").inputs.failMode, "secure");
        assert.deepEqual(run.named("safe-flows").inputs, {
            bridge: "safe",
            flows: ["table=10,priority=0,actions=NORMAL"],
        });
        assert.equal(run.types()["safe-keeper"], "kvmnet:ovs:FlowKeeper");
        const secured = { mac: "52:54:00:aa:00:01", addresses: ["10.0.0.11"] };
        assert.deepEqual(run.named("t-port").inputs.portSecurity, secured);
        await assert.rejects(
            port({ vlan: "web", portSecurity }),
            refused(/VlanTap t: [^]*- portSecurity: .*set portSecurity: true on OvsSwitch br/),
        );
    });

    for (const [what, args, says] of [
        ["neither vlan nor trunk", {}, /vlan: .*exactly one of vlan \(access\) and trunk/],
        ["both", { vlan: 1, trunk: { vlans: [2] } }, /vlan: .*exactly one/],
        ["a trunk of nothing", { trunk: { vlans: [] } }, /trunk\.vlans: .*at least one/],
        [
            "a VLAN that there is not",
            { trunk: { vlans: ["wbe"], native: 0 } },
            /vlans\[0\]: no VLAN is called "wbe"[^]*native: no VLAN is called 0/,
        ],
        ["a limit of nothing", { vlan: 1, rateLimit: {} }, /rateLimit: it limits nothing/],
        [
            "a burst of nothing",
            { vlan: 1, rateLimit: { toGuest: "1Mbit", burst: "1MB" } },
            /burst belongs to fromGuest/,
        ],
        [
            "a rate below what Open vSwitch counts in",
            { vlan: 1, rateLimit: { fromGuest: "1500bit" } },
            /fromGuest: .*whole number of kbit/,
        ],
        [
            "rates and a burst that the kernel or Open vSwitch does not hold",
            { vlan: 1, rateLimit: { toGuest: "40Gbit", fromGuest: "1Gbit", burst: "4GiB" } },
            /rateLimit\.toGuest: .*less than 34\.36 Gbit[^]*rateLimit\.burst: .*less than 4 GiB/,
        ],
        [
            "a rate of less than a byte",
            { vlan: 1, rateLimit: { toGuest: 1 } },
            /rateLimit\.toGuest: .*8 bit\/s or more/,
        ],
        [
            "a QoS of the name of a class of its switch",
            { name: "br-gold", vlan: 1, rateLimit: { toGuest: "1Gbit" } },
            /VlanTap t: name: .*a QoS called br-gold, and a class of OvsSwitch br .*another name/,
        ],
        ["two shapers", { vlan: 1, rateLimit: { toGuest: "1Mbit" }, qos: "gold" }, /qos: .*remove one of the two/],
    ] as [string, Args, RegExp][])
        it(`refuses ${what}`, () => assert.rejects(onSwitch(args), refused(says)));
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
        assert.partialDeepStrictEqual(run.named("t").outputs, { mtu: 9000, vlan: 7, trunks: ["8"] });
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

    it("takes a VLAN's id as a number or as text, on a switch given by name too", async () => {
        for (const vlan of [100, "100"])
            assert.equal((await nic({ bridge: undefined, switch: "s", vlan })).made.network.vlan, 100);
    });

    it("is refused on both a switch and a bridge, on neither, on a bridge with a VLAN, on a switch without", async () => {
        await assert.rejects(nic({ bridge: "b", switch: "s" }), refused(/exactly one of switch and bridge/));
        await assert.rejects(nic({ bridge: undefined }), refused(/exactly one of switch and bridge/));
        await assert.rejects(nic({ bridge: undefined, switch: "s", vlan: "web" }), refused(/vlan: .*1 to 4094/));
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
            "web-1-shutdown": "kvmnet:host:GuestShutdown",
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

    it("tells what is wrong with its NICs beside it, before any of them is made", () =>
        assert.rejects(
            machine({
                vcpus: 0,
                nics: {
                    data: { switch: "br-vm", vlan: 5000, mtu: 10 },
                    "of the office": { bridge: "br0", switch: "br-vm" },
                },
            }),
            refused(
                /VirtualMachine web-1: 5 problems[^]*vcpus: [^]*nics\.data\.mtu: [^]*nics\.data\.vlan: [^]*nics\["of the office"\]: a name [^]*nics\["of the office"\]: .*exactly one of switch and bridge/,
            ),
        ));
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
