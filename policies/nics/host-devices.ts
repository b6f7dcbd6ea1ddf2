/** Devices of the host's PCI bus that a guest is handed: as a NIC, or as a device of any kind. */
import { at, listAt, textAt } from "../inputs";
import { known, NotKnown } from "../known";
import { childrenOf, keptPlaces, parseOutline, UNREADABLE, type XmlElement } from "./outline";
import { guestNics } from "./reader";
import { type NicField, nicSaidByArguments, nicSaidByXml, type Said } from "./said";

interface HandedDevice {
    isPci: boolean;
    /** What it says as a NIC would: of a failover pair, it may be the half that goes away. */
    said: Said<NicField>;
}

const DEVICES = keptPlaces(["devices/hostdev@type", "devices/hostdev/teaming"]);

/** @param props of a domain. @throws NotKnown */
export function isHandedPciDevice(props: unknown): boolean {
    if (handedDevices(props).some(({ isPci }) => isPci)) return true;
    return guestNics.read(props).some((nic) => known(known(nic).backend) === "hostdev");
}

/** Devices that stand under `hostdev`, not as NICs. @param props of a domain. @throws NotKnown */
export function handedDevices(props: unknown): HandedDevice[] {
    const domain = at(props, "domainXml");
    if (typeof domain === "object" && domain !== null && "children" in domain) return inXml(domain as XmlElement);
    const text = known(textAt(props, "domainXml"));
    if (text !== undefined) return inXml(parseOutline(text, "the file", DEVICES));
    const devices = at(props, "devices");
    if (devices instanceof NotKnown) throw devices;
    return known(listAt(devices, "hostdevs")).map((one) => ({
        isPci: at(one, "subsysPci") !== undefined,
        said: nicSaidByArguments(one),
    }));
}

const inXml = (domain: XmlElement): HandedDevice[] =>
    childrenOf(domain, "devices")
        .flatMap((devices) => childrenOf(devices, "hostdev"))
        .map((device) => ({ isPci: device.attributes.type === "pci", said: nicSaidByXml(device, UNREADABLE) }));
