/** A lab for measures: a real database and switch with one bridge, programs that run in there, and emptying it again. */
import { commandInLab, labDown, labUp } from "../../lab";
import { labPaths } from "../../schemas/lab-paths";
import { ran } from "../processes";
import { isPort } from "./wanted";
import { RawOvsdb, type Operation } from "./raw-ovsdb";

const SILENT = { step: <T>(_: string, work: (tell: () => void) => Promise<T>) => work(() => {}), note: () => {} };

/** A group of links that nothing else in the lab uses: one request deletes all of its members. */
const DOOMED = "7077";

/** The bridge of all measures, on the datapath that every machine has, with the MAC it keeps whatever is plugged. */
export const BRIDGE = "br0";
const MAC = "02:00:00:00:00:01";

/** Those that are up. */
const standing = new Set<string>();

// Ctrl-C ends the measuring as much as the last round does: what was started for it goes first.
for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => {
        void Promise.all([...standing].map((name) => labDown(name))).finally(() => process.exit(1));
    });

export class BenchLab {
    readonly host: string;
    /** Where its switch database listens. */
    readonly socket: string;

    private constructor(
        private readonly name: string,
        readonly db: RawOvsdb,
    ) {
        this.host = `lab://${name}`;
        this.socket = labPaths(name).ovsdbSocket;
    }

    static async up(name: string): Promise<BenchLab> {
        await labDown(name);
        standing.add(name);
        await labUp(name, SILENT);
        const lab = new BenchLab(name, await RawOvsdb.connect(labPaths(name).ovsdbSocket));
        const settings = ["set", "Bridge", BRIDGE, "datapath_type=netdev", `other_config:hwaddr="${MAC}"`];
        await lab.run(["ovs-vsctl", "add-br", BRIDGE, "--", ...settings]);
        return lab;
    }

    async down(): Promise<void> {
        this.db.close();
        await labDown(this.name);
        standing.delete(this.name);
    }

    /** Runs a program in the lab as the provider does: by its namespaces. @returns what it printed */
    run(argv: readonly string[], input?: string): Promise<string> {
        const [program = "", ...args] = commandInLab(this.name, argv);
        return ran(program, args, { input });
    }

    /** Runs lines as one `ip -batch`. */
    ip = (lines: readonly string[]): Promise<string> => this.run(["ip", "-batch", "-"], `${lines.join("\n")}\n`);

    /** Removes taps that nothing is plugged into. */
    remove = (taps: readonly string[]): Promise<string> => this.ip(deletingTogether(taps));

    /** Plugs everything out of the bridge and removes every tap, whoever made them. */
    async empty(): Promise<void> {
        const ports = await this.ports();
        if (ports.length > 0) await this.db.commit([unplugging(ports.map(({ uuid }) => uuid))]);
        const taps = await this.taps();
        if (taps.length > 0) await this.remove(taps);
    }

    /** The bridge's ports but its own. */
    async ports(): Promise<{ name: string; tag: unknown; uuid: unknown }[]> {
        const where = [["name", "!=", BRIDGE]];
        const [found] = await this.db.transact([
            { op: "select", table: "Port", where, columns: ["name", "tag", "_uuid"] },
        ]);
        const { rows } = found as { rows: { name: string; tag: unknown; _uuid: unknown }[] };
        return rows.map(({ name, tag, _uuid }) => ({ name, tag, uuid: _uuid }));
    }

    /** The taps of ports; the switch has some of its own for its bridges, and spins when they vanish. */
    async taps(): Promise<string[]> {
        const links = JSON.parse(await this.run(["ip", "-json", "link", "show"])) as { ifname: string }[];
        return links.map(({ ifname }) => ifname).filter((name) => isPort(name));
    }
}

/** One change of the bridge for all ports. */
export const unplugging = (uuids: readonly unknown[]): Operation => ({
    op: "mutate",
    table: "Bridge",
    where: [["name", "==", BRIDGE]],
    mutations: [["ports", "delete", ["set", uuids]]],
});

/** The kernel waits once for a group, and once for every link that is deleted alone. */
export const deletingTogether = (links: readonly string[]): string[] => [
    ...links.map((link) => `link set dev ${link} group ${DOOMED}`),
    `link delete group ${DOOMED}`,
];
