/** NICs of a domain in libvirt's own XML, as a file has it or as a stylesheet of the 0.8 line writes it. */
import { type Maybe, maybe, NotKnown } from "../known";
import { type GuestNic, UNSAID } from "./guest-nic";
import { onNetwork } from "./network-xml";
import { childOf, childrenOf, type Kept, keptPlaces, parseOutline, UNREADABLE, type XmlElement } from "./outline";
import { GUEST_PLACES, guestSaidByXml, nicSaidByXml, saidOnce } from "./said";

/** All of a domain that is looked at: its interfaces whole, of the rest what fields stand in, and the host's devices that it has. */
export const LOOKED_AT: Kept = keptPlaces([
    ...GUEST_PLACES,
    "name",
    "vcpu",
    "os/type",
    "devices/interface",
    "devices/hostdev@type",
    "devices/hostdev/teaming",
]);

/** What a stylesheet leaves open. */
export interface Doubts {
    /** Names of elements that its conditions look at: where such a part is not known, neither is the choice. */
    conditions: Set<string>;
}

/**
 * NICs of a domain's XML as libvirt keeps it, each with the line where it stands.
 *
 * @param networks libvirt's networks by name, as far as they were read with it
 */
export function fileNics(domain: XmlElement | string, networks?: ReadonlyMap<string, XmlElement>): Maybe<GuestNic>[] {
    const nics = maybe(() =>
        nicsOf(typeof domain === "string" ? parseOutline(domain, "the file") : domain, undefined, networks),
    );
    return nics instanceof NotKnown ? [nics] : nics;
}

/** @param doubts given for what a stylesheet wrote: that has no place in a file. @throws NotKnown */
export function nicsOf(
    domain: XmlElement,
    doubts?: Doubts,
    networks: ReadonlyMap<string, XmlElement> = new Map(),
): Maybe<GuestNic>[] {
    if (domain.name !== "domain" || domain.unread)
        throw new NotKnown(doubts ? "what xml.xslt makes of the domain cannot be read here" : "it is no domain");
    const devices = childrenOf(domain, "devices");
    const vcpu = childOf(domain, "vcpu");
    const os = childOf(domain, "os");
    const guest = {
        vcpus: vcpu ? wholeNumber(vcpu.text, "the number of vCPUs") : UNSAID.vcpus,
        arch: attribute(os && childOf(os, "type"), "arch", "the architecture"),
        said: guestSaidByXml(domain, UNREADABLE),
    };
    const nics = devices
        .flatMap((parent) => childrenOf(parent, "interface"))
        .map((nic, index) => onNetwork(nicOf(nic, index, guest, doubts), childOf(nic, "source"), networks));
    const open = doubts && [domain, ...devices].some(({ children }) => children.some(({ unread }) => unread));
    return open ? [new NotKnown("xml.xslt may write interfaces in a way that cannot be read here"), ...nics] : nics;
}

function nicOf(nic: XmlElement, index: number, guest: GuestNic["guest"], doubts: Doubts | undefined): GuestNic {
    const doubt = doubts && doubtOf(nic, doubts);
    const mac = attribute(childOf(nic, "mac"), "address", "its MAC address");
    const driver = childOf(nic, "driver");
    const number = (name: string, otherwise: number) => {
        const text = attribute(driver, name, name);
        if (text instanceof NotKnown) return text;
        return text === undefined ? otherwise : wholeNumber(text, name);
    };
    return {
        guest,
        mac: typeof mac === "string" ? mac.toLowerCase() : mac,
        tap: attribute(childOf(nic, "target"), "dev", "its tap"),
        backend: doubt ?? attribute(nic, "type", "its interface type"),
        model: doubt ?? attribute(childOf(nic, "model"), "type", "its model"),
        queues: doubt ?? number("queues", UNSAID.queues),
        rxRing: doubt ?? number("rx_queue_size", UNSAID.rxRing),
        said: doubt ? saidOnce(() => doubt) : nicSaidByXml(nic, UNREADABLE),
        written: doubts ? { line: "classic" } : { line: "xml", row: nic.line, column: nic.column },
        index,
    };
}

/** Why nothing of an interface can be told, or undefined where it can. */
function doubtOf(nic: XmlElement, { conditions }: Doubts): NotKnown | undefined {
    if (holdsUnread(nic)) return new NotKnown("xml.xslt writes this interface in a way that cannot be read here");
    const unknown = nic.children.find(
        ({ name, attributes }) =>
            conditions.has(name) && Object.values(attributes).some((value) => value.includes(UNREADABLE)),
    );
    return unknown && new NotKnown(`its ${unknown.name}, by which xml.xslt chooses, is not known yet`);
}

const holdsUnread = ({ unread, children }: XmlElement): boolean => unread === true || children.some(holdsUnread);

function attribute(element: XmlElement | undefined, name: string, what: string): Maybe<string | undefined> {
    const text = element?.attributes[name];
    if (text?.includes(UNREADABLE)) return new NotKnown(`${what} is not known yet`);
    return text || undefined;
}

function wholeNumber(text: string, what: string): Maybe<number> {
    if (text.includes(UNREADABLE)) return new NotKnown(`${what} is not known yet`);
    return /^\s*\d{1,9}\s*$/.test(text) ? Number(text) : new NotKnown(`${what} is no whole number`);
}
