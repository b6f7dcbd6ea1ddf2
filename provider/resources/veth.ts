/** Two links that are each other's wire. Either may be moved into another network namespace, as of a container. */
import { Veth } from "../../schemas/veth";
import type { Link } from "../host/links";
import { ip, type Line, type Step } from "../plan";
import type { Found, HostResource } from "../resource";
import { gone, linkHere, marked, setLink } from "./link-marks";
import { isTold } from "./link-settings";
import { staysUp } from "./taken-in";
import { commonWords, isMacSet } from "./virtual-link";

interface VethHere extends Found<Veth> {
    /** Whether the other end is in this network namespace. */
    peerHere: boolean;
}

const PRESETS = { mtu: 1500, txQueueLength: 1000 };

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
    },
    presets: PRESETS,

    async find(host, name, { known }) {
        const links = await host.links();
        const link = links.get(name);
        if (!link) return undefined;
        const other = links.get(link.parent ?? "");
        const ends = other ? [link, other] : [link];
        const here = linkHere(link, "veth", known !== undefined);
        const away = "its other end is in another network namespace, where it cannot be seen";
        const differing = (key: "mtu" | "txQueueLength") => {
            const value = ends.map((end) => end[key]).find((one) => one !== (known?.[key] ?? PRESETS[key]));
            return value ?? link[key];
        };
        const [mtu, txQueueLength] = [differing("mtu"), differing("txQueueLength")];
        const macOf = async (end: Link | undefined, wanted: string | undefined) =>
            end && (known ? wanted !== undefined : await isMacSet(host, end.name)) ? end.mac : undefined;
        return {
            ...here,
            conflict: here.conflict ?? ((link.parent ?? known?.peer) ? undefined : away),
            fault: here.fault ?? (known && other && !other.up ? `its other end ${other.name} is set down` : undefined),
            state: {
                name,
                peer: link.parent ?? known?.peer ?? "",
                mac: await macOf(link, known?.mac),
                // What is out of sight is as it was left.
                peerMac: other ? await macOf(other, known?.peerMac) : known?.peerMac,
                ...(isTold(mtu, PRESETS.mtu, known?.mtu) ? { mtu } : {}),
                ...(isTold(txQueueLength, PRESETS.txQueueLength, known?.txQueueLength) ? { txQueueLength } : {}),
            },
            peerHere: other !== undefined,
        };
    },

    create: (_host, want, mark) => [
        {
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
        },
    ],

    update: (_host, { state, peerHere }, want, mark) => [
        bothSet(want, peerHere, mark, (end, from) => commonWords(end, { ...PRESETS, ...from }, PRESETS), state),
    ],

    delete: (_host, { state }) => [ip(`removes the veth pair ${state.name}`, [gone(state.name)])],
    settle: (host, { name, peer }) => staysUp(host, `veth pair ${name}`, [name, peer]),
    claims: ({ name, peer }) => [`link ${name}`, `link ${peer}`],
};

type Words = (end: Veth, from: Veth) => string[];

function bothSet(want: Veth, peerHere: boolean, mark: string, words: Words, from: Veth): Step {
    const ends = (of: Veth) => (peerHere ? [of, otherEnd(of)] : [of]);
    const changes = (to: Veth, was: Veth): Line[] =>
        ends(to).flatMap((end, index) => {
            const changed = words(end, ends(was)[index] as Veth);
            return changed.length > 0 ? [setLink(end.name, ...changed)] : [];
        });
    return ip(
        `sets the veth pair ${want.name}`,
        [
            ...ends(want).map(({ name }) => marked(name, mark)),
            ...changes(want, from),
            ...ends(want).map(({ name }) => setLink(name, "up")),
        ],
        changes(from, want),
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
