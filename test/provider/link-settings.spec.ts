import assert from "node:assert/strict";
import fc from "fast-check";
import {
    bare,
    hundredths,
    plain,
    presetsOf,
    told,
    wordsBetween,
    wordsOf,
    yesNo,
    type Printed,
    type Settings,
} from "../../provider/resources/link-settings";

interface State {
    level?: number;
    way?: string;
    delay?: number;
    open?: boolean;
    strict?: boolean;
    price?: number;
}

const SETTINGS: Settings<State> = {
    level: plain<number>("level", 5, "printed_level"),
    way: plain<string>("way"),
    delay: hundredths("delay", 15),
    open: yesNo("open", true, ["0", "1"]),
    strict: bare("strict", false),
    price: { ...plain<number>("price"), usual: [2, 19] },
};

const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
const number = fc.integer({ min: 0, max: 100_000 });
const state: fc.Arbitrary<State> = fc.record({
    level: maybe(number),
    way: maybe(fc.constantFrom("in", "out")),
    delay: maybe(number.map((hundredth) => hundredth / 100)),
    open: maybe(fc.boolean()),
    strict: maybe(fc.boolean()),
    price: maybe(number),
});

/** A kernel of that kind: takes the words, prints what it has. */
function taken(printed: Printed, words: string[]): Printed {
    const has: Record<string, unknown> = { ...printed };
    for (let rest = words; rest.length > 0;) {
        const [word = "", value = ""] = rest;
        const flag = /^(no)?strict$/.exec(word);
        if (flag) has.strict = flag[1] === undefined;
        else if (word === "open") has.open = Number(value);
        else has[word === "level" ? "printed_level" : word] = word === "way" ? value : Number(value);
        rest = rest.slice(flag ? 1 : 2);
    }
    return has;
}

const UNTOLD: Printed = { printed_level: 5, delay: 1500, open: 1, strict: false, price: 2 };
const known = (one: State) => Object.fromEntries(Object.entries(one).filter(([, value]) => value !== undefined));

describe("settings of a link's kind", () => {
    it("read back as they were written", () =>
        fc.assert(
            fc.property(state, (one) =>
                assert.deepEqual(told(SETTINGS, taken(UNTOLD, wordsOf(SETTINGS, one)), one), known(one)),
            ),
        ));

    it("that nobody told are not told, where they are what the kernel has anyway", () =>
        assert.deepEqual(told(SETTINGS, UNTOLD, undefined), {}));

    it("that somebody changed by hand are told, though state does not know them", () =>
        assert.deepEqual(told(SETTINGS, { ...UNTOLD, printed_level: 6, price: 7 }, {}), { level: 6, price: 7 }));

    it("of seconds are what was told, where the kernel's ticks hold a little less, and what is there where they hold another", () => {
        const delays: [delay: number, hertz: number, printed: number][] = [
            [4.01, 250, 400],
            [4.01, 1000, 401],
            [4, 300, 399],
            [1_000_000, 300, 99_999_990],
        ];
        for (const [delay, hertz, printed] of delays) {
            const there = { ...UNTOLD, delay: printed };
            assert.equal(told(SETTINGS, there, { delay }).delay, delay, `${hertz} Hz`);
            assert.equal(told(SETTINGS, { ...there, delay: printed - 100 }, { delay }).delay, (printed - 100) / 100);
        }
        assert.deepEqual(told(SETTINGS, { ...UNTOLD, delay: 1499 }, undefined), {}, "300 Hz");
        assert.equal(told(SETTINGS, { ...UNTOLD, delay: 402 }, { delay: 4.01 }).delay, 4.02);
    });

    it("are brought from any state to any other, but for what has no word for none", () =>
        fc.assert(
            fc.property(state, state, (from, to) => {
                const there = taken(UNTOLD, wordsOf(SETTINGS, from));
                const then = taken(there, wordsBetween(SETTINGS, from, to));
                const kept = { way: to.way ?? from.way, price: to.price ?? from.price };
                assert.deepEqual(
                    { ...presetsOf(SETTINGS), ...told(SETTINGS, then, { ...to, ...kept }) },
                    { ...presetsOf(SETTINGS), ...known(to), ...known(kept) },
                );
            }),
        ));

    it("need no word where nothing differs, and are written in any case where that is asked for", () => {
        fc.assert(fc.property(state, (one) => assert.deepEqual(wordsBetween(SETTINGS, one, one), [])));
        assert.deepEqual(wordsBetween(SETTINGS, {}, {}, { anew: ["level", "open"], leave: ["open"] }), ["level", "5"]);
    });
});
