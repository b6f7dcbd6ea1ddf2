import assert from "node:assert/strict";
import { XMLSerializer } from "@xmldom/xmldom";
import fc from "fast-check";
import { classicXml } from "../../policies/nics/classic-xml";
import { isUnread, transform } from "../../policies/nics/stylesheet";
import { isElement, isText, childNodes, parseXml } from "../../policies/nics/xml";
import { xsltproc } from "../support/xsltproc";

const PROPS = {
    name: "web-1",
    vcpu: 4,
    networkInterfaces: [
        { mac: "52:54:00:ab:cd:01", bridge: "br0" },
        { mac: "52:54:00:ab:cd:02", networkName: "default" },
    ],
};

/** The tree as data, blanks left out and neighbouring text joined: what two documents must have in common. */
function tree(node: Node): unknown {
    const children: unknown[] = [];
    for (const child of childNodes(node)) {
        if (isElement(child)) children.push(tree(child));
        else if (isText(child) && child.nodeValue?.trim()) {
            const last = children.at(-1);
            const text = child.nodeValue.replace(/\s/g, "");
            if (typeof last === "string") children[children.length - 1] = last + text;
            else children.push(text);
        }
    }
    const attributes = isElement(node) ? Array.from(node.attributes).map(({ name, value }) => [name, value]) : [];
    return { name: node.nodeName, attributes: Object.fromEntries(attributes) as object, children };
}

/** The result has one root whatever the templates do, so that it can be parsed. */
const ROOT = `<xsl:template match="/" priority="9"><all><xsl:apply-templates/></all></xsl:template>`;

const sheet = (templates: string[]) =>
    `<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">${ROOT}${templates.join("\n")}</xsl:stylesheet>`;

const anyPattern = fc.constantFrom(
    "@*|node()",
    "*",
    "@*",
    "text()",
    "interface",
    "/domain/devices/interface",
    "interface[1]",
    "interface[last()]",
    "//interface[2]",
    "interface[mac/@address='52:54:00:AB:CD:01']",
    `devices/interface[@type="bridge"]|vcpu`,
    "interface/model",
    "model/@type",
    "devices",
    "interface[source/@network]",
    "/",
    "/domain",
    "domain/*",
    "vcpu/text()",
    "interface[not(source/@bridge)]",
    "interface[mac/@address='a|b']",
);
const anyInstruction = fc.constantFrom(
    `<xsl:apply-templates/>`,
    `<xsl:apply-templates select="@*|node()"/>`,
    `<xsl:apply-templates select="interface[2]"/>`,
    `<xsl:copy><xsl:apply-templates select="@*|node()"/></xsl:copy>`,
    `<xsl:copy/>`,
    `<xsl:copy-of select="."/>`,
    `<xsl:copy-of select="mac|model"/>`,
    `<interface type="x{{y}}"><model type="e1000"/></interface>`,
    `<driver queues="4"/>`,
    `<model type="{@type}z"/>`,
    `text`,
    `<xsl:text> kept </xsl:text>`,
    `<xsl:element name="extra"><xsl:attribute name="a">b</xsl:attribute><xsl:apply-templates select="mac"/></xsl:element>`,
);
const anyTemplate = fc
    .record({
        pattern: anyPattern,
        priority: fc.constantFrom("", ` priority="2"`, ` priority="-1"`),
        body: fc.array(anyInstruction, { maxLength: 3 }),
    })
    .map(
        ({ pattern, priority, body }) =>
            `<xsl:template match='${pattern.replaceAll("'", "&apos;")}'${priority}><out>${body.join("")}</out></xsl:template>`,
    );

describe("our reading of a stylesheet", () => {
    it("is what xsltproc makes of the same domain, wherever it tells anything", function () {
        this.timeout(300_000);
        const source = new XMLSerializer().serializeToString(classicXml(PROPS) as never);
        let told = 0;
        fc.assert(
            fc.property(fc.array(anyTemplate, { maxLength: 5 }), (templates) => {
                const text = sheet(templates);
                let document: Document;
                try {
                    document = transform(text, classicXml(PROPS)).document;
                } catch {
                    return; // It tells nothing, which is never wrong.
                }
                const root = document.documentElement;
                if (!root || [root, ...Array.from(root.getElementsByTagName("*"))].some(isUnread)) return;
                if (JSON.stringify(tree(root)).includes("\uE000")) return;
                told++;
                assert.deepEqual(tree(root), tree(parseXml(xsltproc(text, source), "the result").documentElement));
            }),
            { numRuns: 150 },
        );
        assert.ok(told > 30, `only ${told} of 150 stylesheets were told anything of`);
    });
});
