/** What runs in a lab: Open vSwitch's database and switch, and libvirt. */
import { createConnection } from "node:net";
import { labPaths } from "../../schemas/lab-paths";
import { lastLines, PLAIN_ENV, readIfThere, runCommand } from "../commands";
import type { ProcessIdentity } from "../../schemas/lab-record";
import { entering } from "./namespaces";

export const DAEMONS = ["ovsdb-server", "ovs-vswitchd", "libvirtd"] as const;
export type Daemon = (typeof DAEMONS)[number];

/**
 * Each program goes to the background by itself once it serves, so each of these ends when its part is ready. libvirtd
 * listens before its drivers work; the first answer comes when they do.
 */
const STARTS: Readonly<Record<Daemon, string>> = {
    "ovsdb-server": `
        [ -e /etc/openvswitch/conf.db ] || ovsdb-tool create /etc/openvswitch/conf.db /usr/share/openvswitch/vswitch.ovsschema
        ovsdb-server /etc/openvswitch/conf.db --remote=punix:/run/openvswitch/db.sock --no-chdir \\
            --remote=db:Open_vSwitch,Open_vSwitch,manager_options \\
            --private-key=db:Open_vSwitch,SSL,private_key --certificate=db:Open_vSwitch,SSL,certificate \\
            --bootstrap-ca-cert=db:Open_vSwitch,SSL,ca_cert \\
            --pidfile --detach --log-file --verbose=console:off --verbose=syslog:off
        ovs-vsctl --no-wait init`,
    "ovs-vswitchd": `
        ovs-vswitchd unix:/run/openvswitch/db.sock --no-chdir --pidfile --detach --log-file --verbose=console:off --verbose=syslog:off`,
    libvirtd: `
        libvirtd --daemon --pid-file /run/libvirt/libvirtd.pid
        virsh --quiet --connect qemu:///system uri`,
};

/** That of a service of the machine, whatever the caller's is: what libvirt starts reads its files without root's rights. */
const UMASK = "umask 022";

/** How long a daemon may take to serve or to answer [ms]; it takes a fraction of a second. */
const PATIENCE_MS = 30_000;

/** Starts these daemons in the lab and comes back when they serve: the switch after its database, libvirt beside both. */
export async function startDaemons(name: string, first: ProcessIdentity, daemons: readonly Daemon[]): Promise<void> {
    const switching = daemons.filter((daemon) => daemon !== "libvirtd");
    const chains = [switching, daemons.filter((daemon) => daemon === "libvirtd")].filter((chain) => chain.length > 0);
    await Promise.all(
        chains.map(async (chain) => {
            const script = [UMASK, ...chain.map((daemon) => STARTS[daemon])].join("\n");
            const result = await runCommand(entering(first, ["sh", "-euc", script, "kvmnet-start"]), {
                env: PLAIN_ENV,
                timeoutMs: PATIENCE_MS,
                called: `The start of ${chain.join(" and ")} in the lab ${name}`,
            });
            if (result.exitCode === 0) return;
            throw new Error(
                `${chain.join(" and ")} did not start in the lab ${name}:\n${lastLines(result.stderr)}\n` +
                    chain.map((daemon) => lastLines(readIfThere(daemonLog(name, daemon)), 5)).join("\n"),
            );
        }),
    );
}

/**
 * Comes back when libvirt answers a question: one that is stopped or stuck still accepts connections.
 *
 * @throws Error when it does not answer in time
 */
export async function awaitLibvirt(name: string, first: ProcessIdentity, timeoutMs = PATIENCE_MS): Promise<void> {
    const { exitCode, stderr } = await runCommand(
        entering(first, ["virsh", "--quiet", "--connect", "qemu:///system", "uri"]),
        { env: PLAIN_ENV, timeoutMs, called: `virsh in the lab ${name}` },
    ).catch((cause: Error) => {
        throw new Error(`libvirtd does not answer: ${cause.message} ${remedy(name)}`, { cause });
    });
    if (exitCode !== 0) throw new Error(`libvirtd does not answer: ${lastLines(stderr)}\n${remedy(name)}`);
}

const remedy = (name: string) =>
    `If it was stopped, let it go on (kill -CONT); else make the lab anew: kvmnet lab down ${name}, then kvmnet lab up ${name}.`;

/** Where a daemon of the lab writes what it has to say. */
export function daemonLog(name: string, daemon: Daemon): string {
    const { folder } = labPaths(name);
    return daemon === "libvirtd" ? `${folder}/log/libvirt/libvirtd.log` : `${folder}/log/openvswitch/${daemon}.log`;
}

/** The daemons of a lab that do not answer. */
export async function silentDaemons(name: string): Promise<Daemon[]> {
    const answers = await Promise.all(DAEMONS.map((daemon) => isAnswering(socketOf(name, daemon))));
    return DAEMONS.filter((_, index) => !answers[index]);
}

function socketOf(name: string, daemon: Daemon): string {
    const { ovsdbSocket, libvirtSocket, folder } = labPaths(name);
    if (daemon === "ovsdb-server") return ovsdbSocket;
    if (daemon === "libvirtd") return libvirtSocket;
    return `${folder}/openvswitch/ovs-vswitchd.${readIfThere(`${folder}/openvswitch/ovs-vswitchd.pid`).trim()}.ctl`;
}

/** Whether somebody listens: a daemon that died leaves its socket, on which the kernel refuses. */
function isAnswering(socket: string): Promise<boolean> {
    return new Promise((resolve) => {
        const connection = createConnection(socket);
        connection.on("connect", () => resolve(true)).on("error", () => resolve(false));
        connection.on("connect", () => connection.destroy());
    });
}
