/** What a port carries, in the words of a port's row. */
import { vlanIdOf, vlanListOf, type Vlans } from "../schemas/vlan-names";

interface Carried {
    vlanMode?: "trunk" | "native-untagged";
    tag?: number;
    trunks?: string[];
}

/** VLANs by name or id, which a schema has judged. */
interface Wanted {
    vlan?: string | number;
    trunk?: { vlans: (string | number)[]; native?: string | number };
}

/** An access port has a tag; a trunk lists what it carries, with or without one VLAN untagged. */
export function carriedBy({ vlan, trunk }: Wanted, vlans: Vlans): Carried {
    const idOf = (name: string | number | undefined) => (name === undefined ? undefined : vlanIdOf(name, vlans));
    if (!trunk) return { tag: idOf(vlan) };
    const native = idOf(trunk.native);
    const trunks = vlanListOf(trunk.vlans, vlans);
    if (native === undefined) return { vlanMode: "trunk", trunks };
    // Without any other VLAN it is an access port: a trunk with an empty list would carry all.
    return trunks.length > 0 ? { vlanMode: "native-untagged", tag: native, trunks } : { tag: native };
}
