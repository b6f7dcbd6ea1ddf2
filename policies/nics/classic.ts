/** The 0.8 line of @pulumi/libvirt: it knows few fields of a NIC, the rest goes in by an XSLT stylesheet. */
import { at, listAt, textAt } from "../inputs";
import { type Maybe, maybe, NotKnown } from "../known";
import { classicXml } from "./classic-xml";
import { nicsOf } from "./domain-xml";
import type { GuestNic } from "./guest-nic";
import { unplaced, type XmlElement } from "./outline";
import { isUnread, transform, type Transformed } from "./stylesheet";
import { childElements, childNodes, isText } from "./xml";

/** NICs of the domain that libvirt is given in the end. Without a stylesheet every one is virtio with QEMU's defaults. */
export function classicNics(props: unknown): Maybe<GuestNic>[] {
    const stylesheet = stylesheetOf(props);
    if (stylesheet instanceof NotKnown) return [stylesheet];
    const nics = maybe(() => {
        const untouched = classicXml(props);
        return nicsWritten(
            stylesheet ? transform(stylesheet, untouched) : { document: untouched, conditions: new Set() },
        );
    });
    return nics instanceof NotKnown ? [nics] : nics;
}

function nicsWritten({ document, conditions }: Transformed): Maybe<GuestNic>[] {
    const root = document.documentElement;
    if (!root) throw new NotKnown("what xml.xslt makes of the domain cannot be read here");
    return nicsOf(outlineOf(root), { conditions });
}

/** Empty where there is none: the provider takes blank text for none. */
function stylesheetOf(props: unknown): Maybe<string> {
    const blocks = listAt(props, "xml");
    const text = blocks instanceof NotKnown ? blocks : textAt(at(blocks, 0), "xslt");
    if (text instanceof NotKnown) return new NotKnown("xml.xslt, which may write the NICs anew, is not known yet");
    return text?.trim() ?? "";
}

/** As deep as a stylesheet may write, which is bounded. */
const outlineOf = (element: Element): XmlElement =>
    unplaced({
        name: element.localName,
        attributes: Object.assign(
            Object.create(null),
            Object.fromEntries(Array.from(element.attributes).map(({ name, value }) => [name, value])),
        ) as Record<string, string>,
        children: childElements(element).map(outlineOf),
        text: childNodes(element)
            .filter(isText)
            .map(({ nodeValue }) => nodeValue ?? "")
            .join(""),
        ...(isUnread(element) ? { unread: true } : {}),
    });
