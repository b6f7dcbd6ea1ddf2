import assert from "node:assert/strict";
import fc from "fast-check";
import { HostError } from "../../provider/host/errors";
import { channelWords, coalesceWords, Ethtool, featureWords, readAllNics } from "../../provider/host/ethtool";
import type { Place } from "../../provider/host/place";
import type { Channels, Coalesce } from "../../schemas/link-tuning";

/** A host on which ethtool prints this. */
const printing = (stdout: string, code = 0, stderr = ""): Place => ({
    where: "a fake",
    ovsdbSocket: "/nowhere",
    stateFolder: "/nowhere",
    run: () => Promise.resolve({ code, stdout, stderr }),
    close: () => undefined,
    start: () => assert.fail("nothing of ethtool stays"),
});

const amount = fc.nat(4_294_967_295);
/** `n/a` is what ethtool prints of what a NIC has none of; older drivers say 0 for a maximum. */
const spelled = (value: number | undefined) => value ?? "n/a";
const device = fc.constantFrom("eth0", "enp3s0f1np1", "x;id");
const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });

const ring = maybe(fc.record({ now: fc.nat(8192), most: fc.integer({ min: 1, max: 8192 }) }));
const rings = fc.record({ rx: ring, tx: ring });
type Rings = { [Way in "rx" | "tx"]: { now: number; most: number } | undefined };

/** `ethtool -g` of version 6.1. */
const ringText = (name: string, { rx, tx }: Rings) => `Ring parameters for ${name}:
Pre-set maximums:
RX:		${spelled(rx?.most)}
RX Mini:	n/a
RX Jumbo:	n/a
TX:		${spelled(tx?.most)}
Current hardware settings:
RX:		${spelled(rx?.now)}
RX Mini:	n/a
RX Jumbo:	n/a
TX:		${spelled(tx?.now)}
RX Buf Len:		n/a
CQE Size:		n/a
TX Push:	off
TCP data split:	n/a
`;
const ringsRead = ({ rx, tx }: Rings) => ({
    ...(rx ? { rx: rx.now, rxMax: rx.most } : {}),
    ...(tx ? { tx: tx.now, txMax: tx.most } : {}),
});

const channels = fc.record(
    { rx: fc.integer({ min: 1, max: 64 }), tx: fc.nat(64), other: fc.nat(4), combined: fc.nat(64) },
    { requiredKeys: [], noNullPrototype: true },
);
/** `ethtool -l`. What there may be none of is printed as n/a on both sides. */
const channelText = (name: string, now: Channels) => {
    const table = (of: (value: number | undefined) => unknown) =>
        `RX:		${String(of(now.rx))}\nTX:		${String(of(now.tx))}\nOther:		${String(of(now.other))}\nCombined:	${String(of(now.combined))}\n`;
    const most = table((value) => (value === undefined ? "n/a" : 64));
    return `Channel parameters for ${name}:\nPre-set maximums:\n${most}Current hardware settings:\n${table(spelled)}`;
};

const coalesce: fc.Arbitrary<Coalesce> = fc.record(
    {
        adaptiveRx: fc.boolean(),
        adaptiveTx: fc.boolean(),
        rxUsecs: amount,
        rxFrames: amount,
        rxUsecsIrq: amount,
        rxFramesIrq: amount,
        txUsecs: amount,
        txFrames: amount,
        txUsecsIrq: amount,
        txFramesIrq: amount,
        statsBlockUsecs: amount,
        sampleInterval: amount,
        pktRateLow: amount,
        rxUsecsLow: amount,
        rxFramesLow: amount,
        txUsecsLow: amount,
        txFramesLow: amount,
        pktRateHigh: amount,
        rxUsecsHigh: amount,
        rxFramesHigh: amount,
        txUsecsHigh: amount,
        txFramesHigh: amount,
        cqeModeRx: fc.boolean(),
        cqeModeTx: fc.boolean(),
    },
    { requiredKeys: [], noNullPrototype: true },
);
const onOff = (value: boolean | undefined) => (value === undefined ? "n/a" : value ? "on" : "off");
/** `ethtool -c`, in its order and with its spelling. */
const coalesceText = (name: string, one: Coalesce) => `Coalesce parameters for ${name}:
Adaptive RX: ${onOff(one.adaptiveRx)}  TX: ${onOff(one.adaptiveTx)}
stats-block-usecs:	${spelled(one.statsBlockUsecs)}
sample-interval:	${spelled(one.sampleInterval)}
pkt-rate-low:		${spelled(one.pktRateLow)}
pkt-rate-high:		${spelled(one.pktRateHigh)}

rx-usecs:	${spelled(one.rxUsecs)}
rx-frames:	${spelled(one.rxFrames)}
rx-usecs-irq:	${spelled(one.rxUsecsIrq)}
rx-frames-irq:	${spelled(one.rxFramesIrq)}

tx-usecs:	${spelled(one.txUsecs)}
tx-frames:	${spelled(one.txFrames)}
tx-usecs-irq:	${spelled(one.txUsecsIrq)}
tx-frames-irq:	${spelled(one.txFramesIrq)}

rx-usecs-low:	${spelled(one.rxUsecsLow)}
rx-frame-low:	${spelled(one.rxFramesLow)}
tx-usecs-low:	${spelled(one.txUsecsLow)}
tx-frame-low:	${spelled(one.txFramesLow)}

rx-usecs-high:	${spelled(one.rxUsecsHigh)}
rx-frame-high:	${spelled(one.rxFramesHigh)}
tx-usecs-high:	${spelled(one.txUsecsHigh)}
tx-frame-high:	${spelled(one.txFramesHigh)}

CQE mode RX: ${onOff(one.cqeModeRx)}  TX: ${onOff(one.cqeModeTx)}
`;

describe("what ethtool prints", () => {
    it("of rings is read, whatever a NIC has", () =>
        fc.assert(
            fc.asyncProperty(device, rings, async (name, has) =>
                assert.deepEqual(await new Ethtool(printing(ringText(name, has)), name).rings(), ringsRead(has)),
            ),
        ));

    it("of channels is read, and its numbers are words for a change", () =>
        fc.assert(
            fc.asyncProperty(device, channels, async (name, has) => {
                const { now, most } = await new Ethtool(printing(channelText(name, has)), name).channels();
                assert.deepEqual(now, has);
                assert.deepEqual(Object.keys(most).sort(), Object.keys(has).sort());
                assert.deepEqual(asBag(channelWords(now)), has);
            }),
        ));

    it("of coalescing is read, and its values are words for a change", () =>
        fc.assert(
            fc.asyncProperty(device, coalesce, async (name, has) => {
                const read = await new Ethtool(printing(coalesceText(name, has)), name).coalesce();
                assert.deepEqual(read, has);
                assert.equal(coalesceWords(read).length, 2 * Object.keys(has).length);
            }),
        ));

    it("of features is read from JSON; a group has no value of its own", () =>
        fc.assert(
            fc.asyncProperty(
                fc.dictionary(
                    fc.stringMatching(/^[a-z][a-z-]{0,20}$/),
                    fc.record(
                        { active: fc.boolean(), fixed: fc.boolean(), requested: fc.boolean() },
                        { noNullPrototype: true },
                    ),
                ),
                async (has) => {
                    const text = JSON.stringify([{ ifname: "eth0", ...has }]);
                    const read = Object.fromEntries(await new Ethtool(printing(text), "eth0").features());
                    assert.deepEqual(read, { ...has });
                    const wanted = Object.fromEntries(Object.entries(has).map(([name, { active }]) => [name, active]));
                    assert.deepEqual(asBag(featureWords(wanted)), words(wanted));
                },
            ),
        ));

    it("of all NICs at once is each under its own name", () =>
        fc.assert(
            fc.asyncProperty(fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9]{0,9}$/), rings), async (nics) => {
                const text = Object.entries(nics).map(([name, has]) => ringText(name, has));
                const { rings: read } = await readAllNics(printing(text.join("\n")));
                const expected = Object.entries(nics).map(([name, has]) => [name, ringsRead(has)]);
                assert.deepEqual(Object.fromEntries(read), Object.fromEntries(expected));
            }),
        ));

    it("is nothing where the driver has no answer, an error where ethtool fails, and never a crash", async () => {
        assert.deepEqual(await new Ethtool(printing("", 1, "Operation not supported"), "eth0").rings(), {});
        await assert.rejects(new Ethtool(printing("", 127, "command not found"), "eth0").rings(), HostError);
        await fc.assert(
            fc.asyncProperty(fc.string(), async (text) => {
                const nic = new Ethtool(printing(`Ring parameters for eth0:\n${text}`), "eth0");
                await Promise.all([nic.rings(), nic.channels(), nic.coalesce(), nic.driver()]);
                await nic.features().catch((error: unknown) => assert.ok(error instanceof HostError));
            }),
        );
    });
});

/** Pairs of words as an object. */
function asBag(list: string[]): Record<string, number | string> {
    const pairs = list.flatMap((word, index) => (index % 2 === 0 ? [[word, list[index + 1] ?? ""]] : []));
    return Object.fromEntries(
        pairs.map(([name = "", value = ""]) => [name, /^\d+$/.test(value) ? Number(value) : value]),
    );
}
const words = (values: Record<string, boolean>) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, onOff(value)]));
