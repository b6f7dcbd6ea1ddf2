/** A persistent tap, which a guest's NIC opens. */
import { Tap, TapOutputs } from "../../schemas/tap";
import type { Host } from "../host";
import type { Link } from "../host/links";
import { textOf } from "../host/ovsdb/columns";
import { ip, type Line, type Plan, type Step } from "../plan";
import type { HostResource } from "../resource";
import { gone, linkHere, setLink } from "./link-marks";
import { keepIpv6Mtu } from "./ipv6-off";
import { isTold } from "./link-settings";
import { keepPlugged, permissionOf, type Told } from "./operator-guard";
import { keepOthersOn } from "./stands-on";
import { staysUp, switchIfThere } from "./taken-in";
import { ownersOf } from "./tap-owners";

/** DEFAULT_TX_QUEUE_LEN (linux/netdevice.h), which an Ethernet link has untold. */
export const TX_QUEUE_LENGTH = 1000;

export const tap: HostResource<Tap> = {
    type: "kvmnet:host:Tap",
    title: "tap",
    description: "A persistent tap, up, for a guest's NIC to open.",
    schema: Tap,
    cost: {
        name: "replace",
        multiQueue: "replace",
        vnetHdr: "replace",
        mtu: "update",
        uid: "replace",
        gid: "replace",
        txQueueLength: "update",
        takesOperatorPath: "update",
    },
    presets: { txQueueLength: TX_QUEUE_LENGTH, takesOperatorPath: false },
    outputs: TapOutputs,

    async find(host, name, { known }) {
        const link = (await host.links()).get(name);
        if (!link) return undefined;
        const { txQueueLength } = link;
        const plugged = await pluggedInto(host, link);
        const here = await linkHere(host, link, "tun", known !== undefined);
        return {
            ...here,
            conflict: here.conflict ?? conflictOf(link, known !== undefined),
            state: {
                name,
                multiQueue: link.tap?.multiQueue ?? false,
                // Whoever opens a tap sets this flag anew (drivers/net/tun.c, TUNSETIFF), so what stands there says
                // how the last guest opened it and not how it was made.
                vnetHdr: known?.vnetHdr ?? link.tap?.vnetHdr ?? false,
                mtu: link.mtu,
                ...(await ownersOf(host, link)),
                ...(isTold(txQueueLength, TX_QUEUE_LENGTH, known?.txQueueLength) ? { txQueueLength } : {}),
                ...permissionOf(known),
            },
            ...(plugged === undefined ? {} : { outputs: { pluggedInto: plugged } }),
        };
    },

    create: (_host, want, mark) => [madeTap(want, mark)],

    async update(host, { state }, want, mark) {
        // Queues and owners are fixed when a tap is made; this one is of a run that was killed, with other settings.
        if (state.multiQueue !== want.multiQueue || state.uid !== want.uid || state.gid !== want.gid)
            return [...(await removed(host, want.name, want, mark)), madeTap(want, mark)];
        await keepIpv6Mtu(host, `tap ${want.name}`, want, [want.name], state.mtu, want.mtu);
        return [changed(want, mark, state)];
    },

    delete: (host, { state }, mark) => removed(host, state.name, state, mark),
    settle: (host, { name }) => staysUp(host, `tap ${name}`, [name]),
    claims: ({ name }) => [`link ${name}`],
};

/** Why it is no tap of ours, or none to import: one that libvirt makes for a guest goes with it. */
function conflictOf({ tap, data }: Link, known: boolean): string | undefined {
    if (!tap) return "a link of that name is there, and it is a tun";
    return known || data.persist === true
        ? undefined
        : "it is not persistent, and goes with the program that has it open";
}

/** One step a tap, so that an undo takes back what was begun and nothing else. Its mark comes with its settings. */
export const madeTap = (want: Tap, mark: string | undefined): Step =>
    ip(`makes the tap ${want.name}`, [tapLine(want), setLink(want.name, ...settings(want, mark))], [gone(want.name)]);

/** Makes a tap with all that never changes. */
const tapLine = (want: Tap): Line => [
    ...["tuntap", "add", "dev", want.name, "mode", "tap"],
    ...(want.multiQueue ? ["multi_queue"] : []),
    ...(want.vnetHdr ? ["vnet_hdr"] : []),
    ...(want.uid === undefined ? [] : ["user", String(want.uid)]),
    ...(want.gid === undefined ? [] : ["group", String(want.gid)]),
];

/** Live; the former mark, where there was one, is not put back. */
const changed = (want: Tap, mark: string, former: Tap): Step =>
    ip(
        `sets the tap ${want.name} up`,
        [setLink(want.name, ...settings(want, mark, former))],
        [setLink(want.name, ...settings(former, mark, want))],
    );

/** What is set live of a tap. */
type TapSettings = Pick<Tap, "mtu" | "txQueueLength">;

/** Words of one `ip link set`, with its mark: the kernel takes them together. @param mark undefined leaves it as it is. @param other it is changed from, or back to */
export function settings(tap: TapSettings, mark: string | undefined, other?: TapSettings): string[] {
    const [length, otherLength] = [tap, other].map((one) => one?.txQueueLength ?? TX_QUEUE_LENGTH);
    return [
        ...(mark === undefined ? [] : ["alias", mark]),
        ...["mtu", String(tap.mtu)],
        ...(length === otherLength ? [] : ["txqueuelen", String(length)]),
        "up",
    ];
}

async function removed(host: Host, name: string, told: Told, mark: string): Promise<Plan> {
    await keepOthersOn(host, `tap ${name}`, [name], mark);
    await keepPlugged(host, `tap ${name}`, told, [name], "which is to be removed");
    return [ip(`removes the tap ${name}`, [gone(name)])];
}

/** The bridge that holds a tap. Open vSwitch on the userspace datapath leaves no trace of it in the kernel. */
async function pluggedInto(host: Host, { name, master }: Link): Promise<string | undefined> {
    if (master !== undefined && master !== "ovs-system") return master;
    const view = await switchIfThere(host);
    const port = view?.byName("Port", name);
    return port && textOf(view?.holderOf(port)?.name);
}
