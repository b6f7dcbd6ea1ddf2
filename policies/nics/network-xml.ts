/**
 * libvirt's network XML: what a guest's NIC on that network gets from it, and that judged by itself.
 *
 * @see libvirt formatnetwork; src/conf/domain_conf.c, virDomainNetResolveActualType: the NIC's own words win, then its port group's, then the network's
 */
import { NotKnown } from "../known";
import { type GuestNic, UNSAID } from "./guest-nic";
import { childOf, childrenOf, UNREADABLE, type XmlElement } from "./outline";
import { firstOf, type NicField, nicSaidByXml, type Said, saidOnce } from "./said";

const VLANS: readonly NicField[] = ["vlanTag", "vlanTrunk"];
const LIMITS: readonly NicField[] = ["inAverage", "inPeak", "inFloor", "outAverage", "outPeak"];

/** Fields that a network or port group may say for its NICs. A network's own limits are of all that pass its bridge together. */
const GIVEN: readonly NicField[] = [...VLANS, "openVSwitch", "trustGuestRxFilters"];

/** Elements that come as a whole: of a NIC that has one, nothing is taken from elsewhere. */
const WHOLE = [VLANS, LIMITS];

/** What the network makes of its NICs: taps on a bridge of its own, on another bridge, or macvtap. */
function backendOf(network: XmlElement): string {
    const forward = childOf(network, "forward");
    const mode = forward ? (forward.attributes.mode ?? "nat") : "isolated";
    if (mode === "hostdev") return "hostdev";
    if (mode === "bridge" && childOf(network, "bridge")) return "bridge";
    return ["bridge", "private", "vepa", "passthrough"].includes(mode) ? "direct" : "network";
}

function saidByNetwork(network: XmlElement, portGroup: XmlElement | undefined): Said<NicField> {
    const group = portGroup && nicSaidByXml(portGroup, UNREADABLE);
    const places = [...(group ? [group] : []), nicSaidByXml(network, UNREADABLE)];
    const once = saidOnce<NicField>((field) => {
        if (field === "mtu") return nicSaidByXml(network, UNREADABLE)("mtu");
        if (field === "bridge") return childOf(network, "bridge")?.attributes.name;
        if (field === "directMode") return childOf(network, "forward")?.attributes.mode;
        if (field === "managed") return childOf(network, "forward")?.attributes.managed;
        return undefined;
    });
    return firstOf<NicField>((field) => {
        if (LIMITS.includes(field)) return group ? [group] : [];
        return GIVEN.includes(field) ? ofOne(places, field) : [once];
    });
}

/** Of an element that comes as a whole the first place alone that has one. */
function ofOne(places: readonly Said<NicField>[], field: NicField): readonly Said<NicField>[] {
    const whole = WHOLE.find((fields) => fields.includes(field));
    const first = whole && places.find((said) => whole.some((one) => said(one) !== undefined));
    return first ? [first] : places;
}

/** What rules ask of the network itself. */
function factsOf(network: XmlElement): GuestNic["network"] {
    const limits = childOf(network, "bandwidth");
    return { isLimited: limits !== undefined && childOf(limits, "inbound") !== undefined };
}

/** The NIC with what its network adds. @param networks by name, as far as they were read */
export function onNetwork(nic: GuestNic, source: XmlElement | undefined, networks: ReadonlyMap<string, XmlElement>) {
    const network = networks.get(source?.attributes.network ?? "");
    if (nic.backend !== "network" || !network) return nic;
    const named = source?.attributes.portgroup;
    const portGroup = childrenOf(network, "portgroup").find(({ attributes }) =>
        named === undefined ? attributes.default === "yes" : attributes.name === named,
    );
    const given = saidByNetwork(network, portGroup);
    return {
        ...nic,
        backend: backendOf(network),
        network: factsOf(network),
        said: firstOf<NicField>((field) => ofOne([nic.said, given], field)),
    };
}

/** Each port group, or the network where it has none, as the NIC that it would make. Its guest chooses all else. */
export function networkNics(network: XmlElement): GuestNic[] {
    const groups = childrenOf(network, "portgroup");
    return (groups.length > 0 ? groups : [undefined]).map((group, index) => ({
        guest: { vcpus: UNSAID.vcpus, arch: new NotKnown("a network is of no guest"), said: saidOnce(() => undefined) },
        mac: undefined,
        tap: undefined,
        backend: backendOf(network),
        network: factsOf(network),
        model: "its guest's choice",
        queues: UNSAID.queues,
        rxRing: UNSAID.rxRing,
        said: saidByNetwork(network, group),
        written: { line: "xml", row: (group ?? network).line, column: (group ?? network).column },
        label: group
            ? `port group ${/^[\w.-]{1,60}$/.exec(group.attributes.name ?? "")?.[0] ?? index + 1}`
            : "its NICs",
        index,
    }));
}
