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

/** What all NICs of all guests are promised [bit/s]. */
const promised = ({ rate = "10Gbit", nics = 1 }: { rate?: string; nics?: number }) =>
    Number.parseInt(rate, 10) * 1e9 * nics;

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

    it("never takes queues away for more vCPUs, without XDP", () =>
        fc.assert(
            fc.property(facts, fc.integer({ min: 0, max: 50 }), ({ xdp: _, ...input }, more) => {
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

    it("gives reasons that are true of their values", () =>
        fc.assert(
            fc.property(facts, (input) => {
                const { queues, rxRing, txRing, uplink, ringMemory, placement } = tuned(input);
                if (typeof rxRing.value === "number" && rxRing.value > 0)
                    assert.ok(rxRing.reason.startsWith(`${rxRing.value} descriptors cover `), rxRing.reason);
                if (typeof txRing.value === "number") {
                    assert.match(txRing.reason, new RegExp(`\\b${txRing.value}\\b`));
                    assert.equal(
                        /fixes the transmit ring at 256/.test(txRing.reason),
                        LIMITS[input.backend ?? "tap"].txRing === 256,
                    );
                }
                if (typeof queues.value === "number" && /what fits/.test(queues.reason))
                    assert.ok((input.nics ?? 1) * vectorsOf(queues.value + 1) > 200, queues.reason);
                assert.equal(ringMemory.value, (rxRing.cost?.bytes ?? 0) + (txRing.cost?.bytes ?? 0));
                if (placement) assert.equal(placement.vhost.value !== null, /run on/.test(placement.vhost.reason));
                if (uplink) assert.ok(Math.abs(uplink.oversubscription.value * 25e9 - promised(input)) < 1);
            }),
        ));

    it("says of a slot whether it carries the link, as it does", () =>
        fc.assert(
            fc.property(
                fc.integer({ min: 1, max: 5 }),
                fc.constantFrom(1, 2, 4, 8, 16),
                fc.integer({ min: 1, max: 400 }),
                (pcieGeneration, pcieLanes, gigabits) => {
                    const uplink = { rate: `${gigabits}Gbit`, pcieGeneration, pcieLanes };
                    const slot = tuned({ vcpus: 1, uplink }).uplink?.slot;
                    assert.ok(slot && slot.value !== null);
                    assert.equal(/enough for/.test(slot.reason), slot.value >= gigabits * 1e9);
                },
            ),
        ));

    it("counts the rings of all guests behind the uplink", () => {
        const one = tuned({ vcpus: 4 }).ringMemory.value;
        assert.equal(tuned({ vcpus: 4, uplink: { rate: "25Gbit", guests: 40 } }).ringMemory.value, 40 * one);
        // 4 queues, each with 1024 buffers of a page and two rings
        assert.equal(one, 4 * (1024 * 4096 + 26 * 1024 + 12) + 4 * (26 * 256 + 12));
    });

    it("sends interrupts and steered packets round the cores that no vCPU has to itself, never to a sibling", () => {
        const host = { cpus: "0-7", threadsPerCore: 2 as const };
        const placement = tuned({ vcpus: 2, host, uplink: { rate: "25Gbit", channelsMax: 16 } }).placement;
        assert.deepEqual(placement?.irq.value, ["2", "3"]);
        assert.equal(placement?.vhost.value, placement?.emulator.value);
        assert.deepEqual([placement?.rps.value, placement?.xps.value], ["cc", ["44", "88"]]);
        const unpinned = tuned({ vcpus: 4, host, uplink: { rate: "25Gbit", channelsMax: 16 } });
        assert.deepEqual(unpinned.placement?.irq.value, ["0", "1", "2", "3"]);
    });

    it("gives XDP a transmit queue a CPU, or no more than usual where that does not fit", () => {
        const queuesOf = (vcpus: number, nics = 1) => tuned({ vcpus, nics, xdp: true }).queues;
        assert.deepEqual(
            [4, 8, 12, 40].map((vcpus) => queuesOf(vcpus).value),
            [8, 16, 24, 80],
        );
        assert.match(queuesOf(12).reason, /12 vCPUs use up to 24 queue pairs, and 24 are taken/);
        assert.equal(queuesOf(6, 8).value, 6);
        assert.match(queuesOf(6, 8).reason, /12 queue pairs for 6 vCPUs, which do not fit here: with 6 it shares/);
    });

    it("keeps more queues than the vCPUs use where the user wants them, and says what of them is idle", () => {
        const { value, reason } = tuned({ vcpus: 2, queues: 16 }).queues;
        assert.equal(value, 16);
        assert.match(reason, /^Chosen by the user\. 2 vCPUs use at most 2 queue pairs; the others stay idle\.$/);
        assert.match(
            tuned({ vcpus: 16, nics: 10, queues: 16 }).queues.reason,
            /340 MSI-X vectors are more than the about 200/,
        );
    });

    it("tells the cap in the unit of each program that can be told it exactly", () => {
        assert.deepEqual(tuned({ vcpus: 1, rate: "1Gbit" }).qos.value, {
            maxRate: 1e9,
            minRate: 1e8,
            "ovs max-rate": 1e9,
            "ovs ingress_policing_rate": 1e6,
            "libvirt average": 125_000,
            "vf max_tx_rate": 1_000,
            "tc rate": 1e9,
        });
        assert.equal(tuned({ vcpus: 1, rate: "1500kbit" }).qos.value["vf max_tx_rate"], undefined);
    });

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
