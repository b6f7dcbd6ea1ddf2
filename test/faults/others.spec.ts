import assert from "node:assert/strict";
import { Plugin, unfinishedOf } from "../provider/plugin";
import { labName } from "../support/labs";
import { FaultLab } from "./support/fault-lab";
import { assertSound } from "./support/invariants";
import { OVS_BRIDGE, OVS_PORT, TAP } from "./support/kind-names";
import { Stack, type Program } from "./support/stack";
import { foreign, look } from "./support/world";

const BRIDGE = "br-shared";
const OVS_QOS = "kvmnet:ovs:Qos";

/** A guest that is stopped before its first instruction, which needs nothing to boot. */
const guest = (name: string, nics: string[]) => `
<domain type="qemu">
  <name>${name}</name>
  <memory unit="MiB">16</memory>
  <os><type arch="x86_64" machine="pc">hvm</type></os>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <controller type="usb" model="none"/>
    <memballoon model="none"/>
    ${nics.join("\n    ")}
  </devices>
</domain>`;
const ourTap = (name: string, mac: string) => `
    <interface type="ethernet">
      <mac address="${mac}"/><target dev="${name}" managed="no"/><model type="virtio"/>
    </interface>`;
const libvirtsOwn = `
    <interface type="bridge">
      <source bridge="${BRIDGE}"/><virtualport type="openvswitch"/><model type="virtio"/>
    </interface>`;

describe("others on the same host", function () {
    this.timeout(300_000);
    const lab = new FaultLab(labName("others"));
    let plugin: Plugin;
    let stack: Stack;
    let theirs: Map<string, string>;
    const base: Program = { switch: { type: OVS_BRIDGE, inputs: { name: BRIDGE, datapathType: "netdev" } } };
    const internal = (name: string, tag: number): Program[string] => ({
        type: OVS_PORT,
        inputs: { name, bridge: BRIDGE, type: "internal", tag },
        needs: ["switch"],
    });
    const ports = async () => (await lab.vsctl("list-ports", BRIDGE)).split("\n").filter(Boolean).sort();

    before(async () => {
        await lab.up();
        theirs = foreign(await look(lab));
        plugin = await Plugin.start(lab.host);
        stack = new Stack(plugin);
        assert.deepEqual([...(await stack.up(plugin, base))], []);
    });
    after(async () => {
        await plugin?.stop();
        await lab.down();
    });

    it("who plug ports into our bridge while we do lose none, and neither do we", async () => {
        const count = 30;
        const program: Program = {
            ...base,
            ...Object.fromEntries(Array.from({ length: count }, (_, n) => [`p${n}`, internal(`p${n}`, 10 + n)])),
        };
        const adding = lab.run(
            "sh",
            "-euc",
            `for n in $(seq ${count}); do ovs-vsctl --no-wait --db=unix:/run/openvswitch/behind.sock \\
                add-port "$1" "alien$n" tag="$n" -- set Interface "alien$n" type=internal external_ids:theirs=yes; done`,
            "sh",
            BRIDGE,
        );
        // Not all at once: the bridge is written again and again while they write it.
        for (let next = 0; next < count; next += 3)
            assert.deepEqual([...(await stack.up(plugin, slice(program, next + 3)))], []);
        await adding;
        const both = Array.from({ length: count }, (_, n) => [`p${n}`, `alien${n + 1}`]).flat();
        assert.deepEqual(await ports(), both.sort());
        assert.deepEqual([...(await stack.up(plugin, base))], []);
        assert.deepEqual(await ports(), both.filter((name) => name.startsWith("alien")).sort());
        await lab.vsctl(...both.filter((name) => name.startsWith("alien")).flatMap((name) => ["--", "del-port", name]));
        await assertSound(lab, stack, base, theirs, "after others came and went");
    });

    it("who change a port of ours or delete our bridge are seen by a refresh, and the next run restores all of it", async () => {
        const program: Program = { ...base, a: internal("a0", 5), b: internal("b0", 6) };
        assert.deepEqual([...(await stack.up(plugin, program))], []);
        await lab.vsctl("set", "Port", "a0", "tag=4000");
        await stack.refresh(plugin);
        assert.equal(stack.kept.get("a")?.made.state.tag, 4000);
        assert.deepEqual([...(await stack.up(plugin, program))], []);
        await assertSound(lab, stack, program, theirs, "after a tag was changed");
        await lab.vsctl("del-br", BRIDGE);
        await stack.refresh(plugin);
        assert.deepEqual([...stack.kept.keys()], []);
        assert.deepEqual([...(await stack.up(plugin, program))], []);
        await assertSound(lab, stack, program, theirs, "after the bridge was deleted");
        assert.deepEqual([...(await stack.up(plugin, base))], []);
    });

    describe("such as libvirt", () => {
        const domain = (name: string, nics: string[]) =>
            lab.run("sh", "-euc", 'printf %s "$2" > "/run/$1.xml"', "sh", name, guest(name, nics));

        it("that starts and stops a guest 20 times leave its tap, its VLAN and its QoS; what they took of it in the kernel shows, and is put back", async () => {
            const program: Program = {
                ...base,
                gold: { type: OVS_QOS, inputs: { name: "gold", type: "linux-htb", maxRate: "50Mbit" } },
                tap: { type: TAP, inputs: { name: "g0" } },
                port: {
                    type: OVS_PORT,
                    inputs: { name: "g0", bridge: BRIDGE, tag: 30, qos: "gold" },
                    needs: ["switch", "tap", "gold"],
                },
            };
            const shaping = () => lab.run("tc", "class", "show", "dev", "g0");
            assert.deepEqual([...(await stack.up(plugin, program))], []);
            assert.match(await shaping(), /htb .*ceil 50Mbit/);
            const row = () => lab.vsctl("--columns=_uuid,tag,qos", "list", "Port", "g0");
            const before = await row();
            await domain("restarted", [ourTap("g0", "52:54:00:00:00:30")]);
            const carriers = await lab.run(
                "sh",
                "-euc",
                `for n in $(seq 20); do
                    virsh --quiet create --paused /run/restarted.xml >&2
                    cat /sys/class/net/g0/carrier
                    virsh --quiet destroy restarted >&2
                done
                virsh --quiet create --paused /run/restarted.xml`,
            );
            assert.deepEqual(carriers.split("\n"), Array<string>(20).fill("1"), "each of the guests had the tap");
            assert.equal(await row(), before);
            // libvirt gives a tap the queueing `noqueue` whenever its guest starts.
            assert.doesNotMatch(await shaping(), /htb/);
            const { id, state } = stack.kept.get("port")?.made ?? { id: "", state: {} };
            const seen = plugin.read(OVS_PORT, "port", id, program.port?.inputs, state);
            const unfinished = unfinishedOf(await seen.catch((error: unknown) => error));
            assert.match(unfinished?.reasons.join() ?? "", /its QoS is not in force.*libvirt/);
            await stack.refresh(plugin);
            assert.deepEqual([...(await stack.up(plugin, program))], []);
            assert.match(await shaping(), /htb .*ceil 50Mbit/);
            await lab.run("virsh", "--quiet", "destroy", "restarted");
            assert.deepEqual([...(await stack.up(plugin, base))], []);
        });

        it("that plug 100 ports of their own while we write the bridge: all of both are there", async () => {
            await domain("beside", Array<string>(10).fill(libvirtsOwn));
            const seen: string[] = [];
            let starts = 0;
            const starting = (async () => {
                for (; starts < 10; starts++) {
                    await lab.run("virsh", "--quiet", "create", "--paused", "/run/beside.xml");
                    seen.push(...(await ports()).filter((name) => name.startsWith("vnet")));
                    await lab.run("virsh", "--quiet", "destroy", "beside");
                }
            })();
            for (let round = 0; starts < 10; round++) {
                const program: Program = {
                    ...base,
                    ...Object.fromEntries([0, 1, 2].map((n) => [`w${n}`, internal(`w${n}`, 1 + ((round + n) % 99))])),
                    [`r${round % 4}`]: internal(`r${round % 4}`, 50),
                };
                assert.deepEqual([...(await stack.up(plugin, program))], []);
                const there = await ports();
                for (const name of ["w0", "w1", "w2", `r${round % 4}`]) assert.ok(there.includes(name), name);
            }
            await starting;
            assert.equal(seen.length, 100);
            assert.deepEqual([...(await stack.up(plugin, base))], []);
            await assertSound(lab, stack, base, theirs, "beside libvirt");
        });
    });
});

/** The switch, and so many more. */
const slice = (program: Program, count: number): Program =>
    Object.fromEntries(Object.entries(program).slice(0, count + 1));
