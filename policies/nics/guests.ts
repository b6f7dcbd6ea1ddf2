/** Guests as wholes: what is summed over all NICs, or stands on the domain itself. */
import { at } from "../inputs";
import { type Maybe, NotKnown } from "../known";
import type { Reader } from "../rule";
import type { GuestNic } from "./guest-nic";
import { handedDevices } from "./host-devices";
import { guestNics } from "./reader";
import { guestSaidByArguments, type GuestField, type Said } from "./said";

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
        // A domain without NICs of the 0.9 line still says what it says; one of the 0.8 line says little beside them.
        if (!known && at(props, "devices") === undefined) return [];
        return [
            {
                nics,
                said: known?.guest.said ?? guestSaidByArguments(props),
                devices: () => handedDevices(props),
            },
        ];
    },
    name: () => "the guest",
};
