/** What has VLANs: NICs of guests, and ports of Open vSwitch. */
import { at, listAt } from "../inputs";
import { type Maybe, NotKnown } from "../known";
import { toChange } from "../nics/guest-nic";
import { guestNics } from "../nics/reader";
import type { Place, Reader } from "../rule";
import { ovsPorts } from "./ovs-ports";

interface Tagged {
    name: string;
    at?: Place;
    tags: Maybe<string>[];
    /** Such as `10` and `20-29`. */
    trunks: Maybe<unknown[]>;
    /** A sentence: what to set where a tag is wrong. */
    set: string;
}

export const tagged: Reader<Tagged> = {
    types: [...guestNics.types, ...ovsPorts.types],
    // No domain has a property `bridge`, and every port has.
    read: (props) => (at(props, "bridge") === undefined ? taggedNics(props) : taggedPorts(props)),
    name: ({ name }) => name,
    at: ({ at }) => at,
};

const taggedNics = (props: unknown): Maybe<Tagged>[] =>
    guestNics.read(props).map((nic) => {
        if (nic instanceof NotKnown) return nic;
        const place = guestNics.at?.(nic);
        return {
            name: guestNics.name(nic),
            ...(place ? { at: place } : {}),
            tags: nic.said.all("vlanTag"),
            trunks: [],
            set: toChange(nic, "vlanTag", 100),
        };
    });

const taggedPorts = (props: unknown): Maybe<Tagged>[] =>
    ovsPorts.read(props).map((port) => {
        if (port instanceof NotKnown) return port;
        const tag = at(port.props, "tag");
        return {
            name: port.name,
            tags: tag === undefined || tag === null ? [] : [tag instanceof NotKnown ? tag : textOf(tag)],
            trunks: listAt(port.props, "trunks"),
            set: "Set tag or trunks to VLANs of 1 to 4094.",
        };
    });

/** A file may have it as text, or as what no VLAN is. */
const textOf = (tag: unknown): string => (typeof tag === "string" ? tag : JSON.stringify(tag));
