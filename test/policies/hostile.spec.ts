import assert from "node:assert/strict";
import fc from "fast-check";
import type { Resource } from "../../policies/inputs";
import { NotKnown } from "../../policies/known";
import { tunedDomain } from "../../policies/rules/examples";
import { everyRule, rules, stackRules } from "../../policies/table";

/** Every example of the table: shapes that rules look into. */
const examples: Resource[] = [
    ...rules.flatMap(({ examples: { good, bad } }) => [...good, ...bad]),
    ...stackRules.flatMap(({ examples: { good, bad } }) => [...good, ...bad].flat()),
];
const strange = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constant(new NotKnown("it is not known yet")));

/** The same tree with something strange in the place of one of its values. */
function twisted(value: unknown, path: number[], instead: unknown): unknown {
    const [step, ...rest] = path;
    if (step === undefined || typeof value !== "object" || value === null) return instead;
    const keys = Object.keys(value);
    const key = keys[step % Math.max(1, keys.length)];
    if (key === undefined) return instead;
    const inner = twisted((value as Record<string, unknown>)[key], rest, instead);
    return Array.isArray(value)
        ? value.map((one: unknown, index) => (String(index) === key ? inner : one))
        : { ...value, [key]: inner };
}

const resource = fc
    .tuple(fc.constantFrom(...examples), fc.array(fc.nat(20), { maxLength: 5 }), strange)
    .map(([example, path, instead]) => ({ ...example, props: twisted(example.props, path, instead) }));

describe("the rules, of input of any shape", () => {
    it("judge single resources without ever failing", () =>
        fc.assert(
            fc.property(resource, ({ type, props }) => {
                for (const rule of rules)
                    if (rule.types.includes(type))
                        for (const { kind } of rule.judge(props)) assert.ok(["violation", "undecided"].includes(kind));
            }),
            { numRuns: 1000 },
        ));

    it("leave open what is pinned by a list of CPUs that descends, which is none", () => {
        const cpuTune = { vcpuPins: [{ vcpu: 0, cpuSet: "2" }], emulatorPin: { cpuSet: "3-1" } };
        const rule = rules.find(({ id }) => id === "pin-emulator");
        assert.deepEqual(
            rule?.judge(tunedDomain({}, { cpuTune }).props).map(({ kind }) => kind),
            ["undecided"],
        );
    });

    it("judge stacks without ever failing, and tell only of resources that are there", () =>
        fc.assert(
            fc.property(fc.array(resource, { maxLength: 8 }), (stack) => {
                for (const rule of stackRules)
                    for (const found of rule.judgeStack(stack)) assert.ok(stack.includes(found.resource));
            }),
            { numRuns: 500 },
        ));

    it("are all of them asked here", () => assert.equal(everyRule.length, rules.length + stackRules.length));
});
