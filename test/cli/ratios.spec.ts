import assert from "node:assert/strict";
import fc from "fast-check";
import { meanRoundTrip, ratioOf, ratioText, receivedRate } from "../../cli/verify/ratios";

describe("what was measured", () => {
    it("is told as a ratio with its spread and the number of runs", () =>
        assert.equal(
            ratioText(ratioOf({ what: "TCP throughput", ratios: [1.5, 1.7, 1.623] })),
            "TCP throughput: 1.62 times that without (1.5 to 1.7 in 3 runs)",
        ));

    it("has a median between its least and its most, whatever the runs", () =>
        fc.assert(
            fc.property(
                fc.array(fc.double({ min: 0.01, max: 100, noNaN: true }), { minLength: 1, maxLength: 9 }),
                (ratios) => {
                    const { median, least, most, runs } = ratioOf({ what: "latency", ratios });
                    assert.ok(least <= median && median <= most && runs === ratios.length);
                    if (ratios.length === 2) assert.equal(median, (ratios[0]! + ratios[1]!) / 2);
                },
            ),
        ));

    it("is nothing where no run ended", () =>
        assert.throws(() => ratioOf({ what: "latency", ratios: [] }), /no run of latency/));
});

describe("what iperf3 and ping print", () => {
    it("tells what arrived: by TCP as the receiver counts it, by UDP less what was lost", () => {
        assert.equal(
            receivedRate('{"end":{"sum_sent":{"bits_per_second":9},"sum_received":{"bits_per_second":5e6}}}'),
            5e6,
        );
        assert.equal(receivedRate('{"end":{"sum":{"bits_per_second":1e7,"lost_percent":25}}}'), 7.5e6);
    });
    it("is an error with iperf3's words where nothing arrived", () => {
        assert.throws(() => receivedRate('{"error":"unable to connect to server"}'), /iperf3: unable to connect/);
        assert.throws(
            () => receivedRate('{"end":{"sum":{"bits_per_second":1e7,"lost_percent":100}}}'),
            /nothing arrived/,
        );
    });
    it("tells the mean round trip", () => {
        assert.equal(meanRoundTrip("20 packets transmitted\nround-trip min/avg/max = 0.402/0.514/0.811 ms\n"), 0.514);
        assert.throws(() => meanRoundTrip("1 packets transmitted, 0 packets received"), /nothing came back/);
    });
});
