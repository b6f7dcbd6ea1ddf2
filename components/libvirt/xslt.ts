/** The stylesheet that turns what the 0.8 line writes into the domain we mean. The line itself runs `xsltproc`. */
import { driverOf, type GuestDescription } from "./guest";

/**
 * Copies the domain, and
 * - writes each interface anew, found by its MAC address (in upper case, as that line writes it): it opens a tap that
 *   is there already and stays there (`managed='no'`);
 * - drops the SPICE graphics that the line adds by itself, with its video card and channel: they fail to start where
 *   127.0.0.1 cannot be resolved;
 * - adds the serial console.
 *
 * @param taps names of the NICs' taps, in the order of the NICs
 */
export function guestXslt(guest: GuestDescription, taps: string[]): string {
    const interfaces = guest.nics.map((_, index) => interfaceTemplate(guest, index, taps[index]!));
    return `<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:output omit-xml-declaration="yes"/>
  <xsl:template match="@*|node()">
    <xsl:copy><xsl:apply-templates select="@*|node()"/></xsl:copy>
  </xsl:template>
  <xsl:template match="/domain/devices/graphics|/domain/devices/video|/domain/devices/channel[@type='spicevmc']"/>
  <xsl:template match="/domain/devices">
    <xsl:copy>
      <xsl:apply-templates select="@*|node()"/>
      ${serial(guest)}
    </xsl:copy>
  </xsl:template>
${interfaces.join("\n")}
</xsl:stylesheet>
`;
}

function interfaceTemplate({ nics, accelerator }: GuestDescription, index: number, tap: string): string {
    const nic = nics[index]!;
    const driver = driverOf(nic, accelerator);
    const children = [
        element("mac", { address: nic.mac.toUpperCase() }),
        element("target", { dev: tap, managed: "no" }),
        nic.model && element("model", { type: nic.model }),
        element("mtu", { size: nic.mtu }),
        driver &&
            element("driver", {
                name: driver.name,
                queues: driver.queues,
                rx_queue_size: driver.rxQueueSize,
                tx_queue_size: driver.txQueueSize,
            }),
    ];
    return `  <xsl:template match="/domain/devices/interface[mac/@address='${escaped(nic.mac.toUpperCase())}']">
    <interface type="ethernet">
      ${children.filter(Boolean).join("\n      ")}
    </interface>
  </xsl:template>`;
}

function serial({ console }: GuestDescription): string {
    if (!console) return `<serial type="pty"><target port="0"/></serial>`;
    const source = element("source", { mode: "bind", path: console.socket });
    const log = element("log", { file: console.log, append: "off" });
    return `<serial type="unix">${source}${log}<target port="0"/></serial>`;
}

/** An element with literal attributes: in a stylesheet braces would be expressions, so they are doubled. */
function element(name: string, attributes: Record<string, string | number>): string {
    const written = Object.entries(attributes).map(
        ([key, value]) => ` ${key}="${escaped(String(value)).replace(/[{}]/g, "$&$&")}"`,
    );
    return `<${name}${written.join("")}/>`;
}

/**
 * Text as XML carries it in an attribute.
 * @throws RangeError where the text has a character that XML 1.0 cannot carry at all
 */
export function escaped(text: string): string {
    if (/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u.test(text))
        throw new RangeError(`${JSON.stringify(text)} has a character that XML cannot carry; remove it`);
    return text.replace(/[&<>"'\t\n\r]/g, (character) => `&#${character.codePointAt(0)};`);
}
