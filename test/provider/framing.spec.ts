import assert from "node:assert/strict";
import fc from "fast-check";
import { JsonSplitter, MAX_DEPTH, MAX_MESSAGE_BYTES } from "../../provider/host/ovsdb/framing";

const message = fc.oneof(fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue()), fc.array(fc.jsonValue()));

describe("the OVSDB stream", () => {
    it("gives the same messages however it is cut", () =>
        fc.assert(
            fc.property(
                fc.array(message),
                fc.array(fc.nat()),
                fc.constantFrom("", "\n", " \r\n\t"),
                (messages, cuts, between) => {
                    const bytes = Buffer.from(messages.map((one) => JSON.stringify(one)).join(between));
                    const places = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort(
                        (a, b) => a - b,
                    );
                    const splitter = new JsonSplitter();
                    const received = places.flatMap((from, index) =>
                        splitter.push(bytes.subarray(from, places[index + 1])),
                    );
                    assert.deepEqual(
                        received,
                        messages.map((one): unknown => JSON.parse(JSON.stringify(one))),
                    );
                },
            ),
        ));

    it("either gives messages or an error on any bytes, and never hangs", () =>
        fc.assert(
            fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (chunks) => {
                const splitter = new JsonSplitter();
                try {
                    for (const chunk of chunks)
                        for (const one of splitter.push(Buffer.from(chunk))) assert.equal(typeof one, "object");
                } catch (error) {
                    assert.ok(error instanceof Error);
                }
            }),
        ));

    it("is refused when it nests too deep", () =>
        assert.throws(() => new JsonSplitter().push(Buffer.from("[".repeat(MAX_DEPTH + 1))), /nests/));

    it("is refused before a message fills the memory", () => {
        const splitter = new JsonSplitter();
        const megabyte = Buffer.alloc(1024 * 1024, "x");
        splitter.push(Buffer.from('["'));
        assert.throws(() => {
            for (let sent = 0; sent <= MAX_MESSAGE_BYTES; sent += megabyte.length) splitter.push(megabyte);
        }, /bytes/);
    });
});
