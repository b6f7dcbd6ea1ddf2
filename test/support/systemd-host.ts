/**
 * A host that real systemd runs, for what is kept running by units: in namespaces of its own, over this machine's files, of
 * which it changes none. It knows no unit but those that a test writes, so that none of the machine's is started in there.
 */
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { resolve } from "node:path";
import { eventually } from "./eventually";

export const SYSTEMD = "/lib/systemd/systemd";

/** Takes the folders that are to be as they are outside. The script is constant. */
const BOOT = `
set -eu
mount -t tmpfs tmpfs /mnt
mkdir /mnt/upper /mnt/work /mnt/root
mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work /mnt/root
cd /mnt/root
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount -t sysfs sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount --rbind /dev dev
for folder in run tmp usr/lib/systemd/system usr/lib/systemd/system-generators etc/systemd/system; do
    mount -t tmpfs tmpfs "$folder"
done
for folder in "$@"; do
    mkdir -p ".$folder"
    mount --rbind "$folder" ".$folder"
done
for target in sysinit basic network multi-user shutdown; do
    printf '[Unit]\\nDefaultDependencies=no\\n' > "usr/lib/systemd/system/$target.target"
done
exec chroot . ${SYSTEMD} --system --unit=multi-user.target --log-target=console --show-status=0
`;

export class SystemdHost {
    private constructor(private readonly child: ChildProcess) {}

    /** @throws Error with systemd's own words where it does not come up */
    static async up(): Promise<SystemdHost> {
        const shared = [resolve("."), resolve(homedir(), ".cache/kvmnet")].filter((folder) => existsSync(folder));
        const apart = ["--pid", "--fork", "--kill-child", "--mount", "--net", "--uts", "--ipc", "--cgroup"];
        // It ends with this process, however that ends.
        const child = spawn(
            "setpriv",
            ["--pdeathsig", "KILL", "unshare", ...apart, "sh", "-c", BOOT, "sh", ...shared],
            { stdio: ["ignore", "pipe", "pipe"], env: { PATH: process.env.PATH, container: "kvmnet" } },
        );
        let words = "";
        for (const stream of [child.stdout, child.stderr])
            stream.on("data", (text: Buffer) => (words += text.toString()));
        try {
            const host = new SystemdHost(child);
            await eventually(async () => {
                if (child.exitCode !== null) return;
                const { stdout, stderr } = await host.run("systemctl", "is-system-running");
                if (stdout.trim() !== "running") throw new Error(stdout + stderr);
            });
            if (child.exitCode !== null) throw new Error(`It ended with ${child.exitCode}.`);
            return host;
        } catch (cause) {
            child.kill("SIGKILL");
            throw new Error(`systemd did not come up: ${words}`, { cause });
        }
    }

    /** Runs a program in there. */
    run(program: string, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
        const systemd = childOf(this.child.pid as number);
        const inside = ["--target", systemd, "--all", "--root", `--wdns=${resolve(".")}`, "--", program, ...args];
        return new Promise((done) => {
            execFile("nsenter", inside, (error, stdout, stderr) =>
                done({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
            );
        });
    }

    async down(): Promise<void> {
        const ended = once(this.child, "close");
        this.child.kill("SIGKILL");
        await ended;
    }
}

const childOf = (parent: number): string =>
    readFileSync(`/proc/${parent}/task/${parent}/children`, "utf8").split(" ")[0] ?? "";
