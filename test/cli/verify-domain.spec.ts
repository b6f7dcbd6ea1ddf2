import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { causeOf } from "../../cli/verify/causes";
import { verifyNic } from "../../cli/verify/compare";
import { nicsOf } from "../../cli/audit/qemu-line";
import { nicsOfXml } from "../../cli/verify/domain";
import type { DeclaredNic } from "../../schemas/declared";

const MAC = "52:54:5e:65:52:31";
const DUMP = readFileSync("test/components/golden/dumpxml-disks-cloud-init.xml", "utf8");
/** As libvirt 9.0 starts QEMU 7.2. */
const QEMU = [
    "-netdev",
    '{"type":"tap","fds":"41:54","vhost":true,"vhostfds":"55:56","id":"hostnet0"}',
    "-device",
    `{"driver":"virtio-net-pci","mq":true,"vectors":6,"rx_queue_size":1024,"tx_queue_size":256,"host_mtu":1500,"netdev":"hostnet0","id":"net0","mac":"${MAC}","bus":"pci.1","addr":"0x0"}`,
    "-device",
    '{"driver":"virtio-blk-pci","bus":"pci.5","drive":"libvirt-2-format","id":"virtio-disk0"}',
];

describe("a domain's XML, as virsh prints it", () => {
    it("tells the NICs by MAC address", () =>
        assert.deepEqual(nicsOfXml(DUMP), [
            {
                mac: MAC,
                alias: "net0",
                model: "virtio",
                driver: "qemu",
                queues: 2,
                rxRing: 1024,
                txRing: 256,
                mtu: 1500,
                tap: "store-data",
            },
        ]));
    it("tells one queue and no model where it says nothing", () => {
        const [nic] = nicsOfXml(
            `<domain><devices><interface type="network"><mac address="${MAC}"/></interface></devices></domain>`,
        );
        assert.deepEqual([nic?.queues, nic?.model, nic?.driver], [1, undefined, undefined]);
    });
});

describe("the cause of a difference", () => {
    const declared: DeclaredNic = {
        guest: "store",
        nic: "data",
        mac: MAC,
        tap: "store-data",
        plug: { kind: "ovs", bridge: "br", vlan: 5 },
        model: "virtio",
        queues: 2,
        rxRing: 1024,
        txRing: 256,
        mtu: 1500,
        address: null,
    };
    const seen = { name: "eth0", driver: "virtio_net", queues: 2, rxRing: 1024, txRing: 256, mtu: 1500 };
    const [xml] = nicsOfXml(DUMP);
    const [qemu] = nicsOf(QEMU);
    const host = { plug: { kind: "ovs" as const, bridge: "br", vlan: "5" }, tapMtu: 1500, xml, qemu };
    const silent = { declared: [], seen: [] };
    const causes = (...args: Parameters<typeof verifyNic>) =>
        Object.fromEntries(verifyNic(...args).cells.flatMap(({ field, cause }) => (cause ? [[field, cause]] : [])));

    it("is told only where something differs: five witnesses that say the same are as declared", () => {
        const { cells } = verifyNic(declared, seen, host, silent);
        assert.ok(
            cells.every(({ agrees, cause }) => agrees && cause === undefined),
            JSON.stringify(cells),
        );
        assert.deepEqual(
            cells.find(({ field }) => field === "MTU")?.said.map(({ by }) => by),
            ["guest", "domain XML", "kernel"],
        );
    });
    it("is QEMU's silent 256 where more was asked for on a tap", () => {
        const told = causes(
            { ...declared, txRing: 1024 },
            seen,
            { ...host, xml: { ...xml!, txRing: 1024 }, qemu: { ...qemu!, txRing: 1024 } },
            silent,
        );
        assert.match(told["rings RX/TX"] ?? "", /QEMU before 8\.1 sets a transmit ring above 256 on a tap back to 256/);
    });
    it("is the guest's driver where it took fewer queues than QEMU offers", () => {
        const told = causes(declared, { ...seen, queues: 1 }, host, silent);
        assert.match(told.queues ?? "", /took 1 of 2 queues: it takes no more than it has vCPUs/);
    });
    it("is a missing vhost_net where the domain asks for vhost and QEMU goes without", () => {
        const asked = { ...host, xml: { ...xml!, driver: "vhost" } };
        assert.deepEqual(causes(declared, seen, asked, silent), {});
        assert.match(
            causes(declared, seen, { ...asked, qemu: { ...qemu!, vhost: false } }, silent).vhost ?? "",
            /modprobe vhost_net/,
        );
    });
    it("is libvirt's choice where the domain names no model", () => {
        const told = causes(
            declared,
            { ...seen, driver: "8139cp" },
            { ...host, xml: { ...xml!, model: undefined }, qemu: { ...qemu!, model: "rtl8139" } },
            silent,
        );
        assert.match(told.model ?? "", /on x86 that is rtl8139/);
    });
    it("is a guest that was not started again where the domain has it and QEMU has not", () => {
        const told = causes({ ...declared, rxRing: 512 }, seen, { ...host, xml: { ...xml!, rxRing: 512 } }, silent);
        assert.match(told["rings RX/TX"] ?? "", /start the guest again/);
    });
    it("is a change beside the program where domain, tap or port have something else", () => {
        const told = causes(
            declared,
            seen,
            { ...host, tapMtu: 9000, plug: { ...host.plug, vlan: "6" }, xml: { ...xml!, queues: 8 } },
            silent,
        );
        assert.match(told.queues ?? "", /the domain was changed beside the program/);
        assert.match(told.MTU ?? "", /the tap has another MTU/);
        assert.match(told.VLAN ?? "", /the port was changed beside the program/);
    });
    it("is a guest that is off where nobody says anything", () =>
        assert.match(causeOf({ field: "queues", declared: "2", said: [] }, {}) ?? "", /the guest is off/));
});
