/** A model of a host's network: what a program may declare, step by step, and what others do on the same host. */
import type { Bag } from "../../../provider/wire";
import type { FaultLab } from "./fault-lab";
import { BRIDGE_PORT, LINUX_BRIDGE, OVS_BRIDGE, OVS_PORT, TAP } from "./invariants";
import type { Chance } from "./seed";
import type { Declared, Program } from "./stack";
import { foreign, look } from "./world";

/** One thing that a program may hold: what never changes of it, and what does. */
interface Kind {
    type: string;
    fixed: Bag;
    needs: string[];
    varied(chance: Chance): Bag;
}

const vlans = (chance: Chance): Bag =>
    chance.of<Bag>([
        {},
        { tag: 1 + chance.pick(4094) },
        { vlanMode: "trunk", trunks: [`${10 + chance.pick(5)}-20`, String(100 + chance.pick(9))] },
        { vlanMode: "native-untagged", tag: 5, trunks: ["6", "7"] },
    ]);
const mtu = (chance: Chance): Bag => ({ mtu: chance.of([1300, 1400, 1500]) });

const tap = (name: string): [string, Kind] => [
    name,
    {
        type: TAP,
        fixed: { name },
        needs: [],
        varied: (chance) => ({ ...mtu(chance), ...(chance.pick(6) === 0 ? { multiQueue: true } : {}) }),
    },
];
const ovsPort = (name: string, bridge: string, type: "system" | "internal"): [string, Kind] => [
    `port ${name}`,
    {
        type: OVS_PORT,
        fixed: { name, bridge, type },
        needs: type === "system" ? [bridge, name] : [bridge],
        varied: vlans,
    },
];
const ovsBridge = (name: string): [string, Kind] => [
    name,
    {
        type: OVS_BRIDGE,
        fixed: { name, datapathType: "netdev" },
        needs: [],
        varied: (chance) => ({
            failMode: chance.of(["standalone", "secure"]),
            ...(chance.pick(2) === 0 ? { mac: `52:54:00:00:00:0${chance.pick(9)}` } : {}),
        }),
    },
];
const linuxBridge = (name: string): [string, Kind] => [
    name,
    { type: LINUX_BRIDGE, fixed: { name }, needs: [], varied: mtu },
];
const plug = (name: string, bridge: string): [string, Kind] => [
    `plug ${name}`,
    { type: BRIDGE_PORT, fixed: { name, bridge }, needs: [bridge, name], varied: () => ({}) },
];

/** All that the walk's programs choose from, by logical name. */
const KINDS: ReadonlyMap<string, Kind> = new Map([
    ...["w-ovs0", "w-ovs1"].map(ovsBridge),
    ...["w-tap0", "w-tap1", "w-tap2", "w-tap3"].map(tap),
    ovsPort("w-tap0", "w-ovs0", "system"),
    ovsPort("w-tap1", "w-ovs1", "system"),
    ovsPort("w-int0", "w-ovs0", "internal"),
    ovsPort("w-int1", "w-ovs1", "internal"),
    linuxBridge("w-lin0"),
    plug("w-tap2", "w-lin0"),
    plug("w-tap3", "w-lin0"),
]);

export class Walk {
    program: Program = {};
    /** OVS bridges that hold a port of somebody else's. */
    private readonly guests = new Map<string, string>();
    private count = 0;

    /** @param theirs what others have on the host; kept up to date with what they do in this walk */
    constructor(
        private readonly lab: FaultLab,
        private readonly chance: Chance,
        public theirs: Map<string, string>,
    ) {}

    /** Changes the program at one place. @returns the names that a run has to look at */
    async edit(): Promise<string[]> {
        const name = this.chance.of([...KINDS.keys()]);
        if (name in this.program && this.chance.pick(3) === 0) {
            await this.drop(name);
            return [];
        }
        return this.declare(name);
    }

    /** The end of all that the program holds. */
    async clear(): Promise<void> {
        for (const name of Object.keys(this.program)) await this.drop(name);
    }

    private declare(name: string): string[] {
        const kind = KINDS.get(name) as Kind;
        const missing = kind.needs.filter((need) => !(need in this.program)).flatMap((need) => this.declare(need));
        const declared: Declared = {
            type: kind.type,
            inputs: { ...kind.fixed, ...kind.varied(this.chance) },
            needs: kind.needs,
        };
        this.program = { ...this.program, [name]: declared };
        return [...missing, name];
    }

    /** With all that needs it. A bridge with somebody else's port in it is not removed, so that port goes first. */
    private async drop(name: string): Promise<void> {
        for (const [other, { needs }] of Object.entries(this.program))
            if (needs?.includes(name)) await this.drop(other);
        const guest = this.guests.get(name);
        if (guest) await this.lab.vsctl("--if-exists", "del-port", name, guest);
        for (const table of ["Port", "Interface"]) this.theirs.delete(`${table} ${guest}`);
        this.guests.delete(name);
        this.program = Object.fromEntries(Object.entries(this.program).filter(([other]) => other !== name));
    }

    /** Something that another person does, to our things or beside them. */
    async meddle(): Promise<string> {
        const what = await this.change();
        this.theirs = foreign(await look(this.lab));
        return what;
    }

    private async change(): Promise<string> {
        const bridge = this.chance.of(["w-ovs0", "w-ovs1"]);
        const what = this.chance.of(["foreign port", "our tag", "our MTU", "our link", "our port", "our bridge"]);
        const there = async (...find: string[]) => (await this.lab.tries(...find)) === 0;
        const has = (name: string) => there("ovs-vsctl", "--timeout=30", "br-exists", name);
        switch (what) {
            case "foreign port": {
                if (!(await has(bridge)) || this.guests.has(bridge)) break;
                const name = `alien${this.count++}`;
                const internal = ["--", "set", "Interface", name, "type=internal", "external_ids:theirs=yes"];
                await this.lab.vsctl("add-port", bridge, name, `tag=${1 + this.count}`, ...internal);
                this.guests.set(bridge, name);
                break;
            }
            case "our tag":
                await this.lab.vsctl("--if-exists", "set", "Port", "w-int0", "tag=4000");
                break;
            case "our MTU":
                await this.lab.tries("ip", "link", "set", "dev", "w-tap1", "mtu", "1234");
                break;
            case "our link":
                await this.lab.tries("ip", "link", "delete", "dev", this.chance.of(["w-tap0", "w-tap2", "w-lin0"]));
                break;
            case "our port":
                await this.lab.vsctl("--if-exists", "del-port", "w-tap1");
                break;
            case "our bridge":
                await this.lab.vsctl("--if-exists", "del-br", bridge);
                this.guests.delete(bridge);
        }
        return what;
    }
}
