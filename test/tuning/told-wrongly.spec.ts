import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";

/** QEMU with one virtio NIC, stopped before its first instruction; what its monitor says of the device, or its refusal. */
function qemu(device: string): string {
    const machine = ["-M", "q35", "-accel", "tcg", "-display", "none", "-nodefaults", "-S", "-monitor", "stdio"];
    const nic = ["-netdev", "user,id=n0", "-device", `virtio-net-pci,netdev=n0,${device}`];
    const { stdout, stderr } = spawnSync("qemu-system-x86_64", [...machine, ...nic], {
        input: "info qtree\nquit\n",
        encoding: "utf8",
        timeout: 60_000,
    });
    return stdout + stderr;
}

/** What docs/tuning.md corrects, asked of QEMU and the kernel themselves. */
describe("what is often told wrongly of a NIC", function () {
    this.timeout(300_000);

    for (const size of [128, 1000, 4096, 8192])
        it(`is a receive ring of ${size}: QEMU refuses to start`, () =>
            assert.match(qemu(`rx_queue_size=${size}`), /Invalid rx_queue_size .*power of 2 between 256 and 1024/));

    it("is a transmit ring of 8192: QEMU refuses to start", () =>
        assert.match(qemu("tx_queue_size=8192"), /Invalid tx_queue_size .*power of 2 between 256 and 1024/));

    it("is a transmit ring of 1024 without vhost-user: QEMU makes it 256 without a word, or refuses it since 8.1", () => {
        const told = qemu("rx_queue_size=1024,tx_queue_size=1024");
        assert.match(told, /rx_queue_size = 1024|Invalid tx_queue_size/);
        assert.match(told, /tx_queue_size = 256|Invalid tx_queue_size/);
    });

    it("is a speed of virtio: it has none of its own", () =>
        assert.match(qemu("rx_queue_size=256"), /speed = (-1|4294967295)/));

    it("is a sysctl ringbuff_size: the kernel has none", () => {
        const named = readdirSync("/proc/sys/net", { recursive: true, encoding: "utf8" });
        assert.ok(named.length > 100);
        assert.deepEqual(
            named.filter((path) => /ring_?buff/i.test(path)),
            [],
        );
    });
});
