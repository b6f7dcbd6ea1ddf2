/** What holds for everything that is declared, whatever its values: it is what was asked for, what a refresh finds, and what can be imported. */
import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { RESOURCES } from "../../provider/resources";
import type { Bag, Property } from "../../provider/wire";
import type { Made, Plugin } from "../provider/plugin";
import { arbitraryInputs, type Samples } from "./arbitrary-inputs";

/** The same inputs each time, but where others are asked for: `KVMNET_SEED=7 KVMNET_RUNS=200 npm test -- test/live/round-trips.spec.ts`. */
const [RUNS, SEED] = [Number(process.env.KVMNET_RUNS ?? 25), Number(process.env.KVMNET_SEED ?? 1)];

export const oneOf = (...values: Property[]) => fc.constantFrom(...values);
export const some = (...values: Property[]) => fc.uniqueArray(oneOf(...values), { minLength: 1, maxLength: 3 });
const mac = fc
    .tuple(fc.constantFrom("02", "52", "be"), ...Array.from({ length: 5 }, () => fc.integer({ min: 0, max: 255 })))
    .map(([first, ...rest]) => [first, ...rest.map((byte) => byte.toString(16).padStart(2, "0"))].join(":"));
export const vlans = some(1, 5, "7", "10-20", "100-199", 4094);
export const rate = oneOf("10Mbit", "1Gbit", 5_000_000, "2.5 MB/s", "64kbit", "40Gbit");
export const size = oneOf("64KiB", "1 MB", 9000, "15000");

/** Words for what a schema cannot tell by itself. */
const WORDS: Samples = {
    mac,
    peerMac: mac,
    trunks: vlans,
    cvlans: vlans,
    tagged: vlans,
    untagged: vlans,
    selectVlans: vlans,
    mtu: fc.integer({ min: 1280, max: 9000 }),
    mtuRequest: fc.integer({ min: 576, max: 9000 }),
    // A longer one is a matter of memory (linux/ptr_ring.h).
    txQueueLength: oneOf(0, 1, 1000, 9000),
    maxRate: rate,
    minRate: rate,
    rate,
    burst: size,
    datapathId: oneOf("00000000000000ff", "feedfacecafebeef"),
    otherConfig: oneOf({}, { "kvmnet-test": "a b" }, { one: "1", two: '"quoted"' }),
    externalIds: oneOf({}, { "vm-id": "x y, z", "iface-status": "active" }),
};

/** One kind, and what it is tried with. */
export interface Trip {
    kind: string;
    /** What tells one from another, the same in all of a trip. */
    fixed: Bag;
    samples?: Samples;
    never?: string[];
    always?: string[];
    /** Whether it is there before and after, as a setting is, and a set of no ports. */
    stays?: boolean;
}

/** A test of one kind; what it stands on must be there. */
export function itMakesTheRoundTrip(
    { kind, fixed, samples = {}, always = [], never, stays = false }: Trip,
    plugin: () => Plugin,
    runs = RUNS,
): void {
    const which = { always: [...Object.keys(fixed), ...always], never };
    const type = `kvmnet:${kind}`;

    /** The inputs without what a check refuses of them. */
    const accepted = async (inputs: Bag): Promise<Bag> => {
        const [path] = Object.keys((await plugin().check(type, inputs)).failures);
        if (path === undefined) return inputs;
        const keys = path.match(/[^.[\]"]+/g) ?? [];
        const kept = without(inputs, keys);
        // What is wrong with the whole, or missing, is not cured by taking something away.
        fc.pre(!isDeepStrictEqual(kept, inputs) && Object.keys(fixed).every((key) => key in kept));
        return accepted(kept);
    };
    const differing = async ({ state }: Made, inputs: Bag) =>
        (await plugin().diff(type, state, (await plugin().check(type, inputs)).inputs)).diffsList;

    /** It stands as it was declared, whoever looks. */
    const stands = async (made: Made, inputs: Bag) => {
        assert.deepEqual(await differing(made, inputs), [], "what was made is what was declared");
        const { inputs: checked } = await plugin().check(type, inputs);
        const read = await plugin().read(type, "it", made.id, checked, made.state);
        assert.deepEqual(await differing(read, inputs), [], "a refresh finds what was declared");
        const there = await plugin().read(type, "it", made.id);
        assert.deepEqual((await plugin().check(type, there.inputs)).failures, {}, "an import can be declared");
        assert.deepEqual(await differing(there, there.inputs), [], "the preview after an import is empty");
    };

    it(`is what is read, changed and imported of ${kind} ${Object.values(fixed).join(" ")}`, () =>
        fc.assert(
            fc.asyncProperty(
                fc.array(
                    arbitraryInputs(resourceOf(type).schema, { ...WORDS, ...samples, ...asSamples(fixed) }, which),
                    {
                        minLength: 2,
                        maxLength: 2,
                    },
                ),
                async (drawn) => {
                    let made: Made | undefined;
                    try {
                        for (const one of drawn) {
                            const inputs = await accepted(one);
                            const checked = (await plugin().check(type, inputs)).inputs;
                            if (made && (await plugin().diff(type, made.state, checked)).replacesList.length > 0) {
                                await plugin().delete(type, "it", made);
                                made = undefined;
                            }
                            if (made) made.state = await plugin().update(type, "it", made, inputs);
                            else made = await plugin().create(type, "it", inputs);
                            await stands(made, inputs);
                        }
                    } finally {
                        if (made) await plugin().delete(type, "it", made);
                    }
                    if (!made || stays) return;
                    assert.equal((await plugin().read(type, "it", made.id, drawn[0], made.state)).id, "");
                },
            ),
            { numRuns: runs, seed: SEED, endOnFailure: true },
        ));
}

function resourceOf(type: string) {
    const resource = RESOURCES.get(type);
    assert.ok(resource, type);
    return resource;
}

function without(bag: Bag, [key = "", ...deeper]: string[]): Bag {
    const { [key]: value, ...rest } = bag;
    return deeper.length > 0 && typeof value === "object" && !Array.isArray(value) && value !== null
        ? { ...rest, [key]: without(value as Bag, deeper) }
        : rest;
}

const asSamples = (fixed: Bag): Samples =>
    Object.fromEntries(Object.entries(fixed).map(([key, value]) => [key, fc.constant(value)]));
