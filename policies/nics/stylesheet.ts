/**
 * What an XSLT 1.0 stylesheet makes of a document, as far as that can be told without guessing.
 *
 * Templates, copies and literal elements are carried out. Where a stylesheet computes (`xsl:if`, `xsl:value-of`, ...) an
 * `unread` element stands in the result, or `UNREADABLE` in an attribute: whoever reads there has not decided.
 */
import { useNamespaces } from "xpath";
import { NotKnown } from "../known";
import { UNREADABLE } from "./outline";
import { refuseCostly, type Template, templatesOf, XSLT } from "./templates";
import { childElements, childNodes, emptyDocument, isAttribute, isDocument, isElement, isText, parseXml } from "./xml";

const UNREAD = "unread";
const UNREAD_SPACE = "urn:kvmnet:unread";

/** Far more than any domain needs; a stylesheet that goes round in circles ends here [instructions], [levels]. */
const MOST_STEPS = 50_000;
const DEEPEST = 200;
/** A stylesheet for NICs takes some milliseconds [ms]. */
const LONGEST_MS = 10_000;

/** Whether the node stands for something that could not be told. */
export const isUnread = (node: Node): boolean => isElement(node) && node.namespaceURI === UNREAD_SPACE;

export interface Transformed {
    document: Document;
    /** Names of elements that conditions of the stylesheet look at: where such a part is not known, neither is the choice. */
    conditions: Set<string>;
}

/** @throws NotKnown where nothing can be told of the result */
export function transform(stylesheet: string, source: Document): Transformed {
    const root = parseXml(stylesheet.trim(), "xml.xslt").documentElement;
    const templates = templatesOf(root, source);
    const document = emptyDocument();
    new Transformation(templates, document).apply([source], document, 0);
    return { document, conditions: conditionsOf(root) };
}

/** Names inside the brackets of every pattern and selection. */
function conditionsOf(root: Element | null): Set<string> {
    const expressions = Array.from(root?.getElementsByTagNameNS(XSLT, "*") ?? []).flatMap((part) =>
        ["match", "select"].map((name) => part.getAttribute(name) ?? ""),
    );
    const brackets = expressions.flatMap((text) => text.replace(/"[^"]*"|'[^']*'/g, "").match(/\[.*\]/g) ?? []);
    return new Set(brackets.flatMap((text) => text.match(/[\w.-]+/g) ?? []));
}

class Transformation {
    #steps = 0;
    readonly #until = performance.now() + LONGEST_MS;

    constructor(
        private readonly templates: Template[],
        private readonly result: Document,
    ) {}

    /** Runs the template of each node, or what XSLT does where there is none. */
    apply(nodes: Node[], into: Node, depth: number): void {
        for (const node of nodes) {
            const template = this.templates.find(({ matches }) => matches.has(node));
            if (template) this.run(childNodes(template.body), node, into, depth + 1);
            else if (isElement(node) || isDocument(node)) this.apply(childNodes(node), into, depth + 1);
            else if (isText(node) || isAttribute(node)) this.write(into, node.nodeValue ?? "");
        }
    }

    private run(instructions: Node[], context: Node, into: Node, depth: number): void {
        for (const instruction of instructions) {
            if (++this.#steps > MOST_STEPS || depth > DEEPEST) throw new NotKnown("xml.xslt goes round in circles");
            if (performance.now() > this.#until) throw new NotKnown("xml.xslt takes too long to be told");
            if (isText(instruction)) {
                if (instruction.nodeValue?.trim()) this.write(into, instruction.nodeValue);
            } else if (isElement(instruction)) {
                if (instruction.namespaceURI === XSLT) this.instruction(instruction, context, into, depth);
                else this.literal(instruction, context, into, depth);
            }
        }
    }

    private instruction(instruction: Element, context: Node, into: Node, depth: number): void {
        const given = (name: string) => instruction.getAttribute(name) ?? undefined;
        const body = childNodes(instruction);
        switch (instruction.localName) {
            case "apply-templates": {
                // xsltproc takes an attribute's text for its child here, which XPath does not (XPath 1.0, 5.3).
                const odd = isAttribute(context) && given("select") === undefined;
                const plain = !odd && !given("mode") && childElements(instruction).length === 0;
                const nodes = plain ? select(given("select") ?? "node()", context) : undefined;
                return nodes ? this.apply(nodes, into, depth) : this.unread(into);
            }
            case "copy-of": {
                const nodes = select(given("select") ?? "", context);
                return nodes ? nodes.forEach((node) => this.copy(node, into)) : this.unread(into);
            }
            case "copy":
                if (isDocument(context)) return this.run(body, context, into, depth + 1);
                if (!isElement(context)) return this.copy(context, into);
                return this.run(body, context, this.element(into, context.nodeName, context.namespaceURI), depth + 1);
            case "text":
                return this.write(into, instruction.textContent ?? "");
            case "element": {
                const name = given("name") ?? "";
                if (!/^[\w.-]+$/.test(name) || given("namespace")) return this.unread(into);
                return this.run(body, context, this.element(into, name, null), depth + 1);
            }
            case "attribute": {
                const name = given("name") ?? "";
                if (!/^[\w.-]+$/.test(name) || !isElement(into)) return this.unread(into);
                const held = this.result.createElement("held");
                this.run(body, context, held, depth + 1);
                return this.attribute(into, name, childElements(held).length ? UNREADABLE : (held.textContent ?? ""));
            }
            case "comment":
            case "processing-instruction":
            case "message":
            case "fallback":
                return;
            default:
                return this.unread(into);
        }
    }

    /** An element of the result, as it stands in the stylesheet. */
    private literal(model: Element, context: Node, into: Node, depth: number): void {
        const element = this.element(into, model.nodeName, model.namespaceURI);
        for (const { name, value, namespaceURI } of Array.from(model.attributes)) {
            if (namespaceURI === XSLT) this.unread(element);
            else if (!name.startsWith("xmlns")) element.setAttribute(name, attributeValue(value, context));
        }
        this.run(childNodes(model), context, element, depth + 1);
    }

    private copy(node: Node, into: Node): void {
        if (isAttribute(node)) {
            if (isElement(into)) this.attribute(into, node.name, node.value);
        } else if (isDocument(node)) childNodes(node).forEach((child) => this.copy(child, into));
        else if (isText(node)) this.write(into, node.nodeValue ?? "");
        else into.appendChild(this.result.importNode(node, true));
    }

    private element(into: Node, name: string, space: string | null): Element {
        return into.appendChild(this.result.createElementNS(space, name));
    }

    private attribute(into: Element, name: string, value: string): void {
        if (into.hasChildNodes())
            throw new NotKnown("xml.xslt adds an attribute after children, which xsltproc refuses");
        into.setAttribute(name, value);
    }

    private write(into: Node, text: string): void {
        if (!isDocument(into) && text) into.appendChild(this.result.createTextNode(text));
    }

    private unread(into: Node): void {
        // A document has one element only; a second one would be refused, and the first says enough.
        if (isDocument(into) && childElements(into).length)
            throw new NotKnown("xml.xslt writes more than one document");
        into.appendChild(this.result.createElementNS(UNREAD_SPACE, UNREAD));
    }
}

/** Text with `{expressions}` in it; braces meant as such are doubled (XSLT 1.0, 7.6.2). */
function attributeValue(text: string, context: Node): string {
    return text.replace(/\{\{|\}\}|\{([^{}]*)\}/g, (whole, expression?: string) => {
        if (expression === undefined) return whole.charAt(0);
        const nodes = select(expression, context);
        // What the outline of the domain lacks may be there in the real one.
        const [node] = nodes ?? [];
        return (node && (isAttribute(node) ? node.value : node.textContent)) || UNREADABLE;
    });
}

/** Nodes that an expression selects; undefined where it selects something else or cannot be read. */
function select(expression: string, context: Node): Node[] | undefined {
    const source = isDocument(context) ? (context as Document) : context.ownerDocument;
    if (source) refuseCostly(expression, source);
    try {
        const found: unknown = useNamespaces({})(expression, context);
        return Array.isArray(found) ? (found as Node[]) : undefined;
    } catch {
        return undefined;
    }
}
