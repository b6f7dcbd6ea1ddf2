import assert from "node:assert/strict";
import { once } from "node:events";
import type { ChildProcess } from "node:child_process";
import { HostError } from "../../provider/host/errors";
import type { Place } from "../../provider/host/place";
import { startProgram } from "../../provider/host/run";
import { Standing } from "../../provider/host/standing";

/** Answers each line with a list of it; `die` ends it with a word. */
const ECHO = `while read -r line; do
    if [ "$line" = die ]; then echo "it is over" >&2; exit 3; fi
    printf '["%s",\\n' "$line"; printf '{}]\\n'
done`;

function standing(argv = ["sh", "-c", ECHO], read: (json: unknown) => unknown = (json) => json) {
    const started: ChildProcess[] = [];
    const place: Place = {
        where: "a fake",
        ovsdbSocket: "/nowhere",
        stateFolder: "/nowhere",
        run: () => assert.fail("nothing is started anew for an answer"),
        start: async (program) => {
            const child = await startProgram(program);
            started.push(child);
            return child;
        },
    };
    return { started, program: new Standing(place, argv, read) };
}

describe("a program that stays", () => {
    it("is started once, and answers in order", async () => {
        const { started, program } = standing();
        const lines = Array.from({ length: 100 }, (_, index) => `line ${index}`);
        assert.deepEqual(
            await Promise.all(lines.map((line) => program.ask(line))),
            lines.map((line) => [line, {}]),
        );
        assert.equal(started.length, 1);
        program.close();
    });

    it("ends when it is closed", async () => {
        const { started, program } = standing();
        await program.ask("a");
        const [child] = started as [ChildProcess];
        program.close();
        if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    });

    it("is started anew where it has ended, as with its lab", async () => {
        const { started, program } = standing();
        await program.ask("a");
        started[0]?.kill("SIGKILL");
        assert.deepEqual(await program.ask("b"), ["b", {}]);
        assert.equal(started.length, 2);
        program.close();
    });

    it("is not read again where it prints what it printed before", async () => {
        const reads: unknown[] = [];
        const { program } = standing(undefined, (json) => reads.push(json));
        for (const line of ["a", "a", "b", "a"]) await program.ask(line);
        assert.deepEqual(reads, [
            ["a", {}],
            ["b", {}],
            ["a", {}],
        ]);
        program.close();
    });

    it("whose answer says nothing that can be used gives the reader's words, and goes on", async () => {
        const { program } = standing(undefined, (json) => {
            if (String(json).startsWith("bad")) throw new RangeError("no list of links");
            return json;
        });
        await assert.rejects(program.ask("bad"), /no list of links/);
        assert.deepEqual(await program.ask("a"), ["a", {}]);
        program.close();
    });

    it("that ends instead of an answer gives its words", async () => {
        const { program } = standing();
        await assert.rejects(program.ask("die"), (error) => {
            assert.ok(error instanceof HostError && error.kind === "refused");
            assert.match(error.message, /ended with 3: it is over/);
            return true;
        });
        assert.deepEqual(await program.ask("a"), ["a", {}]);
        program.close();
    });

    it("that prints what is no JSON is refused and not listened to any longer", async () => {
        const { program } = standing(["sh", "-c", "while read -r line; do echo nonsense; done"]);
        await assert.rejects(program.ask("a"), /printed what is no JSON/);
    });

    it("that cannot be started says so", async () => {
        const { program } = standing(["/nonexistent/ip"]);
        await assert.rejects(program.ask("a"), /cannot be started/);
    });
});
