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

/** A resource of ours; its logical name is that on the host. */
export const made = (type: string, props: Record<string, unknown>): Resource => ({
    type: `kvmnet:${type}`,
    name: [props.name, props.key].find((name) => typeof name === "string") ?? "it",
    props,
});

/** A domain's XML in a file, with a NIC and what else stands in `<domain>` and `<devices>`. */
export const domainFile = (nic: string, more = "", devices = ""): Resource => ({
    type: "libvirt:xml:Domain",
    name: "web",
    props: {
        domainXml: `<domain type="kvm"><name>web</name><vcpu>4</vcpu>${more}<devices><interface type="bridge"><mac address="${MAC}"/><source bridge="br0"/>${nic}</interface>${devices}</devices></domain>`,
    },
});

/** What a NIC has about which no rule has anything to say; examples say what they are about beside it. */
const TUNED = { model: { type: "virtio" }, driver: { queues: 4, rxQueueSize: 1024 } };

/** As `nativeDomain`, with a NIC that is tuned where nothing else is said of it. */
export const tunedDomain = (nic: { driver?: object; [field: string]: unknown }, domain: object = {}): Resource =>
    nativeDomain({ ...TUNED, ...nic, driver: { ...TUNED.driver, ...nic.driver } }, domain);

/** A guest on vhost-user, with memory as a switch needs it; `unix` is its socket. */
export const vhostUserDomain = (unix: object, nic: { driver?: object } = {}, domain: object = {}): Resource =>
    tunedDomain(
        { source: { vhostUser: { dev: "vhu0", chardev: { unix } } }, ...nic },
        { memoryBacking: { memoryAccess: { mode: "shared" }, memoryHugePages: {} }, ...domain },
    );

/** As `classicDomain`, with a NIC that is tuned where nothing else is said of it. */
export const tunedClassic = (elements: string, domain: object = {}): Resource => {
    const model = elements.includes("<model") ? "" : '<model type="virtio"/>';
    const driver = elements.includes("<driver") ? elements : `<driver/>${elements}`;
    const attributes = ['name="vhost"', 'queues="4"', 'rx_queue_size="1024"'].filter(
        (attribute) => !driver.includes(` ${attribute.split("=")[0]}=`),
    );
    return classicDomain(model + driver.replace("<driver", ["<driver", ...attributes].join(" ")), domain);
};
