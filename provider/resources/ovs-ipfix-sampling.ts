/** Where a packet is sampled for IPFIX, whose keys Open vSwitch took for their contrary before version 3.2. */
import type { OvsIpfix } from "../../schemas/ovs-monitoring";
import type { Host } from "../host";
import type { HostResource } from "../resource";
import type { RowHere } from "./attached-row";

type Kind = HostResource<OvsIpfix, RowHere<OvsIpfix>>;

const PLACES = ["inputSampling", "outputSampling"] as const;

/** Translates between what is declared and what the keys say. */
export const sampledWhere = (kind: Kind): Kind => ({
    ...kind,

    async find(host, id, own) {
        const found = await kind.find(host, id, own);
        return found && { ...found, state: meant(found.state, own.known, await readsContrary(host)) };
    },

    create: async (host, want, mark) => kind.create(host, said(want, await readsContrary(host)), mark),
    update: async (host, found, want, mark) => kind.update(host, found, said(want, await readsContrary(host)), mark),
});

/**
 * Whether this version takes the keys for their contrary. The version that no longer does came with a column of its own,
 * and the schema is always told, while the number of the version is written by a script alone.
 *
 * @see Open vSwitch vswitchd/bridge.c, bridge_configure_ipfix, before and since 8e073791d
 */
const readsContrary = async ({ ovsdb }: Host): Promise<boolean> => !(await ovsdb.has("IPFIX", "stats_interval"));

/** No key is sampling in every version. */
const said = (want: OvsIpfix, contrary: boolean): OvsIpfix => ({
    ...want,
    ...placed((place) => (want[place] === false ? contrary : undefined)),
});

/** @param known what state knows, which tells the preset where it was declared */
const meant = (read: OvsIpfix, known: OvsIpfix | undefined, contrary: boolean): OvsIpfix => ({
    ...read,
    ...placed((place) => {
        const key = read[place];
        if (key !== undefined) return key !== contrary;
        return known?.[place] === undefined ? undefined : true;
    }),
});

const placed = (of: (place: (typeof PLACES)[number]) => boolean | undefined) =>
    Object.fromEntries(PLACES.map((place) => [place, of(place)]));
