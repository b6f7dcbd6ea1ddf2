/** A lab whose daemons a test stops, kills and starts again, with a proxy before its switch database. */
import { setTimeout as sleep } from "node:timers/promises";
import { runInLab } from "../../../lab";
import { labPaths } from "../../../schemas/lab-paths";
import { ProviderLab } from "../../live/provider-lab";
import { OvsdbProxy } from "./ovsdb-proxy";

export type Daemon = "ovsdb-server" | "ovs-vswitchd";

/** Where the database listens once the proxy has its place; the switch and our own eyes look there. */
export const BEHIND = "/run/openvswitch/behind.sock";
export const DATABASE = "/etc/openvswitch/conf.db";
const QUIET = ["--no-chdir", "--pidfile", "--detach", "--log-file", "--verbose=console:off", "--verbose=syslog:off"];

export class FaultLab {
    readonly host: string;
    readonly proxy: OvsdbProxy;
    private readonly lab: ProviderLab;

    constructor(readonly name: string) {
        this.lab = new ProviderLab(name);
        this.host = this.lab.host;
        const { ovsdbSocket } = labPaths(name);
        this.proxy = new OvsdbProxy(ovsdbSocket, ovsdbSocket.replace(/[^/]*$/, "behind.sock"));
    }

    async up(): Promise<void> {
        await this.lab.up();
        await this.kill("ovs-vswitchd");
        await this.kill("ovsdb-server");
        await this.start("ovsdb-server");
        await this.start("ovs-vswitchd");
        await this.proxy.listen();
    }

    async down(): Promise<void> {
        this.proxy.close();
        await this.lab.down();
    }

    /** Output of a program in the lab that must succeed. */
    run = (...argv: string[]): Promise<string> => this.lab.run(...argv);
    vsctl = (...argv: string[]): Promise<string> =>
        this.run("ovs-vsctl", `--db=unix:${BEHIND}`, "--timeout=30", ...argv);
    /** What `ovsdb-client transact` answers, one result an operation. */
    query = async (...operations: object[]): Promise<unknown[]> =>
        JSON.parse(
            await this.run(
                "ovsdb-client",
                "transact",
                `unix:${BEHIND}`,
                JSON.stringify(["Open_vSwitch", ...operations]),
            ),
        ) as unknown[];

    /** A program that may fail: its exit status. */
    tries = async (...argv: string[]): Promise<number> => (await runInLab(this.name, argv)).exitCode;

    /** @param signal without SIG: `STOP` */
    signal = (daemon: Daemon, signal: string): Promise<string> =>
        this.run("sh", "-c", 'kill "-$1" "$(cat "/run/openvswitch/$2.pid")"', "sh", signal, daemon);

    /** Kills it as a lack of memory does, and comes back when it is gone. */
    async kill(daemon: Daemon): Promise<void> {
        const pid = await this.run("cat", `/run/openvswitch/${daemon}.pid`);
        await this.signal(daemon, "KILL");
        while ((await this.tries("kill", "-0", pid)) === 0) await sleep(5);
    }

    start = (daemon: Daemon, database = DATABASE): Promise<string> =>
        this.run(
            daemon,
            ...(daemon === "ovsdb-server" ? [database, `--remote=punix:${BEHIND}`] : [`unix:${BEHIND}`]),
            ...QUIET,
        );

    /**
     * Starts the database's server anew, and the switch with it: one that was not restarted waits longer each time before
     * it looks for its database again, up to 8 s.
     */
    async revive(database = DATABASE): Promise<void> {
        await this.start("ovsdb-server", database);
        await this.kill("ovs-vswitchd");
        await this.start("ovs-vswitchd");
    }
}
