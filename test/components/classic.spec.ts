import { strict as assert } from "node:assert";
import * as pulumi from "@pulumi/pulumi";
import { classicDomain } from "../../components/libvirt/classic";
import type { GuestDescription } from "../../components/libvirt/guest";
import { guestXslt } from "../../components/libvirt/xslt";
import { aGuest, aNic } from "../support/guests";

const taps = [pulumi.output("web-1-data")];
const argsOf = (guest: GuestDescription) => classicDomain(guest, taps).args as Record<string, unknown>;

describe("a guest in the words of the 0.8 line", () => {
    it("is a domain with the guest's size, kernel and machine", () => {
        const { networkInterfaces, xml, cmdlines, type, ...args } = argsOf(aGuest());
        assert.ok(networkInterfaces && xml && cmdlines && type);
        assert.deepEqual(args, {
            name: "web-1",
            vcpu: 4,
            memory: 256,
            machine: "q35",
            kernel: "/boot/vmlinuz",
            initrd: "/boot/initrd",
            autostart: false,
        });
    });

    it("says whether it starts with its host, also where it does not: the line would keep what it was", () =>
        assert.deepEqual(
            [true, false].map((autostart) => argsOf(aGuest({ autostart })).autostart),
            [true, false],
        ));

    it("is emulated by QEMU with tcg, and run by KVM with kvm", () => {
        assert.equal(argsOf(aGuest({ accelerator: "tcg" })).type, "qemu");
        assert.equal(argsOf(aGuest({ accelerator: "kvm" })).type, "kvm");
    });

    it("names each interface by its MAC address in upper case, as the stylesheet looks for it", () =>
        assert.deepEqual(argsOf(aGuest({ nics: [aNic({ mac: "52:54:00:ab:cd:01" })] })).networkInterfaces, [
            { mac: "52:54:00:AB:CD:01" },
        ]));

    it("carries the stylesheet with the names of the taps", async () => {
        const { xslt } = argsOf(aGuest()).xml as { xslt: pulumi.Output<string> };
        const text = await new Promise((resolve) => xslt.apply(resolve));
        assert.equal(text, guestXslt(aGuest(), ["web-1-data"]));
    });

    it("is replaced when its kernel or what its disks lie in changes, which that line would not notice", () =>
        assert.deepEqual(classicDomain(aGuest(), taps).replaceOnChanges, ["kernel", "initrd", "disks"]));

    it("names a file as the volume that the line reads it back as, and a CD-ROM as the file", () => {
        const disks = ["/img/a.img", "/img/b.iso"].map((file) => ({
            name: "d",
            format: "raw" as const,
            from: { file },
        }));
        assert.deepEqual(argsOf(aGuest({ disks })).disks, [{ volumeId: "/img/a.img" }, { file: "/img/b.iso" }]);
    });
});
