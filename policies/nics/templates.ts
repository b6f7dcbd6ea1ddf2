/** The templates of an XSLT 1.0 stylesheet, each with the nodes of one document that it matches. */
import { select } from "xpath";
import { NotKnown } from "../known";
import { childElements } from "./xml";

export const XSLT = "http://www.w3.org/1999/XSL/Transform";

export interface Template {
    matches: Set<Node>;
    body: Element;
}

/**
 * @returns templates, the one that wins a node before the ones that lose it
 * @throws  NotKnown where a pattern or another part of the stylesheet cannot be read
 */
export function templatesOf(stylesheet: Element | null, source: Document): Template[] {
    if (stylesheet?.namespaceURI !== XSLT || !["stylesheet", "transform"].includes(stylesheet.localName))
        throw new NotKnown("xml.xslt is no XSLT stylesheet");
    const parts = childElements(stylesheet).filter(({ namespaceURI }) => namespaceURI === XSLT);
    const foreign = parts.find(({ localName }) => ["import", "include", "strip-space"].includes(localName));
    if (foreign) throw new NotKnown(`xml.xslt uses xsl:${foreign.localName}, which is not followed here`);
    return parts
        .filter((part) => part.localName === "template" && part.hasAttribute("match") && !part.hasAttribute("mode"))
        .flatMap((body, order) =>
            alternatives(body.getAttribute("match") ?? "").map((pattern) => ({
                body,
                matches: matchesOf(pattern, source),
                priority: body.hasAttribute("priority") ? Number(body.getAttribute("priority")) : priorityOf(pattern),
                order,
            })),
        )
        .sort((a, b) => b.priority - a.priority || b.order - a.order);
}

/** Looks at nodes that one expression may take [count]. */
const MOST_LOOKS = 1e8;

/** Each step to descendants and each condition may look at every node anew. @throws NotKnown where that is without end */
export function refuseCostly(expression: string, source: Document): void {
    const depth = expression.match(/\/\/|\[|::/g)?.length ?? 0;
    if (depth > 1 && source.getElementsByTagName("*").length ** depth > MOST_LOOKS)
        throw new NotKnown("xml.xslt has an expression that takes too long to be told");
}

/** A pattern matches what it selects from anywhere: `interface[1]` what `//interface[1]` does (XSLT 1.0, 5.2). */
function matchesOf(pattern: string, source: Document): Set<Node> {
    refuseCostly(pattern, source);
    try {
        const found: unknown = select(pattern.startsWith("/") ? pattern : `//${pattern}`, source);
        if (Array.isArray(found)) return new Set(found as Node[]);
    } catch {
        // Told below: variables, keys, namespaces and what is no pattern at all.
    }
    throw new NotKnown("xml.xslt has a template whose pattern cannot be read here");
}

/** Default priority of a pattern (XSLT 1.0, 5.5). */
function priorityOf(pattern: string): number {
    const test = pattern.replace(/^(@|child::|attribute::)/, "");
    if (/^(\*|node\(\)|text\(\)|comment\(\)|processing-instruction\(\))$/.test(test)) return -0.5;
    if (/^[\w.-]+:\*$/.test(test)) return -0.25;
    return /^[\w.-]+(:[\w.-]+)?$/.test(test) ? 0 : 0.5;
}

/** Splits at `|`, but not inside brackets or quotes. */
function alternatives(pattern: string): string[] {
    const parts = pattern.match(/(?:"[^"]*"|'[^']*'|\[(?:"[^"]*"|'[^']*'|\[[^\]]*\]|[^\]"'])*\]|[^|"'[])+/g);
    return (parts ?? []).map((part) => part.trim()).filter(Boolean);
}
