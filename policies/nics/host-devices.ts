/** Devices of the host's PCI bus that a guest is handed: as a NIC, or as a device of any kind. */
import { at, listAt, textAt } from "../inputs";
import { known, NotKnown } from "../known";
import { childrenOf, keptPlaces, parseOutline, type XmlElement } from "./outline";
import { guestNics } from "./reader";

const DEVICES = keptPlaces(["devices/hostdev@type"]);

/** @param props of a domain. @throws NotKnown */
export function isHandedPciDevice(props: unknown): boolean {
    if (isHandedDevice(props)) return true;
    return guestNics.read(props).some((nic) => known(known(nic).backend) === "hostdev");
}

function isHandedDevice(props: unknown): boolean {
    const domain = at(props, "domainXml");
    if (typeof domain === "object" && domain !== null && "children" in domain) return isInXml(domain as XmlElement);
    const text = known(textAt(props, "domainXml"));
    if (text !== undefined) return isInXml(parseOutline(text, "the file", DEVICES));
    const devices = at(props, "devices");
    if (devices instanceof NotKnown) throw devices;
    return known(listAt(devices, "hostdevs")).some((one) => at(one, "subsysPci") !== undefined);
}

const isInXml = (domain: XmlElement): boolean =>
    childrenOf(domain, "devices")
        .flatMap((devices) => childrenOf(devices, "hostdev"))
        .some(({ attributes }) => attributes.type === "pci");
