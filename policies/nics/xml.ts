/** The XML library, seen as the DOM it implements: parsing, an empty document, and the few questions we ask of nodes. */
import { DOMImplementation, DOMParser } from "@xmldom/xmldom";
import { NotKnown } from "../known";

/** @throws NotKnown where the text is no well-formed XML */
export function parseXml(text: string, what: string): Document {
    const refuse = () => {
        throw new NotKnown(`${what} is no well-formed XML`);
    };
    try {
        const onError = (level: string) => (level === "warning" ? undefined : refuse());
        return new DOMParser({ onError }).parseFromString(text, "application/xml") as unknown as Document;
    } catch {
        return refuse();
    }
}

export const emptyDocument = () => new DOMImplementation().createDocument(null, "", null) as unknown as Document;

export const isElement = (node: Node): node is Element => node.nodeType === 1;
export const isAttribute = (node: Node): node is Attr => node.nodeType === 2;
export const isText = (node: Node) => node.nodeType === 3 || node.nodeType === 4;
export const isDocument = (node: Node) => node.nodeType === 9;

export const childNodes = (node: Node): Node[] => Array.from(node.childNodes);

/** Child elements, all or those of a name. */
export const childElements = (node: Node, name?: string): Element[] =>
    childNodes(node).filter((child): child is Element => isElement(child) && (!name || child.localName === name));
