/**
 * For specifications of what this machine's kernel may lack: bonding, 8021q, dummy, bridge VLAN filtering, Open vSwitch's
 * kernel datapath, vhost, netem. They run in two guests with Debian's full kernel, each file in one of them.
 *
 * To add some, write `test/kernel/NAME.kernel.ts`: mocha and node:assert as everywhere. `test/live/kernel-guest.spec.ts`
 * boots the guests and shows each of its tests as one of the normal run.
 *
 * - The files are loaded outside, too, for the titles of their tests: work belongs into hooks and tests, and each full
 *   title is there once.
 * - Inside you are root on a machine of your own, with this machine's files: the provider's host is `local`. What is
 *   written goes into RAM. /run begins empty. A link's kernel module loads itself with the link; others by `modprobe`.
 * - Files share one kernel and one Open vSwitch with others: give links and bridges names of your own and take them away after.
 * - Emulation is slow: a start of the plugin takes 5 s, and the time limit of a test is 300 s unless said otherwise.
 *
 * One file only: `KVMNET_KERNEL_SPECS=test/kernel/NAME.kernel.ts npm test -- test/live/kernel-guest.spec.ts`.
 */
import assert from "node:assert/strict";
import { existsSync, mkdirSync } from "node:fs";
import { runCommand, type CommandResult } from "../../lab/commands";

/** Output of a program that must succeed. */
export async function run(...argv: string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await tryRun(...argv);
    assert.equal(exitCode, 0, `${argv.join(" ")}: ${stderr}`);
    return stdout.trim();
}

/** A program's exit status and output, whatever they are. */
export function tryRun(...argv: string[]): Promise<CommandResult> {
    assert.ok(
        existsSync("/run/kernel-guest"),
        `${argv.join(" ")} belongs into a kernel guest: this is another machine.`,
    );
    return runCommand(argv);
}

/** What `ip`, `bridge` or `tc` says, called with its option for JSON. */
export const runJson = async <Shape>(...argv: string[]): Promise<Shape> =>
    JSON.parse((await run(...argv)) || "[]") as Shape;

let ovs: Promise<void> | undefined;

/** Starts the guest's Open vSwitch with both datapaths, an empty database and the usual socket; once for all files. */
export function startOvs(): Promise<void> {
    return (ovs ??= startDaemons());
}

async function startDaemons(): Promise<void> {
    await run("modprobe", "openvswitch");
    mkdirSync("/run/openvswitch", { recursive: true });
    const [database, socket] = ["/run/openvswitch/conf.db", "/run/openvswitch/db.sock"];
    const daemon = (name: string) => ["--no-chdir", "--pidfile", "--detach", `--log-file=/run/openvswitch/${name}.log`];
    await run("ovsdb-tool", "create", database, "/usr/share/openvswitch/vswitch.ovsschema");
    await run("ovsdb-server", database, `--remote=punix:${socket}`, ...daemon("ovsdb-server"));
    await run("ovs-vsctl", "--no-wait", "init");
    await run("ovs-vswitchd", `unix:${socket}`, ...daemon("ovs-vswitchd"));
}
