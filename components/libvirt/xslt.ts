/** The stylesheet that turns what the 0.8 line writes into the domain we mean. The line itself runs `xsltproc`. */
import { isCdRom, kibibytes } from "../../schemas/guest";
import type { DecidedNic } from "../../schemas/virtio-nic";
import { isSorted } from "./cmdline";
import {
    driverOf,
    type GuestDescription,
    type GuestDisk,
    hasCdRom,
    hasSata,
    memoryOf,
    needsIommu,
    tellsMtu,
} from "./guest";

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
    const devices = `  <xsl:template match="/domain/devices/graphics|/domain/devices/video|/domain/devices/channel[@type='spicevmc']"/>
  <xsl:template match="/domain/devices">
    <xsl:copy>
      <xsl:apply-templates select="@*|node()"/>
      ${[serial(guest), ...scsiController(guest), ...iommu(guest)].join("\n      ")}
    </xsl:copy>
  </xsl:template>`;
    const parts = [...domainTemplates(guest), devices, ...interfaceTemplates(guest.nics, guest.accelerator, taps)];
    return stylesheet(parts);
}

/** Copies the domain and writes these interfaces anew; all else stays as whoever wrote the domain has it. */
export function nicsXslt(nics: DecidedNic[], accelerator: GuestDescription["accelerator"], taps: string[]): string {
    const guest = { nics, accelerator };
    return stylesheet([...domainTemplates(guest), ...interfaceTemplates(nics, accelerator, taps)]);
}

const stylesheet = (
    templates: string[],
) => `<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:output omit-xml-declaration="yes"/>
  <xsl:template match="@*|node()">
    <xsl:copy><xsl:apply-templates select="@*|node()"/></xsl:copy>
  </xsl:template>
${templates.join("\n")}
</xsl:stylesheet>
`;

type DomainParts = Pick<GuestDescription, "nics" | "accelerator"> & Partial<GuestDescription>;

/** What stands beside the devices: nothing where nothing is asked for, so that a stylesheet never changes unasked. */
function domainTemplates(guest: DomainParts): string[] {
    const { cpu, numa, machine = "", cmdline = [], disks = [], cloudInit } = guest;
    const added = [...memoryBacking(guest), ...pinned(guest), ...emulationFix(guest)];
    return [
        ...(added.length === 0
            ? []
            : [
                  `  <xsl:template match="/domain">
    <xsl:copy>
      <xsl:apply-templates select="@*|node()"/>
      ${added.join("\n      ")}
    </xsl:copy>
  </xsl:template>`,
              ]),
        ...(cpu?.topology || numa
            ? [`  <xsl:template match="/domain/cpu">\n    ${processor(guest)}\n  </xsl:template>`]
            : []),
        // That line puts all CD-ROMs on IDE, which many machines have not, and many a cloud's kernel has no driver for.
        ...(cloudInit === undefined
            ? []
            : [
                  `  <xsl:template match="/domain/devices/disk[serial='cloudinit']/target">
    <target dev="sda" bus="scsi"/>
  </xsl:template>`,
              ]),
        ...(isSorted(cmdline)
            ? []
            : [
                  `  <xsl:template match="/domain/os/cmdline">
    <cmdline>${escaped(cmdline.join(" "))}</cmdline>
  </xsl:template>`,
              ]),
        ...remappingTemplates(guest),
        ...disks.flatMap(diskFormat),
        ...(hasCdRom(guest) && hasSata(machine)
            ? [
                  `  <xsl:template match="/domain/devices/disk[@device='cdrom']/target/@bus">
    <xsl:attribute name="bus">sata</xsl:attribute>
  </xsl:template>`,
              ]
            : []),
    ];
}

/** That line takes a block device for raw, and asks a file what it is, which a guest can forge. */
function diskFormat({ format, from }: GuestDisk, index: number): string[] {
    const isTaken = "file" in from ? !isCdRom(from.file) : "block" in from && format !== "raw";
    if (!isTaken) return [];
    return [
        `  <xsl:template match="/domain/devices/disk[${index + 1}]/driver/@type">
    <xsl:attribute name="type">${format}</xsl:attribute>
  </xsl:template>`,
    ];
}

/** Remapped interrupts need QEMU's own I/O APIC. */
const remappingTemplates = (guest: DomainParts): string[] =>
    needsIommu(guest)
        ? [
              `  <xsl:template match="/domain/features">
    <xsl:copy>
      <xsl:apply-templates select="@*|node()"/>
      <ioapic driver="qemu"/>
    </xsl:copy>
  </xsl:template>`,
          ]
        : [];

const iommu = (guest: DomainParts): string[] =>
    needsIommu(guest) ? [`<iommu model="intel">${element("driver", { intremap: "on", eim: "on" })}</iommu>`] : [];

const scsiController = ({ cloudInit }: DomainParts): string[] =>
    cloudInit === undefined ? [] : [element("controller", { type: "scsi", index: 0, model: "virtio-scsi" })];

function memoryBacking(guest: DomainParts): string[] {
    const { shared, hugepages } = memoryOf(guest);
    if (!shared && hugepages === undefined) return [];
    const pages =
        hugepages === undefined
            ? ""
            : `<hugepages>${element("page", { size: kibibytes(hugepages), unit: "KiB" })}</hugepages>`;
    const access = shared ? `${element("source", { type: "memfd" })}${element("access", { mode: "shared" })}` : "";
    return [`<memoryBacking>${pages}${access}</memoryBacking>`];
}

function pinned({ pinning }: DomainParts): string[] {
    if (!pinning) return [];
    const pins = pinning.vcpus.map((cpuset, vcpu) => element("vcpupin", { vcpu, cpuset }));
    const emulator = pinning.emulator ? element("emulatorpin", { cpuset: pinning.emulator }) : "";
    return [
        `<cputune>${pins.join("")}${emulator}</cputune>`,
        ...(pinning.memoryNodes
            ? [`<numatune>${element("memory", { mode: "strict", nodeset: pinning.memoryNodes })}</numatune>`]
            : []),
    ];
}

function processor({ cpu, numa = [] }: DomainParts): string {
    const { sockets, cores, threads } = cpu?.topology ?? {};
    const topology = cpu?.topology
        ? element("topology", { sockets: sockets ?? 1, cores: cores ?? 1, threads: threads ?? 1 })
        : "";
    const cells = numa.map(({ cpus, memoryMiB }, id) => element("cell", { id, cpus, memory: memoryMiB, unit: "MiB" }));
    const nodes = cells.length ? `<numa>${cells.join("")}</numa>` : "";
    return `<cpu${cpu?.mode ? ` mode="${escaped(cpu.mode)}"` : ""}>${topology}${nodes}</cpu>`;
}

/** QEMU 7.2 under emulation crashes with a vhost-user NIC that has interrupt vectors (MSI-X): they are switched off there. */
function emulationFix({ nics, accelerator }: DomainParts): string[] {
    if (accelerator !== "tcg") return [];
    const devices = nics.flatMap((nic, index) =>
        nic.vhostUserSocket === undefined
            ? []
            : [
                  `<qemu:device alias="${aliasOf(index)}"><qemu:frontend><qemu:property name="vectors" type="unsigned" value="0"/></qemu:frontend></qemu:device>`,
              ],
    );
    if (devices.length === 0) return [];
    return [
        `<qemu:override xmlns:qemu="http://libvirt.org/schemas/domain/qemu/1.0">${devices.join("")}</qemu:override>`,
    ];
}

/** Aliases that users give begin with `ua-` (libvirt formatdomain, "Device aliases"). */
const aliasOf = (index: number) => `ua-nic${index}`;

const interfaceTemplates = (nics: DecidedNic[], accelerator: GuestDescription["accelerator"], taps: string[]) =>
    nics.map((nic, index) => interfaceTemplate(nic, accelerator, index, taps[index] ?? ""));

function interfaceTemplate(
    nic: DecidedNic,
    accelerator: GuestDescription["accelerator"],
    index: number,
    tap: string,
): string {
    const driver = driverOf(nic, accelerator);
    const socket = nic.vhostUserSocket;
    const children = [
        element("mac", { address: nic.mac.toUpperCase() }),
        socket === undefined
            ? element("target", { dev: tap, managed: "no" })
            : element("source", { type: "unix", path: socket, mode: "server" }),
        nic.model && element("model", { type: nic.model }),
        tellsMtu(nic) && element("mtu", { size: nic.mtu }),
        driver &&
            element("driver", {
                ...(driver.name && { name: driver.name }),
                queues: driver.queues,
                rx_queue_size: driver.rxQueueSize,
                tx_queue_size: driver.txQueueSize,
            }),
        socket !== undefined && accelerator === "tcg" && element("alias", { name: aliasOf(index) }),
    ];
    return `  <xsl:template match="/domain/devices/interface[mac/@address='${escaped(nic.mac.toUpperCase())}']">
    <interface type="${socket === undefined ? "ethernet" : "vhostuser"}">
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
