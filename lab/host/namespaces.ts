/** A lab's namespaces: network, mounts and processes of its own, held by one small first process. */
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { labPaths } from "../../schemas/lab-paths";
import { cacheRoot } from "../cache";
import { lastLines, PLAIN_ENV } from "../commands";
import type { ProcessIdentity } from "../../schemas/lab-record";
import { parseStat } from "../processes";
import { PRIVATE_FILES, PRIVATE_FOLDERS } from "./folders";

/**
 * The first process. It says who it is as the machine numbers it, waits for leave, makes the lab's own view of the file
 * system, says so, and waits until it shall stay. Where its maker dies before that, its input ends, so it ends, and the
 * kernel ends everything in its namespace. Afterwards it only reaps: while a shell waits it collects every orphan, and
 * a namespace's first process is deaf to signals but SIGKILL from outside.
 *
 * $1 folder of the lab, $2 folder of the cache; then pairs of what is private and the place it covers
 */
const FIRST_PROCESS = `
read -r stat </proc/self/stat
echo "$stat"
read -r leave

umask 022
lab=$1 cache=$2
shift 2
mount -t tmpfs -o mode=755 kvmnet-run "$lab/run"
mkdir -p "$lab/run/\${lab#/run/}" "$lab/run/kvmnet/cache" "$lab/run/lock" "$lab/run/openvswitch" "$lab/run/libvirt"
mount --bind "$lab" "$lab/run/\${lab#/run/}"
mount --bind "$cache" "$lab/run/kvmnet/cache"
mount --bind "$lab/openvswitch" "$lab/run/openvswitch"
mount --bind "$lab/libvirt" "$lab/run/libvirt"
while [ $# -gt 0 ]; do
    mount --bind "$1" "$2"
    shift 2
done
mount --rbind "$lab/run" /run
mount --bind /run/kvmnet/cache/libvirt /var/cache/libvirt
if [ ! -d "$cache" ]; then
    mkdir -p "$cache"
    mount --bind /run/kvmnet/cache "$cache"
fi

umount --lazy --recursive /sys
mount -t sysfs -o nosuid,nodev,noexec kvmnet-sys /sys
mount -t tmpfs -o nosuid,nodev kvmnet-shm /dev/shm
mount -t proc -o nosuid,nodev,noexec kvmnet-proc /proc
ip link set lo up
# Programs that look names up only where the host has an address (AI_ADDRCONFIG) do not count 127.0.0.1 as one.
ip address add 127.0.0.2/8 dev lo
echo ready
read -r stay

exec </dev/null >/dev/null 2>&1
set +e
cd /
while :; do
    sleep infinity &
    wait $!
done
`;

/** Namespaces that are there but hold only until somebody says that they shall stay. */
export interface NewNamespaces extends ProcessIdentity {
    /** From now on they outlive the process that made them. */
    stay(): Promise<void>;
}

/**
 * Makes a lab's namespaces.
 *
 * @param announced called with the first process before it changes anything, so that it can be found should we be killed
 * @throws          Error with what was refused
 */
export async function makeNamespaces(
    name: string,
    announced: (first: ProcessIdentity) => void,
): Promise<NewNamespaces> {
    const { folder } = labPaths(name);
    const covers = [
        ...Object.entries(PRIVATE_FOLDERS).flatMap(([inside, place]) => [`${folder}/${inside}`, place]),
        ...PRIVATE_FILES.flatMap((file) => [`${folder}/etc/${file}`, `/etc/${file}`]),
    ];
    const script = `${folder}/first-process`;
    writeFileSync(script, FIRST_PROCESS);
    const flags = ["--net", "--mount", "--propagation", "private", "--pid", "--fork"];
    const argv = [...flags, "sh", "-eu", script, folder, cacheRoot(), ...covers];
    const child = spawn("unshare", argv, { cwd: "/", env: PLAIN_ENV, detached: true, stdio: "pipe" });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
    child.stdin.on("error", () => undefined);
    const failed = new Promise<never>((_, reject) => {
        child.on("error", (cause) => reject(new Error(refusal(name, cause.message), { cause })));
        child.on("close", () => reject(new Error(refusal(name, lastLines(said, 3)))));
    });
    failed.catch(() => undefined);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const nextLine = async (): Promise<string> => {
        const line: IteratorResult<string, undefined> = await Promise.race([lines.next(), failed]);
        return line.done ? failed : line.value;
    };

    const { pid, startTime } = parseStat(await nextLine());
    announced({ pid, startTime });
    child.stdin.write("go\n");
    await nextLine();
    return {
        pid,
        startTime,
        stay: async () => {
            await new Promise((sent) => child.stdin.end("stay\n", () => sent(undefined)));
            child.stdout.destroy();
            child.stderr.destroy();
            child.removeAllListeners();
            child.unref();
        },
    };
}

function refusal(name: string, said: string): string {
    return (
        `The lab ${name} could not get namespaces of its own: ${said || "no reason was given"}. ` +
        "Run as root, and in a container only with --privileged (it has to mount and to make network namespaces)."
    );
}

/** The command line that runs `argv` inside: the lab's network, files and processes. */
export function entering({ pid }: ProcessIdentity, argv: readonly string[]): string[] {
    return ["nsenter", "--target", String(pid), "--net", "--mount", "--pid", "--wd=/", "--", ...argv];
}
