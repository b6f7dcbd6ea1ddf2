/** A lab's start, beside what its three daemons take alone, one after the other, in plain namespaces. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { labDown, labUp } from "../lab";
import { timed, type Measure } from "./measure";
import { ran } from "./processes";

const SILENT = { step: <T>(_: string, work: (tell: () => void) => Promise<T>) => work(() => {}), note: () => {} };

/** Starts each daemon in the folder $1 and prints how long it took until it answered [ms]. The script is constant. */
const ALONE = `
set -eu
cd "$1"
ip link set lo up
mkdir -p ovs etc run lib log cache
for pair in ovs:/var/run/openvswitch run:/run/libvirt lib:/var/lib/libvirt etc:/etc/libvirt log:/var/log/libvirt cache:/var/cache/libvirt; do
    mkdir -p "\${pair#*:}"
    mount --bind "\${pair%%:*}" "\${pair#*:}"
done
mkdir -p /etc/libvirt/qemu
printf 'stdio_handler = "file"\\nuser = "root"\\ngroup = "root"\\nsecurity_driver = "none"\\nremember_owner = 0\\ncgroup_controllers = [ ]\\nnamespaces = [ ]\\n' > /etc/libvirt/qemu.conf
ovsdb-tool create "$1/conf.db" /usr/share/openvswitch/vswitch.ovsschema
now() { date +%s%N; }
begun=$(now)
ovsdb-server "$1/conf.db" --remote=punix:/var/run/openvswitch/db.sock --pidfile --detach --log-file="$1/log/ovsdb.log" 2>/dev/null
ovs-vsctl --no-wait init
ovs-vswitchd --pidfile --detach --log-file="$1/log/vswitchd.log" 2>/dev/null
/usr/sbin/libvirtd -d -p "$1/libvirtd.pid"
virsh --connect qemu:///system version > /dev/null
ended=$(now)
echo $(( (ended - begun) / 1000 ))
`;

export function labMeasure(): Measure {
    return {
        name: "lab up, beside the sum of its daemons alone",
        bound: 3,
        rounds: 5,
        async round() {
            const folder = mkdtempSync(join(tmpdir(), "kvmnet-bench-"));
            try {
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
