import assert from "node:assert/strict";
import fc from "fast-check";
import { engineLog } from "../../provider/engine-log";
import { HostError, InputRefused, quoted } from "../../provider/host/errors";
import { Unfinished } from "../../provider/lifecycle";
import { RunHost } from "../../provider/run-host";
import { Secrets } from "../../provider/secrecy";
import { encode } from "../../provider/struct";
import { Secret, type Property } from "../../provider/wire";

const CANARY = "Canary-7f31";
/** Characters with a meaning to patterns, to JSON, or with two cases. */
const AWKWARD = [...'\\"$^.*+?()[]{}|-/aZä€\n\t\u0000😀'];
const hides = (text: string) => !text.toLowerCase().includes(CANARY.toLowerCase());
const given = new Secrets([], { token: new Secret(CANARY), map: { inner: [new Secret({ deep: CANARY })] }, open: "x" });

/** Texts that a host may make of a secret: inside others, in capitals, more than once. */
const said = fc
    .tuple(fc.string(), fc.constantFrom(CANARY, CANARY.toUpperCase(), CANARY.toLowerCase()), fc.string())
    .map((parts) => parts.join(""));

describe("what is secret", () => {
    it("is in no text that is shown, whatever stands around it", () =>
        fc.assert(fc.property(said, said, (one, other) => assert.ok(hides(given.hidden(`${one} ${other}`))))));

    it("is found whatever characters it has, also as a program quotes it", () =>
        fc.assert(
            fc.property(fc.string({ unit: fc.constantFrom(...AWKWARD), minLength: 4 }), (text) => {
                const secrets = new Secrets([], { token: new Secret(text) });
                assert.equal(secrets.hidden(`<${text}>`), "<[secret]>");
                assert.equal(secrets.hidden(JSON.stringify(text)), '"[secret]"');
            }),
        ));

    it("is found in words of the host as we write them: on one line, without what is not ASCII, and cut off", () => {
        const said = (secret: string, words: string) => new Secrets([], { token: new Secret(secret) }).hidden(words);
        for (const secret of ["pässwörd-1234", "first line\nsecond line", "  4 spaces  ", "x".repeat(400)]) {
            assert.match(
                said(secret, quoted(`refused: ${secret} is bad`)),
                /^refused: +\[secret\]( is bad|\.\.\.)$/,
                secret,
            );
            const cut = said(secret, quoted(`${"_".repeat(290)}${secret}`));
            assert.match(cut, /^_+ *\[secret\](\.\.\.)?$/, cut);
        }
        fc.assert(
            fc.property(fc.string(), fc.string({ maxLength: 320 }), (one, other) => {
                const shown = said(CANARY, quoted(`${one}${"_".repeat(other.length)}${CANARY}${other}`));
                for (let length = 4; length <= CANARY.length; length++)
                    assert.ok(!shown.replaceAll("[secret]", "").includes(`_${CANARY.slice(0, length)}`), shown);
            }),
        );
    });

    it("is not in what a program says of an input that is secret, of which it repeats parts in its own spelling", async () => {
        const secrets = new Secrets([], {
            flows: [new Secret(`ip,nw_src=${CANARY},actions=drop`)],
            groups: ["group_id=7"],
        });
        const shown = (property: string) =>
            secrets
                .kept(() =>
                    Promise.reject(new InputRefused([property], "it is refused", "invalid", "it", "Cana", "Do.")),
                )
                .catch((error: unknown) => (error as Error).message);
        assert.equal(await shown("flows"), "it: it is refused. Do.");
        assert.equal(await shown("groups"), "it: Cana. Do.");
    });

    it("makes a secret of every value that holds it, at any depth", () => {
        const value: fc.Arbitrary<Property> = fc.oneof(
            said,
            said.map((text) => ({ a: { b: text } })),
            said.map((text) => [1, [text]]),
        );
        fc.assert(
            fc.property(value, value, (one, other) => {
                const bag = given.marked({ one, list: [other], plain: "nothing", count: 7 });
                assert.deepEqual([bag.plain, bag.count], ["nothing", 7]);
                assert.ok(bag.one instanceof Secret && bag.list instanceof Secret);
                assert.equal(typeof encode(bag), "object");
            }),
        );
    });

    it("is in no error: not in its text, nor in what caused it, nor in the reasons of what was left unfinished", async () => {
        const shown = async (error: Error) => {
            const thrown = await given.kept(() => Promise.reject(error)).catch((one: unknown) => one as Error);
            return [thrown.message, String(thrown.stack), String(thrown.cause ?? ""), thrown.constructor.name];
        };
        const cause = new Error(CANARY);
        for (const error of [
            new HostError("refused", `port ${CANARY}`, `the switch said ${CANARY}`, `Remove ${CANARY}.`, cause),
            new Unfinished({ state: {}, mark: "" }, [`could not open ${CANARY}`]),
            new Error(`unexpected ${CANARY}`),
        ]) {
            const [message = "", stack = "", why = "", kind] = await shown(error);
            assert.ok(hides(message) && hides(stack) && hides(why), message);
            assert.match(message, /\[secret\]/);
            assert.equal(kind, error.constructor.name);
        }
    });

    it("is in nothing that is told of what is waited for", async () => {
        const told: string[] = [];
        const log = { ...engineLog(undefined), status: (_urn: string, message: string) => void told.push(message) };
        const run = new RunHost(log);
        const host = await run.opened({ urn: "it" }, given);
        host.status(`waits for ${CANARY}`);
        host.at({ maxAgeMs: 1 }).status(`waits for ${CANARY}`);
        await run.close();
        assert.deepEqual(told.slice(0, 1), ["waits for [secret]"]);
        assert.ok(told.every(hides), told.join());
    });

    it("leaves everything as it is where there is none", async () => {
        const none = new Secrets([], { token: "public", short: new Secret("abc") });
        assert.equal(none.hidden("public abc"), "public abc");
        const error = new HostError("refused", "a", "b", "c");
        assert.equal(await none.kept(() => Promise.reject(error)).catch((one: unknown) => one), error);
    });
});
