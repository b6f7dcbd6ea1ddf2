/** XML as a light tree with the place of each element: what is judged where thousands of files are read. */
import { SaxesParser } from "saxes";
import { NotKnown } from "../known";

export interface XmlElement {
    /** As it is written, with its prefix. */
    name: string;
    /** Without a prototype: a name from a file finds what stands there and nothing else. */
    attributes: Readonly<Record<string, string>>;
    children: readonly XmlElement[];
    /** Character data of the element itself, not of its children. */
    text: string;
    /** From 1. */
    line: number;
    column: number;
    span: Span;
    /** Whether it stands for something that could not be told. */
    unread?: true;
}

/** Where an element stands in its text, from 0; each end is the first character after it. */
interface Span {
    start: number;
    /** End of the opening tag. */
    openEnd: number;
    end: number;
}

/** Stands in the XML where a value is not known. Private use characters: no domain holds them. */
export const UNREADABLE = "\uE000not known\uE001";

/** Far more than libvirt nests [levels]; what goes deeper was made to hurt. */
const DEEPEST = 200;

type Growing = Omit<XmlElement, "children"> & { children: XmlElement[] };

/** Of all elements without children, which most are. */
const NONE: XmlElement[] = [];

/** A place that no file has: of elements that a stylesheet writes. */
const NOWHERE = { line: 1, column: 1, span: { start: 0, openEnd: 0, end: 0 } };

/** What is kept of an element: `true` is all of it. */
export type Kept = true | Way;

/** An element that is kept without its text, and only where something below it or one of these attributes stands. */
interface Way {
    below: Record<string, Kept>;
    attributes: string[];
}

const newWay = (): Way => ({ below: Object.create(null) as Way["below"], attributes: [] });

/** Made of places such as `os/type`, which is kept whole, and `devices/disk/driver@iothread`. */
export function keptPlaces(places: Iterable<string>): Kept {
    const root = newWay();
    for (const place of places) {
        const [path = "", attribute] = place.split("@");
        keep(root, path.split("/").filter(Boolean), attribute);
    }
    return root;
}

function keep(way: Way, [name, ...rest]: string[], attribute: string | undefined): void {
    if (name === undefined) {
        if (attribute !== undefined) way.attributes.push(attribute);
    } else if (rest.length === 0 && attribute === undefined) way.below[name] = true;
    else {
        const next = (way.below[name] ??= newWay());
        if (next !== true) keep(next, rest, attribute);
    }
}

/**
 * @param kept where thousands of files are held at a time: what stands below the root and is not in it is left out, though it is parsed all the same
 * @throws NotKnown where the text is no well-formed XML, or declares entities or a document type, which nobody here needs
 */
export function parseOutline(text: string, what: string, kept: Kept = true): XmlElement {
    const parser = new SaxesParser({ position: false });
    const open: (Growing | undefined)[] = [];
    const below: (Kept | undefined)[] = [];
    let root: XmlElement | undefined;
    let line = 1;
    let lineStart = 0;
    let newline = text.indexOf("\n");

    parser.on("error", () => {
        throw new NotKnown(`${what} is no well-formed XML`);
    });
    parser.on("doctype", () => {
        throw new NotKnown(`${what} declares entities or a document type, which no description of libvirt's has`);
    });
    parser.on("opentagstart", ({ name, attributes }) => {
        if (open.length >= DEEPEST) throw new NotKnown(`${what} nests deeper than ${DEEPEST} elements`);
        const parent = open.at(-1);
        const of = below.at(-1);
        const keeps = root === undefined ? kept : of === true ? true : of?.below[name];
        below.push(keeps);
        if (keeps === undefined) {
            open.push(undefined);
            return;
        }
        // Read are "<", the name and one character after it.
        const start = parser.position - name.length - 2;
        for (; newline >= 0 && newline < start; newline = text.indexOf("\n", newline + 1)) {
            line += 1;
            lineStart = newline + 1;
        }
        const element: Growing = {
            name,
            attributes: attributes as Record<string, string>,
            children: NONE,
            text: "",
            line,
            column: start - lineStart + 1,
            span: { start, openEnd: start, end: start },
        };
        if (parent?.children === NONE) parent.children = [element];
        else parent?.children.push(element);
        root ??= element;
        open.push(element);
    });
    parser.on("opentag", () => {
        const element = open.at(-1);
        if (element) element.span.openEnd = parser.position;
    });
    const collected = (part: string) => {
        const element = below.at(-1) === true ? open.at(-1) : undefined;
        if (element) element.text += part;
    };
    parser.on("text", collected);
    parser.on("cdata", collected);
    parser.on("closetag", () => {
        const keeps = below.pop();
        const element = open.pop();
        if (!element) return;
        element.span.end = parser.position;
        if (keeps !== true && saysNothing(element, keeps)) open.at(-1)?.children.pop();
    });

    parser.write(text).close();
    if (!root) throw new NotKnown(`${what} is no well-formed XML`);
    return root;
}

const saysNothing = ({ children, attributes }: Growing, way: Way | undefined) =>
    children.length === 0 && !way?.attributes.some((name) => name in attributes);

/** Child elements, all or those of a name. */
export const childrenOf = ({ children }: XmlElement, name: string): XmlElement[] =>
    children.filter((child) => child.name === name);

/** First child element of a name. */
export const childOf = ({ children }: XmlElement, name: string): XmlElement | undefined =>
    children.find((child) => child.name === name);

/** An element of a stylesheet's result. */
export const unplaced = (element: Omit<XmlElement, "line" | "column" | "span">): XmlElement => ({
    ...element,
    ...NOWHERE,
});
