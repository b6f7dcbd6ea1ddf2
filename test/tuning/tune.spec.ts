import assert from "node:assert/strict";
import fc from "fast-check";
import { TuningInput } from "../../schemas/tuning";
import { BACKENDS, LIMITS } from "../../tuning/backends";
import { vectorsOf } from "../../tuning/queues";
import { GUEST_RINGS } from "../../tuning/rings";
import { tune, type Tuning } from "../../tuning/tune";
import type { Tuned } from "../../tuning/value";

const tuned = (input: Parameters<typeof TuningInput.parse>[0]) => tune(TuningInput.parse(input));

/** Facts of any guest, link and host. */
const facts = fc.record(
    {
        vcpus: fc.integer({ min: 1, max: 300 }),
        backend: fc.constantFrom(...BACKENDS),
        guestOs: fc.constantFrom("linux", "windows", "bsd", "other"),
        rate: fc.integer({ min: 1, max: 400 }).map((gigabits) => `${gigabits}Gbit`),
        nics: fc.integer({ min: 1, max: 64 }),
        profile: fc.constantFrom("default", "throughput", "latency", "density", "legacy-lab"),
        mtu: fc.integer({ min: 68, max: 9000 }),
        stallMs: fc.double({ min: 0.001, max: 1000, noNaN: true }),
        xdp: fc.boolean(),
        host: fc.record({
            cpus: fc.integer({ min: 0, max: 127 }).map((last) => `0-${last}`),
            threadsPerCore: fc.constantFrom(1, 2),
        }),
        uplink: fc.record({ rate: fc.constant("25Gbit"), channelsMax: fc.integer({ min: 1, max: 1024 }) }),
    },
    { requiredKeys: ["vcpus"] },
);

const values = ({ placement, uplink, ...rest }: Tuning): Tuned<unknown>[] =>
    [rest, placement ?? {}, uplink ?? {}].flatMap((part): Tuned<unknown>[] => Object.values(part));

describe("the tuning model", () => {
    it("never gives a value that the backend does not take", () =>
        fc.assert(
            fc.property(facts, (input) => {
                const { queues, rxRing, txRing } = tuned(input);
                const limits = LIMITS[input.backend ?? "tap"];
                if (!limits.virtio)
                    return assert.deepEqual([queues.value, rxRing.value, txRing.value], [null, null, null]);
                assert.ok(queues.value !== null && queues.value >= 1 && queues.value <= limits.queues);
                assert.ok(queues.value <= input.vcpus * (input.xdp ? 2 : 1));
                assert.ok((GUEST_RINGS as readonly unknown[]).includes(rxRing.value));
                assert.ok(txRing.value !== null && txRing.value >= 256 && txRing.value <= limits.txRing);
            }),
        ));

    it("gives the same answer to the same facts, with a reason and a source for each value", () =>
        fc.assert(
            fc.property(facts, (input) => {
                const tuning = tuned(input);
                assert.deepEqual(tuned(input), tuning);
                for (const { reason, source } of values(tuning)) {
                    assert.match(reason, /^\w.*\.$/s);
                    assert.ok(source.length > 0);
                }
            }),
        ));

    it("never makes a ring smaller for more rate or a longer stall", () =>
        fc.assert(
            fc.property(
                facts,
                fc.integer({ min: 1, max: 400 }),
                fc.double({ min: 0, max: 10, noNaN: true }),
                (input, more, longer) => {
                    const stallMs = input.stallMs ?? 0.1;
                    const rate = Number.parseInt(input.rate ?? "10", 10);
                    const small = tuned({ ...input, stallMs }).rxRing.value ?? 0;
                    const large =
                        tuned({ ...input, rate: `${rate + more}Gbit`, stallMs: Math.min(1000, stallMs + longer) })
                            .rxRing.value ?? 0;
                    assert.ok(large >= small);
                },
            ),
        ));

    it("never takes queues away for more vCPUs", () =>
        fc.assert(
            fc.property(facts, fc.integer({ min: 0, max: 50 }), (input, more) => {
                const few = tuned(input).queues.value ?? 0;
                assert.ok((tuned({ ...input, vcpus: input.vcpus + more }).queues.value ?? 0) >= few);
            }),
        ));

    it("keeps all NICs of a guest within its vectors", () =>
        fc.assert(
            fc.property(facts, (input) => {
                const { value, cost } = tuned(input).queues;
                if (value === null) return;
                const nics = input.nics ?? 1;
                assert.equal(cost?.vectors, nics * vectorsOf(value));
                if (value > 1) assert.ok(nics * vectorsOf(value) <= 200, `${value} queues on ${nics} NICs`);
            }),
        ));

    it("pins every vCPU to a core of its own, and nothing else to that core", () =>
        fc.assert(
            fc.property(facts, (input) => {
                const placement = tuned(input).placement;
                if (!placement?.vcpus.value) return assert.ok(!placement?.emulator.value);
                assert.equal(new Set(placement.vcpus.value).size, input.vcpus);
                assert.ok(placement.emulator.value);
            }),
        ));

    it("takes 8 queues, RX 1024 and TX 256 for 8 vCPUs on a tap of 10 Gbit/s", () => {
        const { queues, rxRing, txRing, driver } = tuned({ vcpus: 8 });
        assert.deepEqual([queues.value, rxRing.value, txRing.value, driver.value], [8, 1024, 256, "vhost"]);
        assert.match(
            rxRing.reason,
            /1024 descriptors cover 1\.26 ms of 10 Gbit\/s at 1518-byte frames, 68\.8 us at 64 bytes/,
        );
    });

    it("takes one queue in density and the longer transmit ring with vhost-user", () => {
        assert.equal(tuned({ vcpus: 8, profile: "density" }).queues.value, 1);
        assert.equal(tuned({ vcpus: 8, backend: "vhost-user" }).txRing.value, 1024);
    });

    it("says what is too much for any ring, and that a longer transmit ring would not arrive", () => {
        assert.match(
            tuned({ vcpus: 2, rate: "100Gbit", stallMs: 5 }).rxRing.reason,
            /more than any ring of QEMU holds/,
        );
        const { value, reason } = tuned({ vcpus: 2, txRing: 1024 }).txRing;
        assert.equal(value, 256);
        assert.match(reason, /The 1024 that was asked for would not arrive/);
    });

    it("keeps what the user chose, and says who chose it", () => {
        const { queues, rxRing } = tuned({ vcpus: 4, queues: 2, rxRing: 512 });
        assert.deepEqual([queues.value, rxRing.value], [2, 512]);
        assert.equal(queues.reason, "Chosen by the user.");
    });

    it("sets BBR where it acts, at a sender that runs Linux", () => {
        assert.deepEqual(tuned({ vcpus: 1 }).guestSysctls.value, {});
        assert.equal(tuned({ vcpus: 1, sendsTcp: true }).guestSysctls.value["net.ipv4.tcp_congestion_control"], "bbr");
        assert.deepEqual(tuned({ vcpus: 1, sendsTcp: true, guestOs: "windows" }).guestSysctls.value, {});
    });
});
