import assert from "node:assert/strict";
import { once } from "node:events";
import type { ChildProcess } from "node:child_process";
import { HostError } from "../../provider/host/errors";
import type { Place } from "../../provider/host/place";
import { startProgram } from "../../provider/host/run";
import { Standing } from "../../provider/host/standing";

/**
 * Answers each line with a list of it, and complains of the line after it, as `ip -force -batch` does of one that it does not
 * know; `die` ends it with a word, and `bad` is refused in the midst of an answer.
 */
const ECHO = `n=0; while read -r line; do
    n=$((n + 2))
    if [ "$line" = die ]; then echo "it is over" >&2; exit 3; fi
    printf '["%s",\\n' "$line"
    if [ "$line" = bad ]; then printf 'no such\\nCommand failed -:%d\\n' $((n - 1)) >&2; else printf '{}]\\n'; fi
    read -r line; printf 'Object is unknown\\nCommand failed -:%d\\n' $n >&2
done`;

function standing(argv = ["sh", "-c", ECHO], read: (json: unknown) => unknown = (json) => json) {
    const started: ChildProcess[] = [];
    const place: Place = {
        where: "a fake",
        ovsdbSocket: "/nowhere",
        stateFolder: "/nowhere",
        run: () => assert.fail("nothing is started anew for an answer"),
        close: () => undefined,
        start: async (program, stdout) => {
            const child = await startProgram(program, stdout);
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
            if (String(json).startsWith("none")) throw new RangeError("no list of links");
            return json;
        });
        await assert.rejects(program.ask("none"), /no list of links/);
        assert.deepEqual(await program.ask("a"), ["a", {}]);
        program.close();
    });

    it("that refuses a line gives its words, and what it had printed of the answer is part of no other", async () => {
        const { program } = standing();
        await program.ask("a");
        await assert.rejects(program.ask("bad"), (error) => {
            assert.ok(error instanceof HostError && error.kind === "refused");
            assert.match(error.message, /it failed: no such\./);
            return true;
        });
        assert.deepEqual(await program.ask("b"), ["b", {}]);
        program.close();
    });

    it("that prints without end is stopped before it fills the disk", async () => {
        const { started, program } = standing(["sh", "-c", "read -r _; exec tr '\\\\0' x </dev/zero"]);
        await assert.rejects(program.ask("a"), /printed more than 67108864 bytes/);
        assert.equal(started[0]?.killed, true);
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
        const { program } = standing(["sh", "-c", ECHO.replaceAll('["%s",', "nonsense")]);
        await assert.rejects(program.ask("a"), /printed what is no JSON/);
    });

    it("that cannot be started says so", async () => {
        const { program } = standing(["/nonexistent/ip"]);
        await assert.rejects(program.ask("a"), /cannot be started/);
    });
});
