/** Links that `ip link add` makes: what making, changing and reading them has in common, whatever their kind. */
import type { Host } from "../host";
import { HostError } from "../host/errors";
import type { Link } from "../host/links";
import { ip, type Line, type Plan, type Step } from "../plan";
import type { Found, HostResource } from "../resource";
import type { Bag } from "../wire";
import { gone, linkHere, marked, setLink } from "./link-marks";
import {
    differ,
    isTold,
    presetsOf,
    told,
    wordsBetween,
    wordsOf,
    type Exceptions,
    type Printed,
    type Settings,
} from "./link-settings";
import { keepIpv6Mtu } from "./ipv6-off";
import { keepPlugged, permissionOf, type Told } from "./operator-guard";
import { keepOthersOn } from "./stands-on";
import { staysUp } from "./taken-in";

/** What links of every kind have. */
export interface LinkState {
    name: string;
    mac?: string;
    mtu?: number;
    txQueueLength?: number;
    takesOperatorPath?: boolean;
}

/** A link that was found, and what the kernel gives one like it. */
export interface LinkHere<State> extends Found<State> {
    link: Link;
    presets: Partial<State>;
    /** Whether state knows it; one of ours that it does not know is of a run that was killed, maybe with other settings. */
    isKnown: boolean;
}

/** Resource of one kind of link. */
export interface VirtualLink<State extends LinkState> extends HostResource<State, LinkHere<State>> {
    /** Whether an update makes it anew: it is of a killed run, and differs in what never changes while a link stands. */
    isRemade(here: LinkHere<State>, want: State): boolean;
}

/** What one kind of link has of its own. */
export interface LinkKind<State extends LinkState> extends Pick<
    HostResource<State>,
    "type" | "title" | "description" | "schema" | "cost" | "replaces" | "outputs" | "derived" | "complete"
> {
    /** The kernel's word: `vlan`. */
    kind: string;
    /** What only this kind has, and changes live. */
    settings: Settings<State>;
    /** What is given when it is made and never changes. */
    fixed?: Settings<State>;
    /** What the kernel gives each link of this kind. */
    presets: Partial<State>;
    /** The link that it stands on: which one, whether its name is a word of the kind's own, and how it is read. */
    below?: {
        key: keyof State & string;
        /** Whether it is named before the kind: `ip link add link eth0 name v10 type vlan`. */
        leads: boolean;
        read(link: Link): string | undefined;
        /** MTU that the kernel gives one that stands on it, or on none [byte], and more it may not have; undefined where that is not known. */
        mtu(below: Link | undefined, state: State): number | undefined;
    };
    /** What one has that cannot be declared, in the words of `ip`: it is no link of this kind as we mean it. */
    beyond?(printed: Printed): string[];
    /** Properties that a change treats otherwise, because of what else it changes. */
    around?(from: State, to: State): Exceptions<State>;
    /** Things beside its name that only one resource may declare. */
    claims?(want: State): string[];
    outputsOf?(link: Link): Bag;
}

export function virtualLink<State extends LinkState>(of: LinkKind<State>): VirtualLink<State> {
    const { type, title, description, schema, cost, outputs, derived, complete, kind, settings, fixed = {} } = of;
    const kinds: Settings<State> = { ...settings, ...fixed };
    const below = (state: State) => of.below && (state[of.below.key] as string | undefined);

    /** What the kernel gives such a link on this host. */
    const presetsHere = (links: ReadonlyMap<string, Link>, state: State): Partial<State> => {
        const under = links.get(below(state) ?? "");
        return { ...of.presets, ...(of.below ? { mtu: of.below.mtu(under, state) } : {}) };
    };

    const readyBelow = (host: Host, want: State, mtu: number | undefined) =>
        setUpBelow(host, title, { name: want.name, mtu }, below(want), (under) => of.below?.mtu(under, want));

    const made = (want: State, mark: string): Step => {
        const leads = of.below?.leads ? ["link", String(below(want))] : [];
        return ip(
            `makes the ${title} ${want.name}`,
            [
                [
                    ...["link", "add", ...leads, "name", want.name],
                    ...commonWords(want, {}),
                    ...["type", kind, ...wordsOf(kinds, want)],
                ],
                marked(want.name, mark),
                setLink(want.name, "up"),
            ],
            [gone(want.name)],
        );
    };

    const removed = async (host: Host, name: string, told: Told, mark: string): Promise<Plan> => {
        await keepOthersOn(host, `${title} ${name}`, [name], mark);
        await keepPlugged(host, `${title} ${name}`, told, [name], "which is to be removed");
        return [ip(`removes the ${title} ${name}`, [gone(name)])];
    };

    const isRemade = ({ isKnown, state }: LinkHere<State>, want: State): boolean =>
        !isKnown &&
        (below(state) !== below(want) || differ(fixed, state, want) || (of.replaces?.(state, want) ?? []).length > 0);

    return {
        isRemade,
        type,
        title,
        description,
        schema,
        cost,
        ...(of.replaces ? { replaces: of.replaces } : {}),
        ...(outputs ? { outputs } : {}),
        ...(derived ? { derived } : {}),
        ...(complete ? { complete } : {}),
        presets: { ...presetsOf(kinds), ...of.presets, takesOperatorPath: false },

        async find(host, name, { known }) {
            const links = await host.links();
            const link = links.get(name);
            if (!link) return undefined;
            const stands = of.below?.read(link);
            const own = {
                name,
                ...told(kinds, link.data, known),
                ...(stands ? { [of.below?.key ?? ""]: stands } : {}),
            };
            const presets = presetsHere(links, own as unknown as State);
            // The MTU of the link below may have been another when this one was made.
            const given = stands && known && known.mtu === undefined ? { ...presets, mtu: link.mtu } : presets;
            const state = { ...own, ...(await commonOf(host, link, given, known)), ...permissionOf(known) } as State;
            const here = await linkHere(host, link, kind, known !== undefined);
            return {
                ...here,
                conflict:
                    here.conflict ??
                    (link.elsewhere && (of.below?.leads || !known) ? ELSEWHERE : undefined) ??
                    (known ? undefined : untold(of.beyond?.(link.data))),
                state,
                link,
                presets,
                isKnown: known !== undefined,
                ...(of.outputsOf ? { outputs: of.outputsOf(link) } : {}),
            };
        },

        async create(host, want, mark) {
            return [...(await readyBelow(host, want, want.mtu)), made(want, mark)];
        },

        async update(host, found, want, mark) {
            if (isRemade(found, want))
                return [
                    ...(await removed(host, want.name, want, mark)),
                    ...(await readyBelow(host, want, want.mtu)),
                    made(want, mark),
                ];
            const { state: from, presets, link } = found;
            // What was not told of its MTU stays as it is.
            const usual = from.mtu === undefined ? { ...presets, mtu: link.mtu } : presets;
            const mtu = want.mtu ?? usual.mtu;
            await keepIpv6Mtu(host, `${title} ${want.name}`, want, [want.name], link.mtu, mtu);
            const lines = (is: State, wanted: State): Line[] => {
                const common = commonWords(wanted, { ...usual, ...is }, usual);
                const words = wordsBetween(settings, is, wanted, of.around?.(is, wanted));
                return [
                    ...(common.length > 0 ? [setLink(want.name, ...common)] : []),
                    ...(words.length > 0 ? [setLink(want.name, "type", kind, ...words)] : []),
                ];
            };
            return [
                // One that it has already is none that the link below must take.
                ...(await readyBelow(host, want, want.mtu === link.mtu ? undefined : want.mtu)),
                ip(
                    `sets the ${title} ${want.name}`,
                    [marked(want.name, mark), ...lines(from, want), setLink(want.name, "up")],
                    lines(want, from),
                ),
            ];
        },

        delete: (host, { state }, mark) => removed(host, state.name, state, mark),
        settle: (host, { name }) => staysUp(host, `${title} ${name}`, [name]),
        claims: (want) => [`link ${want.name}`, ...(of.claims?.(want) ?? [])],
    };
}

const ELSEWHERE = "the link that it stands on is in another network namespace, where it cannot be seen";

/** Why a link of the kind cannot be imported. @param beyond what it has that cannot be declared */
export const untold = (beyond: readonly string[] = []): string | undefined =>
    beyond.length > 0 ? `it has what this resource cannot tell (${beyond.join(", ")})` : undefined;

/** Words for MAC, MTU and queue that differ from what is there. @param presets what they go back to when told no longer */
export function commonWords(want: LinkState, from: Partial<LinkState>, presets: Partial<LinkState> = {}): string[] {
    const changed = (word: string, key: "mac" | "mtu" | "txQueueLength") => {
        const wanted = want[key] ?? presets[key];
        return wanted === undefined || wanted === from[key] ? [] : [word, String(wanted)];
    };
    return [...changed("address", "mac"), ...changed("mtu", "mtu"), ...changed("txqueuelen", "txQueueLength")];
}

/** MAC, MTU and queue as far as they are worth telling. A MAC address is, where somebody has set it. */
async function commonOf(
    host: Host,
    link: Link,
    presets: Partial<LinkState>,
    known: LinkState | undefined,
): Promise<Partial<LinkState>> {
    const { mac, mtu, txQueueLength } = link;
    return {
        ...((known ? known.mac !== undefined : await isMacSet(host, link.name)) ? { mac } : {}),
        ...(isTold(mtu, presets.mtu, known?.mtu) ? { mtu } : {}),
        ...(isTold(txQueueLength, presets.txQueueLength, known?.txQueueLength) ? { txQueueLength } : {}),
    };
}

/** Whether a MAC address was set, and is not the kernel's random one or that of another link (NET_ADDR_SET, linux/netdevice.h). */
export async function isMacSet(host: Host, name: string): Promise<boolean> {
    // A name that is no file name of ours can be no link of ours.
    if (!/^[A-Za-z0-9_.-]+$/.test(name)) return false;
    const [type] = await host.files.read([`/sys/class/net/${name}/addr_assign_type`]);
    return type === "3";
}

/**
 * The link below must be there and up: the kernel sets up none on one that is down.
 *
 * @param mostOn the largest MTU that one on that link may have [byte]
 */
async function setUpBelow(
    host: Host,
    title: string,
    { name, mtu }: LinkState,
    below: string | undefined,
    mostOn: (below: Link) => number | undefined,
): Promise<Step[]> {
    if (below === undefined) return [];
    const link = await requireLink(host, `${title} ${name}`, below);
    const most = mostOn(link) ?? link.mtu;
    const headers = link.mtu - most;
    if (mtu !== undefined && mtu > most)
        throw new HostError(
            "refused",
            `${title} ${name}`,
            `its MTU of ${mtu} is more than the ${link.mtu} of ${below}, on which it stands` +
                (headers > 0 ? `, less ${headers} for the outer headers` : ""),
            `Raise the MTU of ${below} first, or lower this one.`,
        );
    // It is not set down again where this link is refused: others may stand on it since.
    return link.up ? [] : [ip(`sets ${below} up`, [setLink(below, "up")])];
}

/** @throws HostError missing */
export async function requireLink(host: Host, subject: string, name: string): Promise<Link> {
    const link = (await host.links()).get(name);
    if (link) return link;
    throw new HostError(
        "missing",
        subject,
        `there is no link ${name} on ${host.where}`,
        "Make it first and pass its name on from the resource that makes it, or correct the name.",
    );
}
