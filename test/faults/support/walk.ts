/** A model of a host's network: what a program may declare, step by step, and what others do on the same host. */
import { BEHIND, type FaultLab } from "./fault-lab";
import type { Chance } from "./seed";
import type { Declared, Program } from "./stack";
import type { Kind } from "./walk-kinds";
import { foreign, look } from "./world";

/** What others do to our things, where they are there. */
const MEDDLING: Readonly<Record<string, (chance: Chance, program: Program) => string[][]>> = {
    "our tag": () => [vsctl("set", "Port", "w-int0", "tag=4000")],
    "our MTU": () => [ip("link set dev w-tap1 mtu 1234")],
    "our link": (chance) => [
        ip(`link delete dev ${chance.of(["w-tap0", "w-tap2", "w-tap4", "w-lin0", "w-s1", "w-veth0"])}`),
    ],
    "our port": (chance) => [vsctl("del-port", chance.of(["w-tap1", "w-tap4", "w-s2", "w-s3", "w-g0", "w-g1"]))],
    "our switch's link": () => [ip("link set dev w-sec0 down")],
    "our flows": () => [["ovs-ofctl", "del-flows", "w-sec0"]],
    "both stacks' flows": () => [["ovs-ofctl", "del-flows", "theirs"]],
    "both stacks' meters": () => [["ovs-ofctl", "-O", "OpenFlow15", "del-meters", "theirs"]],
    "our port in their bridge": (chance) => [
        vsctl("del-port", chance.of(["w-x1", "w-x2", "w-int2", "n-s1", "n-s2", "n-int0", "n-tap0"])),
    ],
    "our meters": () => [["ovs-ofctl", "-O", "OpenFlow15", "del-meters", "w-sec0"]],
    "our mirror": () => [vsctl("clear", "Bridge", "w-ovs0", "mirrors")],
    "our exports": () => [vsctl("clear", "Bridge", "w-ovs0", "sflow"), vsctl("clear", "Bridge", "w-ovs0", "netflow")],
    "our controller": () => [["ovs-vsctl", `--db=unix:${BEHIND}`, "--timeout=30", "del-controller", "w-ovs1"]],
    "our shaping": () => [vsctl("clear", "Port", "w-tap5", "qos")],
    "our queueing": () => [["tc", "qdisc", "delete", "dev", "w-tap5", "root"]],
    "our address": () => [ip("address delete 10.99.0.1/24 dev w-lin0")],
    "our rule": () => [ip("rule delete priority 900")],
    "our setting": () => [["sysctl", "-q", "-w", "net.ipv4.conf.w-lin0.rp_filter=0"]],
    // Without our tuning it is a setting of theirs.
    "our tuning": (_, program) => ("tuned" in program ? [ip("link set dev their-tap txqueuelen 77")] : []),
};
const ip = (line: string) => ["ip", ...line.split(" ")];
const vsctl = (...words: string[]) => ["ovs-vsctl", `--db=unix:${BEHIND}`, "--timeout=30", "--if-exists", ...words];

export class Walk {
    program: Program = {};
    /** OVS bridges that hold a port of somebody else's. */
    private readonly guests = new Map<string, string>();
    private count = 0;

    /**
     * @param theirs what others have on the host; kept up to date with what they do in this walk
     * @param kinds  what its program may hold
     */
    constructor(
        private readonly lab: FaultLab,
        private readonly chance: Chance,
        public theirs: Map<string, string>,
        private readonly kinds: ReadonlyMap<string, Kind>,
    ) {}

    /** Changes the program at one place. @returns the names that a run has to look at */
    async edit(): Promise<string[]> {
        const name = this.chance.of([...this.kinds.keys()]);
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
        const kind = this.kinds.get(name) as Kind;
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
        return `somebody changes ${what}`;
    }

    private async change(): Promise<string> {
        const bridge = this.chance.of(["w-ovs0", "w-ovs1", "w-sec0"]);
        const what = this.chance.of(["foreign port", "our bridge", ...Object.keys(MEDDLING)]);
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
            case "our bridge":
                await this.lab.vsctl("--if-exists", "del-br", bridge);
                this.guests.delete(bridge);
                break;
            default:
                for (const argv of MEDDLING[what]?.(this.chance, this.program) ?? []) await this.lab.tries(...argv);
        }
        return what;
    }
}
