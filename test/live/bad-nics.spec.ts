/** What rules refuse, made all the same: each is as bad as its rule says, and what the rule asks for is not. */
import assert from "node:assert/strict";
import { setTimeout } from "node:timers/promises";
import { runInLab } from "../../lab";
import { eventually } from "../support/eventually";
import { labName } from "../support/labs";
import { ProviderLab } from "./provider-lab";

const ON_SWITCH = '<source bridge="br0"/><virtualport type="openvswitch"/><model type="virtio"/>';
const onSwitch = (...more: string[]) => `<interface type="bridge">${ON_SWITCH}${more.join("")}</interface>`;
const onTap = (tap: string, driver: string) =>
    `<interface type="ethernet"><target dev="${tap}" managed="no"/><model type="virtio"/><driver name="qemu" ${driver}/></interface>`;
const onBridge = (more: string) =>
    `<interface type="bridge"><source bridge="lb0"/><model type="virtio"/>${more}</interface>`;
const onSocket =
    '<interface type="vhostuser"><source type="unix" path="/run/none.sock" mode="client"/><model type="virtio"/></interface>';

/** A guest that is stopped before its first instruction, which needs nothing to boot. */
const guest = (name: string, nic: string) => `
<domain type="qemu">
  <name>${name}</name>
  <memory unit="MiB">32</memory>
  <vcpu>2</vcpu>
  <os><type arch="x86_64" machine="q35">hvm</type></os>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <controller type="usb" model="none"/><memballoon model="none"/>
    ${nic}
  </devices>
</domain>`;

describe("what the rules refuse is bad", function () {
    this.timeout(300_000);
    const lab = new ProviderLab(labName("bad"));
    before(async () => {
        await lab.up();
        // What the kernel says by itself on a link that comes up would be counted as heard.
        await lab.run(
            "sysctl",
            "--quiet",
            "--write",
            "net.ipv6.conf.all.disable_ipv6=1",
            "net.ipv6.conf.default.disable_ipv6=1",
        );
        for (const bridge of ["br0", "sw"])
            await lab.vsctl("add-br", bridge, "--", "set", "Bridge", bridge, "datapath_type=netdev");
        await lab.run("ip", "link", "add", "lb0", "type", "bridge");
    });
    after(() => lab.down());

    const { virsh } = lab;
    /** Starts a guest. @returns why it did not start; empty where it did */
    async function started(name: string, nic: string): Promise<string> {
        await lab.run("sh", "-euc", 'printf %s "$2" > "/run/$1.xml"', "sh", name, guest(name, nic));
        const { exitCode, stderr } = await runInLab(lab.name, [
            "virsh",
            "--quiet",
            "create",
            "--paused",
            `/run/${name}.xml`,
        ]);
        return exitCode === 0 ? "" : stderr;
    }
    const starts = async (name: string, nic: string) => assert.equal(await started(name, nic), "", name);
    const ceiling = (link: string) => lab.run("tc", "class", "show", "dev", link);

    describe("a guest", () => {
        afterEach(() =>
            lab.run("sh", "-c", "for it in $(virsh --quiet list --name); do virsh --quiet destroy $it; done"),
        );

        it("does not start with a receive ring of 2048 or 128, and does with 1024", async () => {
            for (const size of [2048, 128])
                assert.match(
                    await started("ring", onSwitch(`<driver name="qemu" rx_queue_size="${size}"/>`)),
                    /Invalid rx_queue_size/,
                );
            await starts("ring", onSwitch('<driver name="qemu" rx_queue_size="1024"/>'));
        });

        it("has a transmit ring of 256 on a tap, by QEMU's own answer, where 1024 was asked for", async () => {
            await starts(
                "tx",
                onSwitch('<driver name="qemu" rx_queue_size="1024" tx_queue_size="1024"/><alias name="ua-nic"/>'),
            );
            const ring = async (property: string) => {
                const asked = { execute: "qom-get", arguments: { path: "/machine/peripheral/ua-nic", property } };
                return (
                    JSON.parse(await virsh("qemu-monitor-command", "tx", JSON.stringify(asked))) as { return: number }
                ).return;
            };
            assert.equal(await ring("tx_queue_size"), 256);
            assert.equal(await ring("rx_queue_size"), 1024);
        });

        it("does not start with more queues than a tap has", async () => {
            assert.match(
                await started("queues", onSwitch('<driver name="qemu" queues="257"/>')),
                /Unable to create tap device/,
            );
            await starts("queues", onSwitch('<driver name="qemu" queues="2"/>'));
        });

        it("does not start on a tap that is multi-queue where it is not, nor the other way round", async () => {
            await lab.run("ip", "tuntap", "add", "one0", "mode", "tap");
            await lab.run("ip", "tuntap", "add", "many0", "mode", "tap", "multi_queue");
            assert.match(await started("taps", onTap("one0", 'queues="2"')), /Unable to create tap device one0/);
            assert.match(await started("taps", onTap("many0", "")), /Unable to create tap device many0/);
            await starts("taps", onTap("many0", 'queues="2"'));
        });

        it("whose tap is named as libvirt's own gets another one", async () => {
            await starts("names", onSwitch('<target dev="vnet77"/>'));
            assert.doesNotMatch(await virsh("domiflist", "names"), /vnet77/);
            await starts("named", onSwitch('<target dev="tap-web0"/>'));
            assert.match(await virsh("domiflist", "named"), /tap-web0/);
        });

        it("does not start with a MAC address of a group", async () =>
            assert.match(
                await started("group", onSwitch('<mac address="53:54:00:00:00:01"/>')),
                /expected unicast mac address/,
            ));

        it("with a VLAN on a plain bridge does not start, and does on Open vSwitch", async () => {
            assert.match(await started("vlan", onBridge('<vlan><tag id="100"/></vlan>')), /vlan tag not supported/);
            await starts("vlan", onSwitch('<vlan><tag id="100"/></vlan>'));
        });

        it("that is the client of a vhost-user socket does not start without the switch", async () => {
            assert.match(await started("client", onSocket), /Failed to connect/);
        });

        it("on macvtap without a mode is given vepa", async () => {
            await lab.run(
                "sh",
                "-euc",
                'printf %s "$1" > /run/vtap.xml',
                "sh",
                guest("vtap", '<interface type="direct"><source dev="lb0"/></interface>'),
            );
            await virsh("define", "/run/vtap.xml");
            assert.match(await virsh("dumpxml", "vtap"), /<source dev='lb0' mode='vepa'\/>/);
            await virsh("undefine", "vtap");
        });

        it("with a guaranteed rate on Open vSwitch does not start", async () => {
            const floor = '<bandwidth><inbound average="1000" peak="1000" floor="500"/></bandwidth>';
            assert.match(await started("floor", onSwitch(floor)), /floor attribute is not supported/);
        });

        it("with an average and no peak is limited at 10 Gbit/s, which is not at all; with a peak at that", async () => {
            await starts("average", onSwitch('<target dev="avg0"/><bandwidth><inbound average="1000"/></bandwidth>'));
            await eventually(async () => assert.match(await ceiling("avg0"), /ceil 10Gbit/));
            assert.doesNotMatch(await ceiling("avg0"), /ceil 8Mbit/);
            await starts(
                "peak",
                onSwitch('<target dev="peak0"/><bandwidth><inbound average="1000" peak="1000"/></bandwidth>'),
            );
            await eventually(async () => assert.match(await ceiling("peak0"), /htb 1:1 .*ceil 8Mbit/));
        });

        it("that is started again undoes the QoS that somebody else set on its port", async () => {
            const limited = onSwitch(
                '<target dev="own0"/><bandwidth><inbound average="1000" peak="1000"/></bandwidth>',
            );
            await starts("owners", limited);
            await lab.vsctl(
                "set",
                "Port",
                "own0",
                "qos=@q",
                "--",
                "--id=@q",
                "create",
                "QoS",
                "type=linux-htb",
                "other_config:max-rate=2000000",
            );
            await eventually(async () => assert.match(await ceiling("own0"), /ceil 2Mbit/));
            await virsh("destroy", "owners");
            await starts("owners", limited);
            await eventually(async () => assert.match(await ceiling("own0"), /ceil 8Mbit/));
        });

        it("is given VLAN 4095 by libvirt and the switch without a word", async () => {
            await starts("last", onSwitch('<target dev="last0"/><vlan><tag id="4095"/></vlan>'));
            assert.equal(await lab.vsctl("get", "Port", "last0", "tag"), "4095");
        });
    });

    describe("a port", () => {
        /** Ports of the switch, each the end of a pair whose other end is what a guest would hear at. */
        const PORTS: Record<string, string[]> = {
            a10: ["tag=10"],
            b10: ["tag=10"],
            c20: ["tag=20"],
            t10: ["trunks=10"],
            open: [],
            leaky: ["vlan_mode=native-untagged", "tag=20"],
            bounded: ["vlan_mode=native-untagged", "tag=20", "trunks=20"],
            mixed: ["vlan_mode=access", "tag=20", "trunks=10"],
        };
        const plug = async (name: string, bridge: string, columns: string[] = []) => {
            await lab.run("ip", "link", "add", name, "type", "veth", "peer", "name", `${name}-in`);
            for (const end of [name, `${name}-in`]) await lab.run("ip", "link", "set", "dev", end, "up");
            await lab.vsctl(
                "add-port",
                bridge,
                name,
                ...(columns.length > 0 ? ["--", "set", "Port", name, ...columns] : []),
            );
        };
        before(async () => {
            for (const [name, columns] of Object.entries(PORTS)) await plug(name, "sw", columns);
        });

        /** Frames that each link got so far. */
        const counted = async () => {
            const links = JSON.parse(await lab.run("ip", "-json", "-statistics", "link", "show")) as {
                ifname: string;
                stats64: { rx: { packets: number } };
            }[];
            return new Map(links.map(({ ifname, stats64 }) => [ifname, stats64.rx.packets]));
        };
        const macOf = (name: string) => `5254000000${(Object.keys(PORTS).indexOf(name) + 16).toString(16)}`;
        /** What is counted once nothing comes any more: twice the same, a tenth of a second apart. */
        const settled = async () => {
            let last = await counted();
            await eventually(async () => {
                await setTimeout(100);
                const [before, now] = [last, await counted()];
                last = now;
                assert.deepEqual(now, before);
            });
            return last;
        };
        /** A frame comes in at a port. */
        async function say(
            from: string,
            { tag = 0, to = "ffffffffffff", source = macOf(from), length = 64, bridge = "sw" } = {},
        ) {
            const vlan = tag === 0 ? "" : `8100${tag.toString(16).padStart(4, "0")}`;
            const frame = `${to}${source}${vlan}88b5`.padEnd(2 * length, "0");
            await lab.run("ovs-ofctl", "packet-out", bridge, `in_port=${from} packet=${frame} actions=NORMAL`);
        }
        /** What comes in at a port. @returns the ports behind which it was heard */
        async function heard(...frame: Parameters<typeof say>) {
            const before = await counted();
            await say(...frame);
            const now = await settled();
            return [...now]
                .flatMap(([link, packets]) =>
                    link.endsWith("-in") && packets > (before.get(link) ?? 0) ? [link.slice(0, -3)] : [],
                )
                .sort();
        }

        /** What each port says, by the tag of the frame, and who hears it. */
        const IN_10 = ["a10", "b10", "leaky", "open", "t10"];
        const IN_20 = ["bounded", "c20", "leaky", "mixed", "open"];
        const HEARD: Record<string, { untagged: string[]; 10: string[]; 20: string[] }> = {
            a10: { untagged: IN_10, 10: [], 20: [] },
            b10: { untagged: IN_10, 10: [], 20: [] },
            c20: { untagged: IN_20, 10: [], 20: [] },
            t10: { untagged: [], 10: IN_10, 20: [] },
            open: { untagged: [], 10: IN_10, 20: IN_20 },
            leaky: { untagged: IN_20, 10: IN_10, 20: IN_20 },
            bounded: { untagged: IN_20, 10: [], 20: IN_20 },
            mixed: { untagged: IN_20, 10: [], 20: [] },
        };

        it("without VLAN, or native with empty trunks, hears and says every VLAN; each other one hears its own alone", async () => {
            const found: typeof HEARD = {};
            for (const from of Object.keys(PORTS))
                found[from] = {
                    untagged: await heard(from),
                    10: await heard(from, { tag: 10 }),
                    20: await heard(from, { tag: 20 }),
                };
            const others = (from: string, all: string[]) => all.filter((name) => name !== from);
            assert.deepEqual(
                found,
                Object.fromEntries(
                    Object.entries(HEARD).map(([from, says]) => [
                        from,
                        {
                            untagged: others(from, says.untagged),
                            10: others(from, says[10]),
                            20: others(from, says[20]),
                        },
                    ]),
                ),
            );
        });

        it("of an access VLAN makes nothing of trunks that are set beside it", async () => {
            assert.ok(!(await heard("a10")).includes("mixed"));
            assert.deepEqual(await heard("mixed", { tag: 10 }), []);
        });

        it("with the MAC address of another takes its frames", async () => {
            const shared = "5254000000aa";
            await heard("a10", { source: shared });
            assert.deepEqual(await heard("t10", { tag: 10, to: shared }), ["a10"]);
            await heard("b10", { source: shared });
            assert.deepEqual(await heard("t10", { tag: 10, to: shared }), ["b10"]);
        });

        it("in the host's own network takes the place of the host's gateway; in a VLAN of its own it does not", async () => {
            await lab.vsctl("add-br", "mgmt", "--", "set", "Bridge", "mgmt", "datapath_type=netdev");
            await lab.run("ip", "address", "add", "10.99.0.1/24", "dev", "mgmt");
            await lab.run("ip", "link", "set", "dev", "mgmt", "up");
            await plug("shared", "mgmt");
            await plug("apart", "mgmt", ["tag=10"]);
            const gateway = ["10.99.0.254", "lladdr", "52:54:00:00:00:fe", "dev", "mgmt", "nud", "reachable"];
            /** A guest says that the gateway's address is its own. @returns whom the host then takes for its gateway */
            const claimed = async (from: string, mac: string) => {
                await lab.run("ip", "neigh", "replace", ...gateway);
                const address = "0a6300fe";
                const frame = `ffffffffffff${mac}0806${"0001080006040001"}${mac}${address}${"0".repeat(12)}${address}`;
                const out = `in_port=${from} packet=${frame.padEnd(120, "0")} actions=NORMAL`;
                await lab.run("ovs-ofctl", "packet-out", "mgmt", out);
                await settled();
                const [found] = JSON.parse(await lab.run("ip", "-json", "neigh", "show", "10.99.0.254")) as {
                    lladdr: string;
                }[];
                return found?.lladdr;
            };
            assert.equal(await claimed("apart", "525400000031"), "52:54:00:00:00:fe");
            assert.equal(await claimed("shared", "525400000032"), "52:54:00:00:00:32");
        });

        it("whose link has a smaller MTU loses the longer frames, which the others hear", async () => {
            for (const end of ["a10", "a10-in", "b10", "b10-in"])
                await lab.run("ip", "link", "set", "dev", end, "mtu", "9000");
            // The switch hears of it from the kernel, a moment later.
            for (const port of ["a10", "b10"])
                await eventually(async () => assert.equal(await lab.vsctl("get", "Interface", port, "mtu"), "9000"));
            assert.ok((await heard("a10", { length: 1514 })).includes("t10"));
            assert.deepEqual(await heard("a10", { length: 4014 }), ["b10"]);
        });

        it("that is in a bridge already is refused to another bridge", async () => {
            await lab.vsctl("add-br", "sw2", "--", "set", "Bridge", "sw2", "datapath_type=netdev");
            const { exitCode, stderr } = await runInLab(lab.name, [
                "ovs-vsctl",
                "--timeout=30",
                "add-port",
                "sw2",
                "a10",
            ]);
            assert.notEqual(exitCode, 0);
            assert.match(stderr, /already exists on bridge sw/);
        });

        it("to a second way between two bridges lets one broadcast run round without end", async () => {
            for (const bridge of ["ring1", "ring2"])
                await lab.vsctl("add-br", bridge, "--", "set", "Bridge", bridge, "datapath_type=netdev");
            const join = async (near: string, far: string) => {
                await lab.run("ip", "link", "add", near, "type", "veth", "peer", "name", far);
                for (const [end, bridge] of [
                    [near, "ring1"],
                    [far, "ring2"],
                ] as const) {
                    await lab.run("ip", "link", "set", "dev", end, "up");
                    await lab.vsctl("add-port", bridge, end);
                }
            };
            await plug("ear", "ring1");
            const passed = async () => (await counted()).get("way1b") ?? 0;
            const broadcast = () => say("ear", { bridge: "ring1", source: "5254000000bb" });
            await join("way1a", "way1b");
            const none = await passed();
            await broadcast();
            await settled();
            const once = await passed();
            assert.equal(once - none, 1);
            await join("way2a", "way2b");
            await broadcast();
            await eventually(async () => assert.ok((await passed()) - once > 50));
            await lab.vsctl("del-port", "ring2", "way2b");
        });

        it("of a tunnel loses the longest frames of a guest that has the MTU of the network below", async () => {
            await lab.run("ip", "link", "add", "below", "type", "veth", "peer", "name", "below-in");
            await lab.run("ip", "link", "set", "dev", "below-in", "up");
            await lab.run("ip", "link", "set", "dev", "below", "up");
            await lab.run("ip", "address", "add", "192.0.2.1/24", "dev", "below");
            await lab.run("ip", "neigh", "add", "192.0.2.2", "lladdr", "52:54:00:00:00:cc", "dev", "below");
            const vxlan = "type vxlan id 7 local 192.0.2.1 remote 192.0.2.2 dstport 4789 df set";
            await lab.run("ip", "link", "add", "vx0", "mtu", "1500", ...vxlan.split(" "));
            await lab.run("ip", "link", "set", "dev", "vx0", "up");
            await lab.vsctl("add-port", "sw", "vx0", "--", "set", "Port", "vx0", "tag=10");
            assert.ok((await heard("t10", { tag: 10, length: 1468 })).includes("below"));
            assert.ok(!(await heard("t10", { tag: 10, length: 1518 })).includes("below"));
        });

        it("with a QoS by HTB without a rate shares 10 Gbit/s that its link does not have", async () => {
            await lab.vsctl("set", "Port", "c20", "qos=@q", "--", "--id=@q", "create", "QoS", "type=linux-htb");
            await eventually(async () => assert.match(await ceiling("c20"), /ceil 10Gbit/));
        });

        it("is policed nowhere on the userspace datapath: most of what is sent passes a limit of a twentieth", async () => {
            await lab.run("ip", "address", "add", "198.51.100.1/24", "dev", "a10-in");
            await lab.run("ip", "neigh", "add", "198.51.100.2", "lladdr", "52:54:00:00:00:dd", "dev", "a10-in");
            await lab.vsctl("set", "Interface", "a10", "ingress_policing_rate=1000", "ingress_policing_burst=100");
            const before = (await counted()).get("b10-in") ?? 0;
            const began = Date.now();
            await lab.run("bash", "-c", "dd if=/dev/zero bs=1400 count=5000 status=none > /dev/udp/198.51.100.2/9");
            // What is still under way then comes within that time.
            const seconds = (Date.now() - began) / 1000 + 0.3;
            const passed = (((await settled()).get("b10-in") ?? 0) - before) * 1400 * 8;
            const allowed = 100e3 + 1e6 * seconds;
            assert.ok(passed > 3 * allowed, `${passed} bits passed in ${seconds} s`);
        });
    });

    it("a switch database that listens on TCP is written by whoever reaches it, without a login", async () => {
        await lab.vsctl("set-manager", "ptcp:6640:127.0.0.1");
        await lab.run(
            "ovs-vsctl",
            "--timeout=30",
            "--db=tcp:127.0.0.1:6640",
            "add-br",
            "stranger",
            "--",
            "set",
            "Bridge",
            "stranger",
            "datapath_type=netdev",
        );
        assert.match(await lab.vsctl("list-br"), /^stranger$/m);
        await lab.vsctl("del-manager", "--", "del-br", "stranger");
    });

    it("a link is made under a name that is a command", async () => {
        await lab.run("ip", "link", "add", "x;id", "type", "bridge");
        assert.ok((await lab.linkNames()).includes("x;id"));
    });
});
