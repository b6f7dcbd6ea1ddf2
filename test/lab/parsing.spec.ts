import assert from "node:assert/strict";
import fc from "fast-check";
import { cpio } from "../../lab/guest/cpio";
import { parseLdd, parseShowDepends } from "../../lab/guest/image";
import { unlz4Block } from "../../lab/guest/kernel";
import { kernelPackage } from "../../lab/guest/parts";
import { reportIn } from "../../lab/guest/report";
import { withAccount } from "../../lab/host/folders";
import { notInstalled, unfinished, wouldInstall } from "../../lab/packages";
import { isAlive, parseStat, statOf } from "../../lab/processes";
import { guestWords } from "../../schemas/lab-guest";
import { LabRecord } from "../../schemas/lab-record";

describe("what dpkg and apt say", () => {
    it("counts a package that is only half there as missing", () =>
        assert.deepEqual(notInstalled(["a", "b", "c"], "a installed\nb half-configured\n"), ["b", "c"]));
    it("tells what an installation would add", () =>
        assert.deepEqual(
            wouldInstall("NOTE: x\nInst kmod (30 Debian)\nInst libxdp1 [1] (2 Debian)\nConf kmod (30)\n"),
            ["kmod", "libxdp1"],
        ));
    it("tells what has begun and not ended, which a package that waits for triggers has", () =>
        assert.deepEqual(
            unfinished(
                "a installed\nb unpacked\nc config-files\nd half-configured\ne triggers-pending\nf half-installed\n",
            ),
            ["b", "d", "f"],
        ));
    it("names the package with the kernel itself", () =>
        assert.equal(
            kernelPackage("linux-image-cloud-amd64\n  Depends: linux-image-6.1.0-56-cloud-amd64\n"),
            "linux-image-6.1.0-56-cloud-amd64",
        ));
    it("knows no kernel where apt knows none", () => assert.equal(kernelPackage(""), undefined));
});

describe("what a guest is packed from", () => {
    it("is the libraries that ldd found", () =>
        assert.deepEqual(
            parseLdd(
                "\tlinux-vdso.so.1 (0x00007ffd)\n\tlibm.so.6 => /lib/libm.so.6 (0x00007f)\n\t/lib64/ld-linux.so.2 (0x00007f)\n",
            ),
            ["/lib/libm.so.6", "/lib64/ld-linux.so.2"],
        ));
    it("is the modules that modprobe lists, in its order, without what is built in", () =>
        assert.deepEqual(parseShowDepends("insmod /m/virtio_ring.ko \nbuiltin pci\ninsmod /m/virtio.ko x=1\n"), [
            "/m/virtio_ring.ko",
            "/m/virtio.ko",
        ]));
    it("becomes an archive whose members start on multiples of four", () =>
        fc.assert(
            fc.property(fc.uint8Array({ maxLength: 40 }), fc.stringMatching(/^[a-z]{1,20}$/), (data, path) => {
                const archive = cpio([{ path, kind: "file", data: Buffer.from(data) }]);
                assert.equal(archive.length % 4, 0);
                const body = Math.ceil((110 + path.length + 1) / 4) * 4;
                assert.deepEqual(archive.subarray(body, body + data.length), Buffer.from(data));
                assert.equal(
                    archive
                        .subarray(body + Math.ceil(data.length / 4) * 4)
                        .subarray(0, 6)
                        .toString(),
                    "070701",
                );
            }),
        ));
});

describe("an LZ4 block", () => {
    it("is literals, then copies that may overlap what they write", () =>
        assert.equal(
            unlz4Block(Buffer.from([0x24, 0x61, 0x62, 0x02, 0x00, 0x10, 0x21])).toString(),
            "abababababab".slice(0, 10) + "!",
        ));
    it("may be literals only, also more than 15", () =>
        assert.equal(
            unlz4Block(Buffer.concat([Buffer.from([0xf0, 5]), Buffer.from("x".repeat(20))])).toString(),
            "x".repeat(20),
        ));
});

describe("a guest's report", () => {
    const nic =
        '{"name":"eth0","driver":"virtio_net","mac":"52:54:00:00:00:01","queues":4,"maxQueues":4,"rxRing":1024,"txRing":256,' +
        '"mtu":1500,"addresses":["10.0.0.1/24"],"offloads":{"rx-checksumming":true}}';
    it("is found among what the console printed", () =>
        assert.equal(
            reportIn(`[ 0.1] boot\r\nKVMNET-REPORT {"hostname":"g","nics":[${nic}]}\r\nmore\n`)?.nics[0]?.rxRing,
            1024,
        ));
    it("is the last one where there are two", () =>
        assert.equal(
            reportIn('KVMNET-REPORT {"hostname":"a","nics":[]}\nKVMNET-REPORT {"hostname":"b","nics":[]}\n')?.hostname,
            "b",
        ));
    it("is not there before its line has ended", () =>
        assert.equal(reportIn('KVMNET-REPORT {"hostname":"a","nics":[]}'), undefined));
    it("is refused when a field is missing", () => assert.throws(() => reportIn('KVMNET-REPORT {"hostname":"a"}\n')));
});

describe("a guest's command line", () => {
    it("names the guest and each NIC, with the MAC in lower case", () =>
        assert.match(
            guestWords("web", [
                { mac: "52:54:00:AB:00:01", address: "10.0.0.1/24" },
                { mac: "52:54:00:00:00:02" },
            ]).join(" "),
            /^console=ttyS0 kvmnet\.name=web kvmnet\.nic=52:54:00:ab:00:01,10\.0\.0\.1\/24 kvmnet\.nic=52:54:00:00:00:02$/,
        ));
});

describe("a process", () => {
    it("is read also when its name holds spaces and brackets", () =>
        assert.deepEqual(parseStat(`7 (a) b (c) S 3 ${"0 ".repeat(17)}4711 0`), {
            pid: 7,
            state: "S",
            parent: 3,
            startTime: "4711",
        }));
    it("is itself only with its start time", () => {
        const own = statOf(process.pid);
        assert.ok(own && isAlive(own));
        assert.equal(isAlive({ ...own, startTime: "1" }), false);
    });
});

describe("a lab's record", () => {
    it("has a process and a name", () =>
        assert.equal(
            LabRecord.parse({ name: "sample", pid: 5, startTime: "77", since: "2026-01-01T00:00:00Z" }).pid,
            5,
        ));
    it("is refused without a start time", () =>
        assert.equal(LabRecord.safeParse({ name: "sample", pid: 5 }).success, false));
});

describe("a lab's accounts", () => {
    it("get libvirt's, once", () => {
        const line = "libvirt-qemu:x:1:1::/:/bin/false";
        const once = withAccount("root:x:0:0::/root:/bin/sh\n", line);
        assert.equal(once, `root:x:0:0::/root:/bin/sh\n${line}\n`);
        assert.equal(withAccount(once, line), once);
    });
});
