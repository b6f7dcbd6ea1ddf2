/** Guests as wholes: what is summed over all NICs, or stands on the domain itself. */
import { at } from "../inputs";
import { type Maybe, NotKnown } from "../known";
import type { Reader } from "../rule";
import { LOOKED_AT } from "./domain-xml";
import type { GuestNic } from "./guest-nic";
import { handedDevices } from "./host-devices";
import { parseOutline, UNREADABLE } from "./outline";
import { guestNics, isOutline } from "./reader";
import { guestSaidByArguments, guestSaidByXml, type GuestField, type Said } from "./said";

export interface Guest {
    nics: Maybe<GuestNic>[];
    said: Said<GuestField>;
    /** Devices of the host that are not written as NICs. @throws NotKnown */
    devices: () => ReturnType<typeof handedDevices>;
}

export const guests: Reader<Guest> = {
    types: guestNics.types,
    read(props) {
        const nics = guestNics.read(props);
        const [first] = nics;
        if (first instanceof NotKnown && nics.length === 1) return [first];
        const known = nics.find((nic): nic is GuestNic => !(nic instanceof NotKnown));
        const said = known?.guest.said ?? saidWithoutNics(props);
        return said ? [{ nics, said, devices: () => handedDevices(props) }] : [];
    },
    name: () => "the guest",
};

/** A domain without NICs still says what it says; but one of the 0.8 line says little beside them. */
function saidWithoutNics(props: unknown): Said<GuestField> | undefined {
    const domain = at(props, "domainXml");
    if (isOutline(domain)) return guestSaidByXml(domain, UNREADABLE);
    if (typeof domain === "string") return guestSaidByXml(parseOutline(domain, "the file", LOOKED_AT), UNREADABLE);
    return at(props, "devices") === undefined ? undefined : guestSaidByArguments(props);
}
