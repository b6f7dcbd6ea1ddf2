import { strict as assert } from "node:assert";
import { DOMParser, type Element } from "@xmldom/xmldom";
import fc from "fast-check";
import { select, select1 } from "xpath";
import { escaped, guestXslt } from "../../components/libvirt/xslt";
import { aGuest, aNic } from "../support/guests";
import { providerDomainXml } from "../support/libvirt-domain-xml";
import { xsltproc } from "../support/xsltproc";

const HOSTILE = [
    '"><',
    "]]>",
    "&#",
    "&#0;",
    "{$x}",
    "{{",
    "}",
    "' or '1'='1",
    "<!--",
    "<xsl:copy-of select='document(1)'/>",
    "\n\t",
    "é漢",
];

/** The domain as the provider hands it to libvirt. */
function domainOf(guest = aGuest(), taps = guest.nics.map((_, index) => `tap${index}`)) {
    const xml = providerDomainXml(
        guest.nics.map(({ mac }) => mac.toUpperCase()),
        guest.disks.map(() => "<source/>"),
    );
    const document = new DOMParser().parseFromString(xsltproc(guestXslt(guest, taps), xml), "text/xml");
    const all = (path: string) => select(path, document as never) as unknown as Element[];
    const text = (path: string) =>
        (select1(`string(${path})`, document as never) as unknown as string | undefined) ?? "";
    return { all, text };
}

describe("the stylesheet for the 0.8 line, run by xsltproc over the domain that the line writes", () => {
    const nic = "/domain/devices/interface[1]";

    it("makes the interface open our tap and leave it there", () => {
        const { text } = domainOf();
        assert.equal(text(`${nic}/@type`), "ethernet");
        assert.equal(text(`${nic}/target/@dev`), "tap0");
        assert.equal(text(`${nic}/target/@managed`), "no");
    });

    it("writes model, MTU, queues and rings", () => {
        const { text } = domainOf(aGuest({ nics: [aNic({ queues: 3, rxRing: 512, mtu: 9000 })] }));
        assert.equal(text(`${nic}/model/@type`), "virtio");
        assert.equal(text(`${nic}/mtu/@size`), "9000");
        assert.equal(text(`${nic}/driver/@queues`), "3");
        assert.equal(text(`${nic}/driver/@rx_queue_size`), "512");
        assert.equal(text(`${nic}/driver/@tx_queue_size`), "256");
    });

    it("demands vhost with kvm, and leaves the packets to QEMU under emulation", () => {
        assert.equal(domainOf(aGuest({ accelerator: "kvm" })).text(`${nic}/driver/@name`), "vhost");
        assert.equal(domainOf(aGuest({ accelerator: "tcg" })).text(`${nic}/driver/@name`), "qemu");
    });

    it("writes no driver for an emulated model", () => {
        const { all, text } = domainOf(aGuest({ nics: [aNic({ model: "e1000", queues: 1 })] }));
        assert.equal(text(`${nic}/model/@type`), "e1000");
        assert.deepEqual(all(`${nic}/driver`), []);
    });

    it("writes no model where the model is left to libvirt", () => {
        const { all } = domainOf(aGuest({ nics: [aNic({ model: null, queues: 1 })] }));
        assert.deepEqual(all(`${nic}/model`), []);
        assert.deepEqual(all(`${nic}/driver`), []);
    });

    it("gives each NIC its own tap, in their order", () => {
        const nics = [aNic({ mac: "52:54:00:00:00:0a" }), aNic({ mac: "52:54:00:00:00:0b", queues: 1 })];
        const { all } = domainOf(aGuest({ nics }), ["tap-a", "tap-b"]);
        const seen = all("/domain/devices/interface").map((one) => [
            one.getElementsByTagName("mac")[0]?.getAttribute("address"),
            one.getElementsByTagName("target")[0]?.getAttribute("dev"),
        ]);
        assert.deepEqual(seen, [
            ["52:54:00:00:00:0A", "tap-a"],
            ["52:54:00:00:00:0B", "tap-b"],
        ]);
    });

    it("drops the graphics, and keeps everything else the line wrote", () => {
        const { all, text } = domainOf();
        assert.deepEqual(all("/domain/devices/graphics | /domain/devices/video"), []);
        assert.equal(text("/domain/os/kernel"), "/boot/vmlinuz");
        assert.equal(text("/domain/devices/rng/backend"), "/dev/urandom");
        assert.equal(text("/domain/devices/channel/target/@name"), "org.qemu.guest_agent.0");
    });

    it("adds the serial console with its socket and log", () => {
        const { text } = domainOf();
        assert.equal(text("/domain/devices/serial/@type"), "unix");
        assert.equal(text("/domain/devices/serial/source/@mode"), "bind");
        assert.equal(text("/domain/devices/serial/source/@path"), "/run/console.sock");
        assert.equal(text("/domain/devices/serial/log/@file"), "/run/console.log");
        assert.equal(text("/domain/devices/serial/log/@append"), "off");
    });

    it("adds a plain serial port where no console was asked for", () =>
        assert.equal(domainOf(aGuest({ console: undefined })).text("/domain/devices/serial/@type"), "pty"));

    it("gives more than 255 vCPUs of a q35 an IOMMU that reaches them, and fewer none", () => {
        const many = domainOf(aGuest({ vcpus: 256 }));
        assert.equal(many.text("/domain/devices/iommu/@model"), "intel");
        assert.equal(many.text("/domain/devices/iommu/driver/@eim"), "on");
        assert.equal(many.text("/domain/features/ioapic/@driver"), "qemu");
        assert.equal(many.all("/domain/features/*").length, 4);
        assert.deepEqual(domainOf(aGuest({ vcpus: 255 })).all("//iommu|//ioapic"), []);
        assert.deepEqual(domainOf(aGuest({ vcpus: 256, machine: "virt" })).all("//iommu|//ioapic"), []);
    });

    for (const words of [
        ["hugepagesz=1G", "hugepages=4", "hugepagesz=2M", "hugepages=512"],
        ["console=ttyS0", "console=tty0"],
        ["quiet", `dyndbg="file`, "net/*", `+p"`, "--", "single=1"],
        ["b=<&{$x}", "a='\"'"],
    ])
        it(`keeps the order of the kernel's words: ${words.join(" ")}`, () =>
            assert.equal(domainOf(aGuest({ cmdline: words })).text("/domain/os/cmdline"), words.join(" ")));

    it("says nothing of the kernel's words where the line writes them in their order", () =>
        assert.doesNotMatch(guestXslt(aGuest({ cmdline: ["a=1", "b=2", "quiet"] }), ["tap0"]), /cmdline/));

    it("gives a file and a block device the format that is declared, and leaves a volume's to the line", () => {
        const volume = { id: "/pool/a.qcow2", name: "a.qcow2", pool: "default" };
        const { all } = domainOf(
            aGuest({
                disks: [
                    { name: "d", format: "qcow2", from: { volume } },
                    { name: "d", format: "qcow2", from: { file: "/img/a.img" } },
                    { name: "d", format: "raw", from: { file: "/img/b.img" } },
                    { name: "d", format: "qcow2", from: { block: "/dev/vg/a" } },
                    { name: "d", format: "raw", from: { block: "/dev/vg/b" } },
                ],
            }),
        );
        assert.deepEqual(
            all("/domain/devices/disk/driver").map((driver) => driver.getAttribute("type")),
            ["raw", "qcow2", "raw", "qcow2", "raw"],
        );
    });

    for (const text of HOSTILE)
        it(`carries ${JSON.stringify(text)} as text and as nothing else`, () => {
            const domain = domainOf(aGuest({ console: { socket: `/${text}`, log: text } }), [text]);
            assert.equal(domain.text("/domain/devices/serial/source/@path"), `/${text}`);
            assert.equal(domain.text("/domain/devices/serial/log/@file"), text);
            assert.equal(domain.text(`${nic}/target/@dev`), text);
        });

    it("carries any text that XML can carry (fuzzed)", () =>
        fc.assert(
            fc.property(
                fc.string({ unit: fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ maxLength: 3 })) }),
                (text) => {
                    fc.pre(carries(text));
                    const domain = domainOf(aGuest({ console: { socket: text, log: "/log" } }), [text]);
                    assert.equal(domain.text("/domain/devices/serial/source/@path"), text);
                    assert.equal(domain.text(`${nic}/target/@dev`), text);
                    assert.equal(domain.all("//*").length, domainOf().all("//*").length);
                },
            ),
            { numRuns: 60 },
        ));

    it("refuses text that XML cannot carry", () => assert.throws(() => escaped("a\u0001b"), /cannot carry/));
});

function carries(text: string): boolean {
    try {
        return Boolean(escaped(text)) || text === "";
    } catch {
        return false;
    }
}
