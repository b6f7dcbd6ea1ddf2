import assert from "node:assert/strict";
import type { Bag } from "../../provider/wire";
import { FakeEngine } from "../provider/fake-engine";
import { Plugin } from "../provider/plugin";
import { labName } from "../support/labs";
import { argv } from "../support/object-life";
import { workingOn } from "../support/operator";
import { ProviderLab } from "./provider-lab";

const MANY = 40;
/** By kind, one of many that stand beside each other. */
const KINDS: Readonly<Record<string, (index: number) => Bag>> = {
    "host:Tap": (index) => ({ name: `bt${index}` }),
    "host:Bridge": (index) => ({ name: `bb${index}` }),
    "host:Veth": (index) => ({ name: `bv${index}`, peer: `bw${index}` }),
    "host:BridgePort": (index) => ({ name: `be${index}`, bridge: "br9" }),
    "host:Address": (index) => ({ link: "br9", address: `10.66.${index}.1/24` }),
    "host:Route": (index) => ({ destination: `10.67.${index}.0/24`, link: "br9" }),
    "host:Rule": (index) => ({ priority: 1000 + index, from: `10.68.${index}.0/24`, table: "100" }),
    "host:Neighbor": (index) => ({ link: "br9", address: `10.69.0.${index + 1}`, mac: "52:54:00:00:00:01" }),
    "host:Sysctl": (index) => ({ key: `net.ipv4.conf.be${index}.rp_filter`, value: String(1 + (index % 2)) }),
    "ovs:Port": (index) => ({ name: `be${index}`, bridge: "br-ovs", tag: 100 + index }),
    "ovs:Mirror": (index) => ({ name: `m${index}`, bridge: "br-ovs", selectAll: true, outputVlan: 100 + index }),
};

describe("many of a kind at the same moment, on a host that somebody works on", function () {
    this.timeout(300_000);
    const lab = new ProviderLab(labName("in-bulk"));
    const engine = new FakeEngine();
    let address: string;
    let leave: () => Promise<void>;
    const ip = (line: string) => lab.run("ip", ...argv(line));
    const each = <Result>(work: (index: number) => Promise<Result>) =>
        Promise.all(Array.from({ length: MANY }, (_, index) => work(index)));

    before(async () => {
        await lab.up();
        ({ leave } = await workingOn(lab.name, lab.run.bind(lab)));
        await ip("link add name br9 type bridge");
        await ip("link set dev br9 up");
        await each((index) => ip(`link add name be${index} type veth peer name bf${index}`));
        await lab.vsctl("add-br", "br-ovs", "--", "set", "Bridge", "br-ovs", "datapath_type=netdev");
        address = await engine.start();
    });
    after(async () => {
        engine.stop();
        await leave?.();
        await lab.down();
    });

    /** The work of a plugin of its own, with what that tells of it. */
    const toldOf = async <Result>(work: (plugin: Plugin) => Promise<Result>) => {
        engine.debugged.length = 0;
        const plugin = await Plugin.start(lab.host, address);
        const result = await work(plugin);
        await plugin.stop();
        return { result, told: engine.debugged.join("\n").split("\n") };
    };
    const listings = (told: string[]) => told.filter((line) => line.includes(" links were listed "));

    for (const [kind, inputs] of Object.entries(KINDS))
        it(`take no program each, from create over refresh to delete: ${kind}`, async () => {
            const type = `kvmnet:${kind}`;
            const { told } = await toldOf(async (plugin) => {
                const made = await each((index) => plugin.create(type, `r${index}`, inputs(index)));
                await each(async (index) => {
                    const { id = "", state = {} } = made[index] ?? {};
                    assert.equal((await plugin.read(type, `r${index}`, id, inputs(index), state)).id, id);
                });
                await each((index) => plugin.delete(type, `r${index}`, made[index] ?? { id: "", state: {} }));
            });
            const programs = told.filter((line) => line.includes("` ended with "));
            assert(told.length > 1, "what is run is told");
            assert(programs.length < MANY, programs.join("\n"));
        });

    it("have their links listed once before they are made as one set, and once while the switch takes them up", async () => {
        const names = Array.from({ length: MANY }, (_, index) => `bs${index}`);
        const set = { bridge: "br-ovs", ports: Object.fromEntries(names.map((name) => [name, { tap: {} }])) };
        const { result: made, told } = await toldOf((plugin) => plugin.create("kvmnet:ovs:PortSet", "set", set));
        await toldOf((plugin) => plugin.delete("kvmnet:ovs:PortSet", "set", made));
        assert.equal(listings(told).length, 2, told.join("\n"));
    });

    it("need no list of links to tell that the switch hears those that it has just taken up", async () => {
        const type = "kvmnet:ovs:Port";
        const inputs = KINDS["ovs:Port"] as (index: number) => Bag;
        const { result: made, told } = await toldOf((plugin) =>
            each((index) => plugin.create(type, `r${index}`, inputs(index))),
        );
        await toldOf((plugin) =>
            each((index) => plugin.delete(type, `r${index}`, made[index] ?? { id: "", state: {} })),
        );
        const plugged = told.findLastIndex((line) => line.includes(" a transaction of "));
        assert.deepEqual(listings(told.slice(plugged + 1)), []);
    });
});
