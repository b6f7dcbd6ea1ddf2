/** Resources for the examples of rules: a domain with one NIC, in both lines of @pulumi/libvirt. */
import type { Resource } from "../inputs";

const MAC = "52:54:00:12:34:56";

/** As the 0.9 line has it; 4 vCPUs unless told otherwise. */
export const nativeDomain = (nic: object, domain: object = {}): Resource => ({
    type: "libvirt:index/domain:Domain",
    name: "web",
    props: { name: "web", vcpu: 4, devices: { interfaces: [{ mac: { address: MAC }, ...nic }] }, ...domain },
});

/** As the 0.8 line has it: a stylesheet writes the NIC anew, with these elements in it. */
export const classicDomain = (elements: string, domain: object = {}): Resource => ({
    type: "libvirt:index/domain:Domain",
    name: "web",
    props: { name: "web", vcpu: 4, networkInterfaces: [{ mac: MAC }], xml: { xslt: stylesheet(elements) }, ...domain },
});

const stylesheet = (
    elements: string,
) => `<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:template match="@*|node()"><xsl:copy><xsl:apply-templates select="@*|node()"/></xsl:copy></xsl:template>
  <xsl:template match="/domain/devices/interface[mac/@address='${MAC.toUpperCase()}']">
    <interface type="ethernet"><mac address="${MAC}"/><target dev="tap-web0" managed="no"/>${elements}</interface>
  </xsl:template>
</xsl:stylesheet>`;
