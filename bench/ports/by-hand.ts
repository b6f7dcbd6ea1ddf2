/** What a person would write to make, change and remove many ports with their taps: the floors that we are measured against. */
import { BRIDGE, deletingTogether, unplugging, type BenchLab } from "./bench-lab";
import type { Operation } from "./raw-ovsdb";
import type { Wanted } from "./wanted";

/** As long as a mark of ours is, so that both sides write as much. */
const markOf = ({ name }: Wanted) => `kvmnet:0123456789abcdef:bench/dev/kvmnet_host_Tap/${name}`;

/** The taps as ours are: persistent, up, marked. */
export const makeTaps = (lab: BenchLab, ports: readonly Wanted[]): Promise<string> =>
    lab.ip(
        ports.flatMap((port) => [
            `tuntap add dev ${port.name} mode tap`,
            `link set dev ${port.name} alias ${markOf(port)} mtu 1500 up`,
        ]),
    );

/** The floor: one `ip -batch`, then one transaction on an open socket, waited for. */
export async function makeRaw(lab: BenchLab, ports: readonly Wanted[]): Promise<void> {
    await makeTaps(lab, ports);
    await lab.db.commit(plugging(ports));
}

function plugging(ports: readonly Wanted[]): Operation[] {
    return [
        ...ports.flatMap((port, index): Operation[] => [
            { op: "insert", table: "Interface", "uuid-name": `i${index}`, row: { name: port.name } },
            {
                op: "insert",
                table: "Port",
                "uuid-name": `p${index}`,
                row: {
                    name: port.name,
                    tag: port.tag,
                    interfaces: ["named-uuid", `i${index}`],
                    external_ids: ["map", [["kvmnet-owner", markOf(port)]]],
                },
            },
        ]),
        {
            op: "mutate",
            table: "Bridge",
            where: [["name", "==", BRIDGE]],
            mutations: [["ports", "insert", ["set", ports.map((_, index) => ["named-uuid", `p${index}`])]]],
        },
    ];
}

/** One `ip -batch` and one `ovs-vsctl` with a command a port. */
export async function makeByOneVsctl(lab: BenchLab, ports: readonly Wanted[]): Promise<void> {
    await makeTaps(lab, ports);
    const commands = ports.flatMap(({ name, tag }) => ["--", "add-port", BRIDGE, name, `tag=${tag}`]);
    await lab.run(["ovs-vsctl", ...commands]);
}

/** Reads `NAME TAG ALIAS` a line; the script is constant. */
const ONE_BY_ONE = `
set -eu
while read -r name tag alias; do
    ip tuntap add dev "$name" mode tap
    ip link set dev "$name" alias "$alias" mtu 1500 up
    ovs-vsctl add-port ${BRIDGE} "$name" "tag=$tag"
done
`;

/** A process for each step of each port, as a loop in a script has it. */
export async function makeByProcessEach(lab: BenchLab, ports: readonly Wanted[]): Promise<void> {
    const lines = ports.map((port) => `${port.name} ${port.tag} ${markOf(port)}\n`);
    await lab.run(["sh", "-c", ONE_BY_ONE], lines.join(""));
}

/** The floor of removing: one transaction, waited for, then one `ip -batch` with a line a tap. */
export async function removeRaw(lab: BenchLab, ports: readonly Wanted[]): Promise<void> {
    await unplug(lab);
    await lab.ip(ports.map(({ name }) => `link delete dev ${name}`));
}

/** The floor of who knows that the kernel deletes a whole group of links as quickly as one. */
export async function removeRawTogether(lab: BenchLab, ports: readonly Wanted[]): Promise<void> {
    await unplug(lab);
    await lab.ip(deletingTogether(ports.map(({ name }) => name)));
}

async function unplug(lab: BenchLab): Promise<void> {
    await lab.db.commit([unplugging((await lab.ports()).map(({ uuid }) => uuid))]);
}

/** One `ovs-vsctl` with a command a port, then one `ip -batch` with a line a tap. */
export async function removeByOneVsctl(lab: BenchLab, ports: readonly Wanted[]): Promise<void> {
    await lab.run(["ovs-vsctl", ...ports.flatMap(({ name }) => ["--", "del-port", BRIDGE, name])]);
    await lab.ip(ports.map(({ name }) => `link delete dev ${name}`));
}

/** Another VLAN for one port, by a process. */
export const retagByVsctl = (lab: BenchLab, { name, tag }: Wanted): Promise<string> =>
    lab.run(["ovs-vsctl", "set", "Port", name, `tag=${tag}`]);

/** Another VLAN for one port: one transaction on an open socket, waited for. */
export const retagRaw = (lab: BenchLab, { name, tag }: Wanted): Promise<unknown> =>
    lab.db.commit([{ op: "update", table: "Port", where: [["name", "==", name]], row: { tag } }]);
