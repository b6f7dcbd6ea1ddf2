import assert from "node:assert/strict";
import type { Bag } from "../../provider/wire";
import { FakeEngine } from "../provider/fake-engine";
import { Plugin } from "../provider/plugin";
import { eventually } from "../support/eventually";
import { labName } from "../support/labs";
import { argv } from "../support/object-life";
import { ProviderLab } from "./provider-lab";

interface LinkFacts {
    name: string;
    index: number;
    kind?: string;
    mac?: string;
    mtu: number;
    up: boolean;
    carrier: boolean;
    master?: string;
    owner?: string;
    managers?: string[];
    speed?: number;
}

describe("what the functions tell of a real host", function () {
    this.timeout(300_000);
    const lab = new ProviderLab(labName("functions"));
    const engine = new FakeEngine();
    let plugin: Plugin;
    const run = (line: string) => lab.run(...argv(line));
    const getLinks = async (args: Bag = {}) =>
        (await plugin.invoke("kvmnet:host:getLinks", args)).links as unknown as LinkFacts[];
    const linkNamed = async (name: string) => (await getLinks()).find((link) => link.name === name);

    before(async () => {
        await lab.up();
        plugin = await Plugin.start(lab.host, await engine.start());
        await run("ip link add name fn0 numtxqueues 3 numrxqueues 3 type veth peer name fn1");
        await run("ip link add name fnbr type bridge");
        await run("ip link set dev fn0 up master fnbr mtu 1400");
        await run("ip link set dev fn1 up");
    });
    after(async () => {
        await plugin?.stop();
        engine.stop();
        await lab.down();
    });

    describe("getLinks", () => {
        it("tells every link as `ip` does", async () => {
            const links = await lab.links();
            const told = await getLinks();
            assert.deepEqual(
                told.map(({ name, mtu, up }) => [name, mtu, up]),
                links.map(({ ifname, mtu, flags }) => [ifname, mtu, flags.includes("UP")]),
            );
            const { kind, master, carrier, owner, managers, speed } = (await linkNamed("fn0")) ?? {};
            assert.deepEqual(
                [kind, master, carrier, owner, managers, speed],
                ["veth", "fnbr", true, undefined, undefined, undefined],
            );
        });

        it("tells whose a link is that kvmnet made", async () => {
            const made = await plugin.create("kvmnet:host:Tap", "fnt", { name: "fnt0" });
            const told = await linkNamed("fnt0");
            assert.deepEqual([told?.owner, told?.kind], [made.state.owner, "tun"]);
            await plugin.delete("kvmnet:host:Tap", "fnt", made);
        });

        it("takes names that the kernel takes and we do not", async () => {
            await lab.run("ip", "link", "add", "name", "x;id", "type", "bridge");
            assert.equal((await linkNamed("x;id"))?.kind, "bridge");
            await lab.run("ip", "link", "delete", "dev", "x;id");
        });

        it("tells no hardware where there is none", async () =>
            assert.deepEqual(await getLinks({ physical: true }), []));

        it("tells who else manages each link, and a create on it warns with what lets go", async () => {
            const index = String((await linkNamed("fn0"))?.index);
            const put = (path: string, text: string) =>
                lab.run("sh", "-c", 'mkdir -p "${1%/*}"; printf "%s\n" "$2" >"$1"', "sh", path, text);
            const managers: [name: string, path: string, text: string, says: RegExp][] = [
                ["Docker", "/run/docker.pid", "1", /leave Docker's own links/],
                [
                    "NetworkManager",
                    `/run/NetworkManager/devices/${index}`,
                    "[device]\nmanaged=true",
                    /nmcli device set/,
                ],
                ["ifupdown", "/run/network/ifstate", "fn0=fn0", /remove its stanza/],
                [
                    "libvirt",
                    "/run/libvirt/network/net.xml",
                    "<forward mode='nat'>\n</forward>\n<bridge name='fn0' stp='on'/>",
                    /libvirt's own network/,
                ],
                ["systemd-networkd", `/run/systemd/netif/links/${index}`, "ADMIN_STATE=configured", /Unmanaged=yes/],
            ];
            for (const [, path, text] of managers) await put(path, text);
            // Docker's links are known by their names.
            await run("ip link add name docker0 type bridge");
            // A network of libvirt's only uses such a bridge.
            const user = "/run/libvirt/network/lan.xml";
            await put(user, "<forward dev='eno1' mode='bridge'/>\n<bridge name='fn1'/>");
            await eventually(async () =>
                assert.deepEqual(
                    [(await linkNamed("fn0"))?.managers, (await linkNamed("docker0"))?.managers],
                    [["NetworkManager", "ifupdown", "libvirt", "systemd-networkd"], ["Docker"]],
                ),
            );
            assert.equal((await linkNamed("fn1"))?.managers, undefined);
            assert.deepEqual(
                (await plugin.invoke("kvmnet:host:getHost")).managers,
                managers.map(([name]) => name),
            );

            engine.logged.length = 0;
            for (const link of ["fn0", "docker0"]) {
                const made = await plugin.create("kvmnet:host:Link", link, { name: link, txQueueLength: 77 });
                await plugin.delete("kvmnet:host:Link", link, made);
            }
            for (const [name, , , says] of managers) {
                const warning = engine.logged.find(({ message }) => message.startsWith(`${name} manages the link`));
                assert.match(warning?.message ?? "", says, name);
            }
            await run("ip link delete dev docker0");
            await lab.run("rm", "-r", "--", user, ...managers.map(([, path]) => path));
            await eventually(async () => assert.equal((await linkNamed("fn0"))?.managers, undefined));
        });
    });

    it("that somebody manages, or that has an address, is warned of before it is plugged in", async () => {
        for (const name of ["fn2", "fn3", "fn4"]) {
            await run(`ip link add name ${name} type veth peer name ${name}-wire`);
            await run(`ip address add 192.0.2.9/24 dev ${name}`);
        }
        await lab.run("sh", "-c", 'mkdir -p /run/network; printf "%s=up\\n" fn2 fn3 fn4 >/run/network/ifstate');
        await plugin.create("kvmnet:ovs:Bridge", "plugs", { name: "fnb1", datapathType: "netdev" });
        // What is seen of managers may be a second old.
        await new Promise((resolve) => setTimeout(resolve, 1_050));
        for (const [type, link, inputs] of [
            ["kvmnet:host:BridgePort", "fn2", { name: "fn2", bridge: "fnbr" }],
            ["kvmnet:ovs:Port", "fn3", { name: "fn3", bridge: "fnb1" }],
            ["kvmnet:ovs:PortSet", "fn4", { bridge: "fnb1", ports: { fn4: { tag: 5 } } }],
        ] as [string, string, Bag][]) {
            engine.logged.length = 0;
            const made = await plugin.create(type, "plug", inputs);
            const warned = engine.logged.map(({ message }) => message).join("\n");
            assert.match(warned, new RegExp(`ifupdown manages the link ${link} .*may undo this (plug|port)`), type);
            if (type === "kvmnet:host:BridgePort")
                assert.match(warned, /the link fn2 has the address 192\.0\.2\.9, .*Give it to the bridge/);
            await plugin.delete(type, "plug", made);
        }
        await lab.run("rm", "/run/network/ifstate");
    });

    describe("getNic", () => {
        it("tells one link with all that its driver takes", async () => {
            const nic = await plugin.invoke("kvmnet:host:getNic", { name: "fn0" });
            assert.deepEqual([nic.driver, nic.mtu, nic.master], ["veth", 1400, "fnbr"]);
            const queues = await lab.run("sh", "-c", "ls /sys/class/net/fn0/queues");
            assert.equal(nic.rxQueues, queues.match(/^rx-/gm)?.length);
            assert.equal(nic.txQueues, queues.match(/^tx-/gm)?.length);
            assert.deepEqual((nic.channels as Bag).most, { rx: 3, tx: 3 });
            assert.equal(nic.rings, undefined);
            const features = await run("ethtool -k fn0");
            const printed = [...features.matchAll(/^\s*([a-z0-9-]+): (on|off)( \[fixed\])?/gm)];
            assert.ok(printed.length > 40);
            for (const [, name = "", state, fixed] of printed)
                assert.deepEqual(
                    (nic.features as Bag)[name],
                    { active: state === "on", fixed: fixed !== undefined },
                    name,
                );
        });

        it("of a link that there is not says how to find one", () =>
            assert.rejects(
                plugin.invoke("kvmnet:host:getNic", { name: "nofn" }),
                /link nofn: it is not on lab .*getLinks/,
            ));

        it("is judged by its arguments", () =>
            assert.rejects(plugin.invoke("kvmnet:host:getNic", { name: "x;id", more: 1 }), (error: Error) => {
                assert.match(error.message, /1 to 15 characters/);
                assert.match(error.message, /more/);
                return true;
            }));
    });

    describe("getHost", () => {
        it("tells kernel, CPUs, memory, huge pages and what guests need", async () => {
            const host = await plugin.invoke("kvmnet:host:getHost");
            const has = (path: string) => lab.run("sh", "-c", 'test -c "$1" && echo yes || echo no', "sh", path);
            assert.equal(host.kernel, await run("uname -r"));
            assert.equal(host.architecture, await run("uname -m"));
            assert.equal(host.cpus, await run("cat /sys/devices/system/cpu/online"));
            assert.equal(host.memory, Number(/^MemTotal:\s+(\d+)/m.exec(await run("cat /proc/meminfo"))?.[1]) * 1024);
            for (const [fact, device] of [
                ["kvm", "/dev/kvm"],
                ["vhostNet", "/dev/vhost-net"],
                ["vhostVsock", "/dev/vhost-vsock"],
                ["tun", "/dev/net/tun"],
            ] as const)
                assert.equal(host[fact], (await has(device)) === "yes", fact);
            const sizes = (await lab.run("sh", "-c", "ls /sys/kernel/mm/hugepages 2>/dev/null || true"))
                .split("\n")
                .filter(Boolean);
            assert.deepEqual(
                ((host.hugepages ?? []) as Bag[]).map(({ size }) => `hugepages-${Number(size) / 1024}kB`).sort(),
                sizes.sort(),
            );
            for (const { size, total, free } of (host.hugepages ?? []) as {
                size: number;
                total: number;
                free: number;
            }[]) {
                const folder = `/sys/kernel/mm/hugepages/hugepages-${size / 1024}kB`;
                assert.deepEqual(
                    [String(total), String(free)],
                    [await run(`cat ${folder}/nr_hugepages`), await run(`cat ${folder}/free_hugepages`)],
                );
            }
        });
    });

    describe("getOvs", () => {
        const bridgeNamed = async (name: string) => {
            const { bridges } = await plugin.invoke("kvmnet:ovs:getOvs");
            return (bridges as Bag[]).find((bridge) => bridge.name === name);
        };

        it("tells version, datapaths, interface types and settings as the database does", async () => {
            const ovs = await plugin.invoke("kvmnet:ovs:getOvs");
            const root = (column: string) => lab.vsctl("get", "Open_vSwitch", ".", column);
            assert.equal(ovs.version, /Open vSwitch\) (\S+)/.exec(await run("ovs-vswitchd --version"))?.[1]);
            await lab.vsctl("set", "Open_vSwitch", ".", "ovs_version=3.1.77");
            await eventually(async () =>
                assert.equal(
                    (await plugin.invoke("kvmnet:ovs:getOvs")).version,
                    "3.1.77",
                    "as its start script notes it",
                ),
            );
            await lab.vsctl("clear", "Open_vSwitch", ".", "ovs_version");
            assert.deepEqual(ovs.datapathTypes, (await root("datapath_types")).match(/\w+/g));
            assert.ok((ovs.interfaceTypes as string[]).includes("vxlan"));
            assert.equal(ovs.dpdkInitialized, (await root("dpdk_initialized")) === "true");
            await lab.vsctl("set", "Open_vSwitch", ".", "other_config:max-idle=9000");
            await eventually(async () =>
                assert.equal(((await plugin.invoke("kvmnet:ovs:getOvs")).otherConfig as Bag)["max-idle"], "9000"),
            );
            await lab.vsctl("remove", "Open_vSwitch", ".", "other_config", "max-idle");
        });

        it("tells bridges and ports, whose they are, and what is wrong with one", async () => {
            const made = await plugin.create("kvmnet:ovs:Bridge", "fb", { name: "fnb0", datapathType: "netdev" });
            const port = await plugin.create("kvmnet:ovs:Port", "fp", {
                ...{ name: "fnp0", bridge: "fnb0", type: "internal" },
                ...{ vlanMode: "native-untagged", tag: 5, trunks: ["20-29", 7] },
            });
            await lab.vsctl("--no-wait", "add-port", "fnb0", "fnp9");
            await eventually(async () => {
                const bridge = await bridgeNamed("fnb0");
                const [first, second] = (bridge?.ports ?? []) as Bag[];
                assert.deepEqual(
                    [bridge?.datapathType, bridge?.failMode, bridge?.owner],
                    ["netdev", "standalone", made.state.owner],
                );
                assert.deepEqual(first, {
                    ...{ name: "fnp0", interfaces: ["fnp0"], type: "internal", ofport: port.state.ofport },
                    ...{ vlanMode: "native-untagged", tag: 5, trunks: ["7", "20-29"], owner: port.state.owner },
                });
                assert.deepEqual([second?.name, second?.ofport, second?.owner], ["fnp9", undefined, undefined]);
                assert.match(String(second?.error), /No such device/);
            });
            for (const [column, told] of [
                ["0", ["0"]],
                ["0,5,4095", ["0", "5", "4095"]],
                ["[]", []],
            ] as const) {
                await lab.vsctl("--no-wait", "set", "Port", "fnp9", `trunks=${column}`);
                await eventually(async () =>
                    assert.deepEqual(((await bridgeNamed("fnb0"))?.ports as Bag[])[1]?.trunks, told),
                );
            }
            await lab.vsctl("del-port", "fnp9");
            await plugin.delete("kvmnet:ovs:Port", "fp", port);
            await plugin.delete("kvmnet:ovs:Bridge", "fb", made);
        });
    });

    it("change nothing", async () => {
        const before = await lab.everything();
        for (const token of ["host:getLinks", "host:getHost", "ovs:getOvs"]) await plugin.invoke(`kvmnet:${token}`);
        await plugin.invoke("kvmnet:host:getNic", { name: "fn0" });
        assert.equal(await lab.everything(), before);
    });
});
