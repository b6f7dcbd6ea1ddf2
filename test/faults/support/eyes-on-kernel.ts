/** What `ip` and /proc/sys tell of each kind of resource of the host. */
import type { Bag } from "../../../provider/wire";
import type { Eyes, Looked } from "./eyes";
import { BRIDGE_PORT, LINUX_BRIDGE, TAP } from "./kind-names";
import type { SeenLink } from "./world";

/** The protocol number of all routes, rules and neighbours that kvmnet makes. */
const OURS = "145";

export const KERNEL_EYES: Readonly<Record<string, Eyes>> = {
    [TAP]: {
        usual: { kind: "tap", up: true, mtu: 1500, multiQueue: false },
        seen({ world, name }) {
            const link = world.links.get(name);
            const data = link?.linkinfo?.info_data ?? {};
            return {
                ...linkSeen(link),
                kind: data.type === "tap" ? "tap" : "none",
                multiQueue: data.multi_queue === true,
            };
        },
    },
    [LINUX_BRIDGE]: {
        usual: { kind: "bridge", up: true, mtu: 1500, stp: false },
        seen({ world, name }) {
            const link = world.links.get(name);
            return {
                ...linkSeen(link),
                kind: link?.linkinfo?.info_kind ?? "none",
                stp: link?.linkinfo?.info_data?.stp_state === 1,
                ...(link?.address ? { mac: link.address } : {}),
            };
        },
    },
    [BRIDGE_PORT]: { seen: ({ world, name }) => ({ bridge: world.links.get(name)?.master ?? "" }) },
    "kvmnet:host:Veth": {
        usual: { kind: "veth", up: true, mtu: 1500 },
        seen({ world, name, owner }) {
            const link = world.links.get(name);
            const end = world.links.get(link?.link ?? "");
            return {
                ...linkSeen(link),
                kind: link?.linkinfo?.info_kind ?? "none",
                peer: end?.ifalias === owner && end.mtu === link?.mtu ? end.ifname : "none that is alike",
            };
        },
    },
    "kvmnet:host:Vxlan": {
        usual: { kind: "vxlan", up: true },
        seen({ world, name }) {
            const link = world.links.get(name);
            const { id, remote } = link?.linkinfo?.info_data ?? {};
            return {
                ...linkSeen(link),
                kind: link?.linkinfo?.info_kind ?? "none",
                vni: Number(id),
                remote: String(remote),
            };
        },
    },
    "kvmnet:host:Link": { seen: ({ world, name }) => ({ txQueueLength: world.links.get(name)?.txqlen ?? 0 }) },
    "kvmnet:host:Address": {
        async seen(looked) {
            const [link] = await listed<{ addr_info: { local: string; prefixlen: number }[] }>(
                looked,
                `address show dev ${String(looked.inputs.link)}`,
            );
            const there = (link?.addr_info ?? []).map(({ local, prefixlen }) => `${local}/${prefixlen}`);
            return { address: there.find((address) => address === looked.inputs.address) ?? there.join() };
        },
    },
    "kvmnet:host:Route": {
        usual: { protocol: OURS },
        async seen(looked) {
            const routes = await listed<{ gateway: string; protocol: string }>(
                looked,
                `route show table all ${String(looked.inputs.destination)}`,
            );
            return {
                protocol: routes.map(({ protocol }) => protocol).join(),
                gateway: routes.map(({ gateway }) => gateway).join(),
            };
        },
    },
    "kvmnet:host:Neighbor": {
        async seen(looked) {
            const entries = await listed<{ lladdr: string }>(
                looked,
                `neighbour show to ${String(looked.inputs.address)} dev ${String(looked.inputs.link)} nud permanent`,
            );
            return { mac: entries.map(({ lladdr }) => lladdr).join() };
        },
    },
    "kvmnet:host:Rule": {
        usual: { protocol: OURS },
        async seen(looked) {
            const rules = await listed<{ src: string; srclen: number; table: string; protocol: string }>(
                looked,
                `rule show priority ${String(looked.inputs.priority)}`,
            );
            return {
                protocol: rules.map(({ protocol }) => protocol).join(),
                from: rules.map(({ src, srclen }) => `${src}/${srclen}`).join(),
                table: rules.map(({ table }) => table).join(),
            };
        },
    },
    "kvmnet:host:Sysctl": {
        async seen({ lab, inputs }) {
            return { value: await lab.run("cat", `/proc/sys/${String(inputs.key).replaceAll(".", "/")}`) };
        },
    },
};

const linkSeen = (link: SeenLink | undefined): Bag => ({
    owner: link?.ifalias ?? "",
    up: link?.flags.includes("UP") === true,
    mtu: link?.mtu ?? 0,
});

const listed = async <One>({ lab }: Looked, command: string): Promise<One[]> =>
    JSON.parse((await lab.run("ip", "-N", "-json", "-details", "-4", ...command.split(" "))) || "[]") as One[];
