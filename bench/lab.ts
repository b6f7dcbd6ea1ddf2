/** A lab's start, beside what its three daemons take alone, one after the other, in plain namespaces. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { labDown, labUp } from "../lab";
import { LIBVIRT_ACCOUNT, withAccount } from "../lab/host/folders";
import { LIBVIRT_SETTINGS } from "../lab/host/libvirt-settings";
import { timed, type Measure } from "./measure";
import { ran } from "./processes";

const SILENT = { step: <T>(_: string, work: (tell: () => void) => Promise<T>) => work(() => {}), note: () => {} };

/**
 * Starts the daemons in the folder $1, one after the other, and prints how long they took until each answered [us].
 * The script is constant; /run is a private one, so that nothing of the machine is touched.
 */
const ALONE = `
set -eu
cd "$1"
ip link set lo up
mount -t tmpfs tmpfs /run
mkdir -p /run/libvirt /run/openvswitch lib cache/libvirt log/libvirt log/openvswitch
for pair in etc/libvirt:/etc/libvirt lib:/var/lib cache:/var/cache log:/var/log; do
    mount --bind "\${pair%%:*}" "\${pair#*:}"
done
for file in passwd group; do mount --bind "etc/$file" "/etc/$file"; done
ovsdb-tool create "$1/conf.db" /usr/share/openvswitch/vswitch.ovsschema
begun=$(date +%s%N)
ovsdb-server "$1/conf.db" --remote=punix:/run/openvswitch/db.sock --no-chdir --pidfile --detach --log-file="$1/log/ovsdb.log" --verbose=console:off --verbose=syslog:off
ovs-vsctl --no-wait init
ovs-vswitchd unix:/run/openvswitch/db.sock --no-chdir --pidfile --detach --log-file="$1/log/vswitchd.log" --verbose=console:off --verbose=syslog:off
libvirtd --daemon --pid-file /run/libvirt/libvirtd.pid
virsh --quiet --connect qemu:///system uri > /dev/null
ended=$(date +%s%N)
echo $(( (ended - begun) / 1000 ))
`;

/** What libvirtd needs to start in a folder of its own: the lab's settings and accounts. */
function layOut(folder: string): void {
    mkdirSync(join(folder, "etc/libvirt"), { recursive: true });
    for (const [file, text] of Object.entries(LIBVIRT_SETTINGS)) writeFileSync(join(folder, "etc/libvirt", file), text);
    for (const file of ["passwd", "group"] as const) {
        const accounts = readFileSync(join("/etc", file), "utf8");
        writeFileSync(join(folder, "etc", file), withAccount(accounts, LIBVIRT_ACCOUNT[file]));
    }
}

export function labMeasure(): Measure {
    return {
        name: "lab up, beside the sum of its daemons alone",
        bound: 3,
        rounds: 5,
        async round() {
            const folder = mkdtempSync(join(tmpdir(), "kvmnet-bench-"));
            try {
                layOut(folder);
                const args = [
                    "--net",
                    "--mount",
                    "--pid",
                    "--fork",
                    "--mount-proc",
                    "--kill-child",
                    "bash",
                    "-c",
                    ALONE,
                    "alone",
                    folder,
                ];
                const theirs = Number(await ran("unshare", args)) / 1000;
                const ours = await timed(() => labUp("bench", SILENT));
                return { ours, theirs };
            } finally {
                await labDown("bench");
                rmSync(folder, { recursive: true, force: true });
            }
        },
    };
}
