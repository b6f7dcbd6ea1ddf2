import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DOMParser, type Element } from "@xmldom/xmldom";
import { guestXslt } from "../../components/libvirt/xslt";
import { aGuest, aNic } from "../support/guests";
import { providerDomainXml } from "../support/libvirt-domain-xml";
import { xsltproc } from "../support/xsltproc";

/** What we write of a domain, out of its XML: names of elements and what their attributes say. */
function written(xml: string) {
    const document = new DOMParser().parseFromString(xml, "text/xml");
    const said = (element: Element | undefined, ...names: string[]) =>
        names.map((name) => element?.getAttribute(name)?.toLowerCase() ?? null);
    const [nic] = Array.from(document.getElementsByTagName("interface"));
    const inNic = (name: string) => nic?.getElementsByTagName(name)[0];
    const [serial] = Array.from(document.getElementsByTagName("serial")).filter((one) => one.hasAttribute("type"));
    const inSerial = (name: string) => serial?.getElementsByTagName(name)[0];
    const cdrom = Array.from(document.getElementsByTagName("disk")).find(
        (disk) => disk.getAttribute("device") === "cdrom",
    );
    const scsi = Array.from(document.getElementsByTagName("controller")).find(
        (one) => one.getAttribute("type") === "scsi",
    );
    return {
        interface: said(nic, "type"),
        mac: said(inNic("mac"), "address"),
        target: said(inNic("target"), "dev", "managed"),
        model: said(inNic("model"), "type"),
        driver: said(inNic("driver"), "name", "queues", "rx_queue_size", "tx_queue_size"),
        mtu: said(inNic("mtu"), "size"),
        serial: [
            ...said(serial, "type"),
            ...said(inSerial("source"), "mode", "path"),
            ...said(inSerial("log"), "file", "append"),
        ],
        cdrom: said(cdrom?.getElementsByTagName("target")[0], "dev", "bus"),
        scsi: said(scsi, "index", "model"),
        graphics: document.getElementsByTagName("graphics").length,
        video: document.getElementsByTagName("video").length,
    };
}

/** What the 0.8 line writes for a cloud-init disk before the stylesheet (libvirt/domain.go, newDiskForCloudInit). */
const CDROM = `<disk type="file" device="cdrom"><driver name="qemu" type="raw"/><source file="/x.iso"/><target dev="hdd" bus="ide"/><serial>cloudinit</serial></disk>`;

describe("a guest that was made, as `virsh dumpxml` tells it", () => {
    it("is the domain that we wrote", () => {
        const kept = readFileSync(join(__dirname, "golden", "dumpxml-disks-cloud-init.xml"), "utf8");
        const consoles = "/run/kvmnet/labs/test-guests/consoles/store";
        const guest = aGuest({
            nics: [aNic({ mac: "52:54:5e:65:52:31", queues: 2 })],
            console: { socket: `${consoles}.sock`, log: `${consoles}.log` },
            cloudInit: { id: "x;1", name: "x.iso", pool: "default" },
        });
        const before = providerDomainXml(["52:54:5E:65:52:31"]).replace("<rng ", `${CDROM}<rng `);
        assert.deepEqual(written(xsltproc(guestXslt(guest, ["store-data"]), before)), written(kept));
    });
});
