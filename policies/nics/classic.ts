/** The 0.8 line of @pulumi/libvirt: it knows few fields of a NIC, the rest goes in by an XSLT stylesheet. */
import { at, listAt, textAt } from "../inputs";
import { type Maybe, maybe, NotKnown } from "../known";
import { classicXml, UNREADABLE } from "./classic-xml";
import { type GuestNic, UNSAID } from "./guest-nic";
import { guestSaidByXml, nicSaidByXml } from "./said";
import { isUnread, transform, type Transformed } from "./stylesheet";
import { childElements, parseXml } from "./xml";

/** NICs of the domain that libvirt is given in the end. Without a stylesheet every one is virtio with QEMU's defaults. */
export function classicNics(props: unknown): Maybe<GuestNic>[] {
    const stylesheet = stylesheetOf(props);
    if (stylesheet instanceof NotKnown) return [stylesheet];
    const nics = maybe(() => {
        const untouched = classicXml(props);
        return nicsOf(stylesheet ? transform(stylesheet, untouched) : { document: untouched, conditions: new Set() });
    });
    return nics instanceof NotKnown ? [nics] : nics;
}

/** NICs of a domain's XML as libvirt keeps it, each with the line where it stands. */
export function xmlNics(text: string): Maybe<GuestNic>[] {
    const nics = maybe(() => nicsOf({ document: parseXml(text, "the file"), conditions: new Set() }, true));
    return nics instanceof NotKnown ? [nics] : nics;
}

/** Empty where there is none: the provider takes blank text for none. */
function stylesheetOf(props: unknown): Maybe<string> {
    const blocks = listAt(props, "xml");
    const text = blocks instanceof NotKnown ? blocks : textAt(at(blocks, 0), "xslt");
    if (text instanceof NotKnown) return new NotKnown("xml.xslt, which may write the NICs anew, is not known yet");
    return text?.trim() ?? "";
}

/** NICs of a domain's XML. */
function nicsOf({ document, conditions }: Transformed, inFile = false): Maybe<GuestNic>[] {
    const domain = document.documentElement;
    if (domain?.localName !== "domain" || isUnread(domain))
        throw new NotKnown(inFile ? "it is no domain" : "what xml.xslt makes of the domain cannot be read here");
    const devices = childElements(domain, "devices");
    const vcpu = childElements(domain, "vcpu")[0];
    const os = childElements(domain, "os")[0];
    const guest = {
        vcpus: vcpu ? wholeNumber(vcpu.textContent ?? "", "the number of vCPUs") : UNSAID.vcpus,
        arch: attribute(os && childElements(os, "type")[0], "arch", "the architecture"),
        said: guestSaidByXml(domain, UNREADABLE),
    };
    const interfaces = devices.flatMap((parent) => childElements(parent, "interface"));
    const nics = interfaces.map((nic, index) => ({
        ...nicOf(nic, index, guest, doubtOf(nic, conditions)),
        ...(inFile ? { written: writtenAt(nic) } : {}),
    }));
    const open = [domain, ...devices].some((parent) => childElements(parent).some(isUnread));
    return open ? [new NotKnown("xml.xslt may write interfaces in a way that cannot be read here"), ...nics] : nics;
}

/** The parser notes where each element begins. */
const writtenAt = (nic: Element) => {
    const { lineNumber = 1, columnNumber = 1 } = nic as Element & { lineNumber?: number; columnNumber?: number };
    return { line: "xml" as const, row: lineNumber, column: columnNumber };
};

/** Why nothing of an interface can be told, or undefined where it can. */
function doubtOf(nic: Element, conditions: Set<string>): NotKnown | undefined {
    if (Array.from(nic.getElementsByTagName("*")).some(isUnread))
        return new NotKnown("xml.xslt writes this interface in a way that cannot be read here");
    const unknown = childElements(nic).find(
        ({ localName, attributes }) =>
            conditions.has(localName) && Array.from(attributes).some(({ value }) => value.includes(UNREADABLE)),
    );
    return unknown && new NotKnown(`its ${unknown.localName}, by which xml.xslt chooses, is not known yet`);
}

function nicOf(nic: Element, index: number, guest: GuestNic["guest"], doubt: NotKnown | undefined): GuestNic {
    const child = (name: string) => childElements(nic, name)[0];
    const mac = attribute(child("mac"), "address", "its MAC address");
    const number = (name: string, otherwise: number) => {
        const text = attribute(child("driver"), name, name);
        if (text instanceof NotKnown) return text;
        return text === undefined ? otherwise : wholeNumber(text, name);
    };
    return {
        guest,
        mac: typeof mac === "string" ? mac.toLowerCase() : mac,
        tap: attribute(child("target"), "dev", "its tap"),
        backend: doubt ?? attribute(nic, "type", "its interface type"),
        model: doubt ?? attribute(child("model"), "type", "its model"),
        queues: doubt ?? number("queues", UNSAID.queues),
        rxRing: doubt ?? number("rx_queue_size", UNSAID.rxRing),
        said: doubt ? () => doubt : nicSaidByXml(nic, UNREADABLE),
        written: { line: "classic" },
        index,
    };
}

function attribute(element: Element | undefined, name: string, what: string): Maybe<string | undefined> {
    const text = element?.getAttribute(name);
    if (text?.includes(UNREADABLE)) return new NotKnown(`${what} is not known yet`);
    return text || undefined;
}

function wholeNumber(text: string, what: string): Maybe<number> {
    if (text.includes(UNREADABLE)) return new NotKnown(`${what} is not known yet`);
    return /^\s*\d{1,9}\s*$/.test(text) ? Number(text) : new NotKnown(`${what} is no whole number`);
}
