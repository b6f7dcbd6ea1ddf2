/** Two links that are each other's wire. Either may be moved into another network namespace, as of a container. */
import { Veth } from "../../schemas/veth";
import type { Host } from "../host";
import type { Link } from "../host/links";
import { ip, type Line, type Plan, type Step } from "../plan";
import type { Found, HostResource } from "../resource";
import { gone, linkHere, marked, setLink } from "./link-marks";
import { keepIpv6Mtu } from "./ipv6-off";
import { isTold } from "./link-settings";
import { keepPlugged, permissionOf } from "./operator-guard";
import { keepOthersOn } from "./stands-on";
import { staysUp } from "./taken-in";
import { commonWords, isMacSet } from "./virtual-link";

interface VethHere extends Found<Veth> {
    link: Link;
    /** The other end, where it is in this network namespace. */
    other?: Link;
    /** Whether state knows it. */
    isKnown: boolean;
}

const PRESETS = { mtu: 1500, txQueueLength: 1000 };
const SHARED = { mtu: "MTU", txQueueLength: "transmit queue" } as const;

export const veth: HostResource<Veth, VethHere> = {
    type: "kvmnet:host:Veth",
    title: "veth pair",
    description:
        "Two links that are each other's wire, both up. The pair is removed as one. An end that was moved into another network namespace is left as it is there.",
    schema: Veth,
    cost: {
        name: "replace",
        peer: "replace",
        mac: "update",
        peerMac: "update",
        mtu: "update",
        txQueueLength: "update",
        takesOperatorPath: "update",
    },
    presets: { ...PRESETS, takesOperatorPath: false },

    async find(host, name, { known }) {
        const links = await host.links();
        const link = links.get(name);
        if (!link) return undefined;
        const other = links.get(link.parent ?? "");
        const here = await linkHere(host, link, "veth", known !== undefined);
        const away = "its other end is in another network namespace, where it cannot be seen";
        const { mtu, txQueueLength } = link;
        const macOf = async (end: Link | undefined, wanted: string | undefined) =>
            end && (known ? wanted !== undefined : await isMacSet(host, end.name)) ? end.mac : undefined;
        return {
            ...here,
            conflict: here.conflict ?? ((link.parent ?? known?.peer) ? undefined : away),
            fault: here.fault ?? (known && other ? faultOf(link, other) : undefined),
            state: {
                name,
                peer: link.parent ?? known?.peer ?? "",
                mac: await macOf(link, known?.mac),
                // What is out of sight is as it was left.
                peerMac: other ? await macOf(other, known?.peerMac) : known?.peerMac,
                ...(isTold(mtu, PRESETS.mtu, known?.mtu) ? { mtu } : {}),
                ...(isTold(txQueueLength, PRESETS.txQueueLength, known?.txQueueLength) ? { txQueueLength } : {}),
                ...permissionOf(known),
            },
            link,
            isKnown: known !== undefined,
            ...(other ? { other } : {}),
        };
    },

    create: (_host, want, mark) => [made(want, mark)],

    async update(host, { state, link, other, isKnown }, want, mark) {
        // One of ours that state does not know is of a run that was killed, with another name for its other end.
        if (!isKnown && state.peer !== want.peer)
            return [...(await removed(host, want, other, mark)), made(want, mark)];
        const { name, peer, mtu = PRESETS.mtu } = want;
        await keepIpv6Mtu(host, `veth pair ${name}`, want, [name, peer], link.mtu, mtu);
        return [
            bothSet(want, mark, [
                [want, state, link],
                ...(other ? [[otherEnd(want), otherEnd(state), other] as const] : []),
            ]),
        ];
    },

    delete: (host, { state, other }, mark) => removed(host, state, other, mark),
    settle: (host, { name, peer }) => staysUp(host, `veth pair ${name}`, [name, peer]),
    claims: ({ name, peer }) => [`link ${name}`, `link ${peer}`],
};

const made = (want: Veth, mark: string): Step => ({
    ...ip(
        `makes the veth pair ${want.name}`,
        [
            [
                ...["link", "add", "name", want.name, ...commonWords(want, {}), "type", "veth"],
                ...["peer", "name", want.peer, ...commonWords(otherEnd(want), {})],
            ],
            ...[want, otherEnd(want)].flatMap(({ name }) => [marked(name, mark), setLink(name, "up")]),
        ],
        [gone(want.name)],
    ),
    check: { link: want.peer, is: "absent" },
});

async function removed(host: Host, told: Veth, other: Link | undefined, mark: string): Promise<Plan> {
    const { name } = told;
    const ends = [name, ...(other ? [other.name] : [])];
    await keepOthersOn(host, `veth pair ${name}`, ends, mark);
    await keepPlugged(host, `veth pair ${name}`, told, ends, "which is to be removed");
    return [ip(`removes the veth pair ${name}`, [gone(name)])];
}

/** Why the other end does not work as this one: what is set of a pair is set of both. */
function faultOf(link: Link, other: Link): string | undefined {
    if (!other.up) return `its other end ${other.name} is set down`;
    const differing = (Object.keys(SHARED) as (keyof typeof SHARED)[]).filter((key) => link[key] !== other[key]);
    if (differing.length === 0) return undefined;
    const told = differing.map((key) => `${SHARED[key]} is ${other[key]}, and that of ${link.name} ${link[key]}`);
    return `its other end ${other.name} differs: its ${told.join("; its ")}`;
}

/** @param ends of each end in sight what is wanted, what state says, and what is there */
function bothSet(want: Veth, mark: string, ends: (readonly [want: Veth, from: Veth, there: Link])[]): Step {
    const line = (end: Veth, from: Partial<Veth>): Line[] => {
        const words = commonWords(end, from, PRESETS);
        return words.length > 0 ? [setLink(end.name, ...words)] : [];
    };
    const asThere = (from: Veth, { mtu, txQueueLength }: Link): Veth => ({ ...from, mtu, txQueueLength });
    return ip(
        `sets the veth pair ${want.name}`,
        [
            ...ends.map(([{ name }]) => marked(name, mark)),
            ...ends.flatMap(([end, from, there]) => line(end, asThere(from, there))),
            ...ends.map(([{ name }]) => setLink(name, "up")),
        ],
        ends.flatMap(([end, from, there]) => line(asThere(from, there), { ...PRESETS, ...end })),
    );
}

/** The pair seen from its other end. */
const otherEnd = ({ name, peer, mac, peerMac, ...rest }: Veth): Veth => ({
    ...rest,
    name: peer,
    peer: name,
    mac: peerMac,
    peerMac: mac,
});
