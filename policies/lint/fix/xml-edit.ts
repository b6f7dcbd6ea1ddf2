/** Changes of one attribute in XML, every byte outside of it kept. */
import { childOf, type XmlElement } from "../../nics/outline";

export interface XmlChange {
    /** Elements below the one that is changed, such as `bandwidth` and `inbound`. */
    elements: readonly string[];
    attribute: string;
    /** Undefined takes the attribute away. */
    value?: string;
}

/** @param element outline of a part of `text`, as it stands there */
export function changed(text: string, element: XmlElement, { elements, attribute, value }: XmlChange): string {
    const names = [...elements];
    let inner = element;
    while (names.length > 0) {
        const next = childOf(inner, names[0] ?? "");
        if (!next) break;
        inner = next;
        names.shift();
    }
    if (names.length > 0) return value === undefined ? text : withChild(text, inner, names, `${attribute}='${value}'`);
    const { start, openEnd } = inner.span;
    const tag = text.slice(start, openEnd);
    const place = attributesOf(tag).get(attribute);
    if (place) {
        const [from, valueFrom, to] = place;
        return value === undefined
            ? spliced(text, start + from, start + to, "")
            : spliced(text, start + valueFrom + 1, start + to - 1, value);
    }
    if (value === undefined) return text;
    const end = tag.length - (tag.endsWith("/>") ? 2 : 1);
    const at = start + tag.slice(0, end).trimEnd().length;
    return spliced(text, at, at, ` ${attribute}=${quoteOf(tag)}${value}${quoteOf(tag)}`);
}

const spliced = (text: string, from: number, to: number, by: string) => text.slice(0, from) + by + text.slice(to);

/** Quotes as the element itself has them. */
const quoteOf = (tag: string) => (tag.includes('"') && !tag.includes("'") ? '"' : "'");

/** Of each attribute in an opening tag: where the space before it, its value's quote, and what follows it begin. */
function attributesOf(tag: string): Map<string, [from: number, value: number, to: number]> {
    const attributes = new Map<string, [number, number, number]>();
    const form = /\s+([^\s=/>"']+)\s*=\s*("[^"]*"|'[^']*')/g;
    for (let match = form.exec(tag); match; match = form.exec(tag)) {
        const [whole, name = "", quoted = ""] = match;
        attributes.set(name, [match.index, match.index + whole.length - quoted.length, match.index + whole.length]);
    }
    return attributes;
}

/** A new last child, on a line of its own where its siblings have theirs. */
function withChild(text: string, parent: XmlElement, names: string[], attribute: string): string {
    const [outer, ...inner] = names;
    const made =
        inner.length === 0
            ? `<${outer} ${attribute}/>`
            : `<${outer}>${inner.map((name) => `<${name} ${attribute}/>`).join("")}</${outer}>`;
    const { start, openEnd, end } = parent.span;
    const tag = text.slice(start, openEnd);
    if (tag.endsWith("/>")) return spliced(text, openEnd - 2, openEnd, `>${made}</${parent.name}>`);
    const last = parent.children.at(-1);
    const at = last ? last.span.end : openEnd;
    // What stands before the first character of the neighbour, where that is its line's own indentation.
    const neighbour = last ? text.slice(0, last.span.start) : text.slice(0, end - `</${parent.name}>`.length);
    const [lead = ""] = /\r?\n[ \t]*$/.exec(neighbour) ?? [];
    return spliced(text, at, at, last ? lead + made : made);
}
