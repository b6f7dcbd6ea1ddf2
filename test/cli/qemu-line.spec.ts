import assert from "node:assert/strict";
import fc from "fast-check";
import { effectiveXml } from "../../cli/audit/effective";
import { nicsOf } from "../../cli/audit/qemu-line";
import { fileNics } from "../../policies/nics/domain-xml";
import { NotKnown } from "../../policies/known";

/** As libvirt 9.0 starts QEMU 7.2. */
const JSON_FORM = [
    "qemu-system-x86_64",
    "-netdev",
    '{"type":"tap","fds":"32:34:35:36","vhost":true,"vhostfds":"37:38:39:40","id":"hostnet0"}',
    "-device",
    '{"driver":"virtio-net-pci","mq":true,"vectors":10,"rx_queue_size":1024,"tx_queue_size":256,"netdev":"hostnet0","id":"net0","mac":"52:54:00:00:00:01"}',
    "-device",
    '{"driver":"rtl8139","netdev":"hostnet1","id":"net1","mac":"52:54:00:00:00:02"}',
    "-netdev",
    '{"type":"tap","fd":"41","id":"hostnet1"}',
    "-device",
    '{"driver":"virtio-serial-pci","id":"virtio-serial0"}',
];

/** As libvirt before 6.0 and people at a shell write it. */
const KEY_FORM = [
    ...["-netdev", "tap,id=hostnet0,fds=5:6,vhost=on"],
    ...["-device", "virtio-net-pci,netdev=hostnet0,id=net0,mq=on,rx_queue_size=512"],
    ...["-netdev", "vhost-user,id=hostnet1,chardev=charnet1,queues=4"],
    ...["-device", "virtio-net-ccw,netdev=hostnet1,id=net1"],
    ...["-global", "virtio-net-ccw.rx_queue_size=1024"],
    ...["-set", "device.net0.tx_queue_size=512"],
];

describe("QEMU's command line", () => {
    it("tells of each NIC its model, queues, rings and who moves its packets", () =>
        assert.deepEqual(nicsOf(JSON_FORM), [
            {
                id: "net0",
                mac: "52:54:00:00:00:01",
                model: "virtio",
                queues: 4,
                rxRing: 1024,
                txRing: 256,
                backend: "tap",
                vhost: true,
            },
            { id: "net1", mac: "52:54:00:00:00:02", model: "rtl8139", queues: 1, backend: "tap", vhost: false },
        ]));

    it("is read in the older form as well, with what -set and -global change", () =>
        assert.deepEqual(nicsOf(KEY_FORM), [
            { id: "net0", model: "virtio", queues: 2, rxRing: 512, txRing: 512, backend: "tap", vhost: true },
            { id: "net1", model: "virtio", queues: 4, rxRing: 1024, backend: "vhost-user", vhost: false },
        ]));

    it("is read whatever stands there", () =>
        fc.assert(
            fc.property(
                fc.array(
                    fc.oneof(
                        fc.constantFrom("-device", "-netdev", "-set", "-global"),
                        fc.string(),
                        fc.json(),
                        fc.constantFrom(...JSON_FORM, ...KEY_FORM),
                    ),
                ),
                (argv) => Array.isArray(nicsOf(argv)),
            ),
        ));
});

describe("the XML of a guest that runs", () => {
    const nic = (alias: string, mac: string, more: string) =>
        `<interface type="bridge"><mac address="52:54:00:00:00:${mac}"/><alias name="${alias}"/>${more}</interface>`;
    const read = (...interfaces: string[]) => {
        const xml = `<domain type="kvm" id="3"><name>web</name><vcpu current="2">8</vcpu><devices>${interfaces.join("")}</devices></domain>`;
        return fileNics(effectiveXml(xml, nicsOf(JSON_FORM), 2)).map((nic) =>
            nic instanceof NotKnown ? assert.fail(nic.because) : nic,
        );
    };
    const VIRTIO = '<model type="virtio"/><driver name="vhost" queues="4" rx_queue_size="256"/>';

    it("is judged with the values that QEMU has", () => {
        const [first, second] = read(nic("net0", "01", VIRTIO), nic("net1", "02", ""));
        assert.deepEqual([first?.queues, first?.rxRing, first?.said("driver")], [4, 1024, "vhost"]);
        assert.equal(second?.model, "rtl8139");
    });

    it("keeps what it says of a NIC that the command line does not name", () => {
        const [other] = read(nic("net9", "09", '<model type="virtio"/>'));
        assert.deepEqual([other?.queues, other?.rxRing, other?.model], [1, 256, "virtio"]);
    });

    it("keeps what it says of a NIC that was plugged in under the alias of one that went", () => {
        const [model] = read(nic("net0", "01", '<model type="rtl8139"/>'));
        assert.deepEqual([model?.model, model?.queues], ["rtl8139", 1]);
        for (const more of [nic("net0", "09", VIRTIO), nic("net0", "01", VIRTIO.replace("4", "2"))])
            assert.equal(read(more)[0]?.rxRing, 256, more);
    });

    it("has as many vCPUs as are plugged in", () => assert.equal(read(nic("net0", "01", VIRTIO))[0]?.guest.vcpus, 2));
});
