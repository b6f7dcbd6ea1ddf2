/** An entry of the neighbour table that stays: a MAC address that the host is told, or an address that it answers for. */
import { addressText, LinkName } from "../../schemas/ip-text";
import { Neighbor } from "../../schemas/neighbor";
import { managerCautions } from "../host/managers";
import { readNeighbors } from "../host/neighbors";
import { OUR_PROTOCOL } from "../host/route-protocol";
import { ip, type Line } from "../plan";
import type { Found, HostResource } from "../resource";
import { forget } from "./former-values";
import { keepNeighbor, permissionOf } from "./operator-guard";
import { markOf, noteMark } from "./routing-marks";
import { requireLink } from "./virtual-link";

interface Here extends Found<Neighbor> {
    protocol: number;
}

export const neighbor: HostResource<Neighbor, Here> = {
    type: "kvmnet:host:Neighbor",
    title: "neighbour",
    description:
        "A permanent entry of the neighbour table (ARP, NDP) of a link, or an address that the host answers for there. It " +
        `carries the protocol number ${OUR_PROTOCOL}, kvmnet's own; one that somebody else made is left alone, and what the ` +
        "kernel learnt by itself is replaced. The kernel drops it when its link is set down, and one of IPv4 when the link loses " +
        "its last IPv4 address: where an `Address` of the link is declared, it depends on that (`dependsOn`).",
    schema: Neighbor,
    cost: { link: "replace", address: "replace", mac: "update", proxy: "replace", takesOperatorPath: "update" },
    presets: { takesOperatorPath: false },
    idForm: "LINK/ADDRESS",
    idNote: "as `eth0/10.0.0.2`, with ` proxy` behind where the host answers for it",
    idOf,
    checkId(id) {
        const asked = parsedId(id);
        if (asked && idOf(asked) === id) return undefined;
        return `A neighbour is named by its link and address${asked ? `, here ${idOf(asked)}` : ", such as eth0/10.0.0.2"}`;
    },

    async find(host, id, own) {
        const asked = parsedId(id);
        if (!asked) return undefined;
        const seen = (await readNeighbors(host, asked.proxy)).find(
            ({ link, address }) => link === asked.link && address === asked.address,
        );
        if (!seen) return undefined;
        const { mac, protocol } = seen;
        return {
            state: { ...asked, ...(mac === undefined ? {} : { mac }), ...permissionOf(own.known) },
            mark: await markOf(host, keyOf(id), protocol, own),
            protocol,
        };
    },

    async create(host, want, mark) {
        const id = idOf(want);
        await requireLink(host, `neighbour ${id}`, want.link);
        await keepNeighbor(host, `neighbour ${id}`, want, want);
        return [
            await noteMark(host, keyOf(id), mark),
            ip(`tells ${want.link} of its neighbour ${want.address}`, [replaced(want, OUR_PROTOCOL)], [removed(want)]),
        ];
    },

    async update(host, { state, protocol }, want, mark) {
        await keepNeighbor(host, `neighbour ${idOf(want)}`, want, want);
        return [
            await noteMark(host, keyOf(idOf(want)), mark),
            ip(
                `changes the neighbour ${want.address} of ${want.link}`,
                [replaced(want, OUR_PROTOCOL)],
                [replaced(state, protocol)],
            ),
        ];
    },

    delete: (_host, { state }) => [
        ip(`removes the neighbour ${state.address} of ${state.link}`, [removed(state)]),
        forget(keyOf(idOf(state))),
    ],

    claims: (want) => [`neighbour ${idOf(want)}`],
    cautions: (host, want) => managerCautions(host, [want.link], "this entry"),
};

function idOf({ link, address, proxy }: Neighbor): string {
    return `${link}/${address}${proxy ? " proxy" : ""}`;
}

const keyOf = (id: string) => `neighbour ${id}`;

function parsedId(id: string): Neighbor | undefined {
    const [, link = "", text = "", proxy] = /^([^/ ]+)\/(\S+?)( proxy)?$/.exec(id) ?? [];
    const address = addressText(text);
    if (!LinkName.safeParse(link).success || address === undefined) return undefined;
    return { link, address, proxy: proxy !== undefined };
}

/** What the kernel learnt by itself stands in the way of `add`. */
const replaced = ({ link, address, mac, proxy }: Neighbor, protocol: number): Line => [
    ...["neighbour", "replace", ...(proxy ? ["proxy"] : []), address],
    ...(mac === undefined ? [] : ["lladdr", mac]),
    ...["dev", link, ...(proxy ? [] : ["nud", "permanent"]), "protocol", String(protocol)],
];

const removed = ({ link, address, proxy }: Neighbor): Line => [
    ...["neighbour", "delete", ...(proxy ? ["proxy"] : []), address],
    ...["dev", link],
];
