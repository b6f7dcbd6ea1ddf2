import { strict as assert } from "node:assert";
import * as pulumi from "@pulumi/pulumi";
import type { GuestDescription } from "../../components/libvirt/guest";
import { nativeDomain } from "../../components/libvirt/native";
import type { DomainArgs } from "../../components/libvirt/native-schema";
import { aGuest, aNic } from "../support/guests";

const tap = pulumi.output("web-1-data");
const args = (guest: GuestDescription) =>
    nativeDomain(
        guest,
        guest.nics.map(() => tap),
    ).args as DomainArgs;
const devices = (guest: GuestDescription) => args(guest).devices;

describe("a guest in the words of the 0.9 line", () => {
    it("opens our tap and leaves it there, with model, MTU, queues and rings", () =>
        assert.deepEqual(devices(aGuest()).interfaces, [
            {
                mac: { address: "52:54:00:ab:cd:01" },
                source: { ethernet: {} },
                target: { dev: tap, managed: false },
                mtu: { size: 1500 },
                model: { type: "virtio" },
                driver: { name: "qemu", queues: 4, rxQueueSize: 1024, txQueueSize: 256 },
            },
        ]));

    it("demands vhost with kvm", () => {
        const [nic] = devices(aGuest({ accelerator: "kvm" })).interfaces;
        assert.deepEqual(nic!.driver, { name: "vhost", queues: 4, rxQueueSize: 1024, txQueueSize: 256 });
    });

    it("says nothing of a single queue, of which libvirt keeps no word", () => {
        const [nic] = devices(aGuest({ nics: [aNic({ queues: 1 })] })).interfaces;
        assert.deepEqual(nic!.driver, { name: "qemu", rxQueueSize: 1024, txQueueSize: 256 });
    });

    it("has no driver for an emulated model, and no model where it is left to libvirt", () => {
        const nics = [aNic({ model: "e1000", queues: 1 }), aNic({ model: null, queues: 1 })];
        const [emulated, open] = devices(aGuest({ nics })).interfaces;
        assert.deepEqual([emulated!.model, "driver" in emulated!], [{ type: "e1000" }, false]);
        assert.deepEqual(["model" in open!, "driver" in open!], [false, false]);
    });

    it("boots the kernel with its words in their order", () =>
        assert.deepEqual(args(aGuest()).os, {
            type: "hvm",
            typeMachine: "q35",
            kernel: "/boot/vmlinuz",
            initrd: "/boot/initrd",
            cmdline: "console=ttyS0 kvmnet.name=web-1",
        }));

    it("is started, with memory in MiB, by the asked accelerator", () => {
        const { running, memory, memoryUnit, vcpu, type } = args(aGuest());
        assert.deepEqual(
            { running, memory, memoryUnit, vcpu, type },
            { running: true, memory: 256, memoryUnit: "MiB", vcpu: 4, type: "qemu" },
        );
    });

    it("has an IOMMU that reaches more than 255 vCPUs of a q35, and none for fewer", () => {
        const iommu = { model: "intel", driver: { intRemap: "on", eim: "on" } };
        const { features, devices: many } = args(aGuest({ vcpus: 256 }));
        assert.deepEqual([features.ioapic, many.iommu], [{ driver: "qemu" }, iommu]);
        const { features: few, devices: without } = args(aGuest({ vcpus: 255 }));
        assert.deepEqual(["ioapic" in few, "iommu" in without], [false, false]);
    });

    it("answers on its console's socket and keeps what it printed", () =>
        assert.deepEqual(devices(aGuest()).serials, [
            {
                source: { unix: { mode: "bind", path: "/run/console.sock" } },
                log: { file: "/run/console.log", append: "off" },
                target: { port: 0 },
            },
        ]));

    it("has a plain serial port where no console was asked for", () =>
        assert.deepEqual(devices(aGuest({ console: undefined })).serials, [{ target: { port: 0 } }]));
});
