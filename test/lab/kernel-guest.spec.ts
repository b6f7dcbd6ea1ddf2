import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { unpackedKernel } from "../../lab/guest/kernel";
import { machineCommand } from "../../lab/kernel-guest/machine";
import { parseAnswer, requestLine } from "../../lab/kernel-guest/talk";
import { parseResult, resultLine } from "../kernel/results";
import { Outcomes } from "../support/kernel-guest-run";
import { outline } from "../support/kernel-guest-specs";

const program = { argv: ["ip", "link"], env: { A: "b c" }, cwd: "/tmp" };
const decoded = (line: string) =>
    line
        .trimEnd()
        .split(" ")
        .map((word) => Buffer.from(word, "base64").toString());

describe("what is asked of a kernel guest", () => {
    it("is one line of three words", () =>
        assert.deepEqual(decoded(requestLine("/m/6.1", ["bonding", "dummy"], program)), [
            "/m/6.1",
            "bonding\ndummy",
            ["/usr/bin/env", "-i", "-C", "/tmp", "A=b c", "ip", "link", ""].join("\0"),
        ]));
    it("holds any argument", () =>
        fc.assert(
            fc.property(fc.array(fc.string({ unit: "grapheme" }).filter((word) => !word.includes("\0"))), (words) => {
                const line = requestLine("/m", [], { argv: ["echo", ...words], env: {}, cwd: "/" });
                assert.match(line, /^\S+ \S+ \S+\n$/);
                assert.deepEqual(decoded(line)[2]?.split("\0").slice(5, -1), words);
            }),
        ));
    it("is refused where it would be read as something else", () => {
        assert.throws(() => requestLine("/m", ["-r bonding"], program), /"-r bonding" is no name of a kernel module/);
        assert.throws(() => requestLine("/m", [], { ...program, argv: [] }), /cannot be started/);
        assert.throws(() => requestLine("/m", [], { ...program, argv: ["A=b"] }), /"A=b" cannot be started/);
        assert.throws(() => requestLine("/m", [], { ...program, argv: ["ip", "a\0b"] }), /NUL/);
        assert.throws(() => requestLine("/m", [], { ...program, argv: ["ip", "x".repeat(1 << 17)] }), /takes 122880/);
    });
});

describe("what a kernel guest answers", () => {
    it("is that it begins, how it ended, or what it cannot load", () => {
        assert.deepEqual(parseAnswer("started"), { kind: "started" });
        assert.deepEqual(parseAnswer("ended 137"), { kind: "ended", exitCode: 137 });
        const reason = Buffer.from("no such module\n").toString("base64");
        assert.deepEqual(parseAnswer(`unloadable x ${reason}`), {
            kind: "unloadable",
            module: "x",
            reason: "no such module",
        });
    });
    it("is nothing else", () => {
        for (const line of ["", "ended", "ended soon", "ended 1000", "startedx"])
            assert.equal(parseAnswer(line), undefined);
    });
});

describe("a kernel guest's machine", () => {
    const image = { kernel: "/k", initrd: "/i", modules: "/m" };
    const command = machineCommand(image, { cpus: 3, memoryMiB: 700 }, "id");
    const valueOf = (option: string) => command[command.indexOf(option) + 1];

    it("has the size that was asked for", () => assert.deepEqual([valueOf("-smp"), valueOf("-m")], ["3", "700M"]));
    it("cannot write to this machine's files", () => assert.match(valueOf("-fsdev") ?? "", /path=\/,.*readonly=on/));
    it("has NICs whose cables meet, and no other way out", () => {
        assert.ok(command.includes("-nodefaults"));
        const networks = command.filter((_, index) => /^-(netdev|nic|net)$/.test(command[index - 1] ?? ""));
        assert.deepEqual(networks, ["hubport,id=cable1,hubid=0", "hubport,id=cable2,hubid=0"]);
        assert.deepEqual(command.filter((word) => word.includes("cable")).length, 4);
    });
    it("dies with its caller", () => assert.deepEqual(command.slice(0, 3), ["setpriv", "--pdeathsig", "KILL"]));
});

describe("a kernel packed by xz", () => {
    /** A bzImage with this payload: setup_sects at 0x1f1, payload_offset at 0x248, payload_length at 0x24c. */
    const image = (payload: Buffer) => {
        const header = Buffer.alloc(1024);
        header.writeUInt8(1, 0x1f1);
        header.writeUInt32LE(0, 0x248);
        header.writeUInt32LE(payload.length + 4, 0x24c);
        return Buffer.concat([header, payload, Buffer.alloc(4)]);
    };
    const packed = Buffer.from("fd377a585a00beef", "hex");
    const elf = Buffer.from("7f454c46beef", "hex");

    it("is what xz finds in it", () =>
        assert.deepEqual(
            unpackedKernel(image(packed), (given) => (assert.deepEqual(given, packed), elf)),
            elf,
        ));
    it("stays packed where nothing of it is a kernel, or nobody unpacks it", () => {
        assert.deepEqual(
            unpackedKernel(image(packed), () => Buffer.from("text")),
            image(packed),
        );
        assert.deepEqual(unpackedKernel(image(packed)), image(packed));
    });
});

describe("an outcome inside a kernel guest", () => {
    it("is a line that is told from what others print", () =>
        fc.assert(
            fc.property(fc.array(fc.string()), fc.string(), (path, reason) => {
                const result = { path, state: "failed" as const, reason };
                const lines = `no end of line${resultLine(result)}`.split("\n");
                assert.deepEqual(lines.map(parseResult), [undefined, result, undefined]);
            }),
        ));

    const [first, second, other] = [
        ["a", "1"],
        ["a", "2"],
        ["b", "1"],
    ];
    const failed = (path: string[]) => ({ path, state: "failed" as const, reason: "boom" });

    it("belongs to the test of its titles", async () => {
        const outcomes = new Outcomes([first, second]);
        outcomes.take({ path: second, state: "passed", reason: "" });
        assert.equal((await outcomes.of(second)).state, "passed");
        assert.ok(!outcomes.complete);
    });
    it("of a hook is that of the tests of its suite that did not run", async () => {
        const outcomes = new Outcomes([first, second, other]);
        outcomes.take({ path: first, state: "passed", reason: "" });
        outcomes.take(failed(["a", '"before each" hook']));
        outcomes.take({ path: other, state: "passed", reason: "" });
        assert.deepEqual(await outcomes.of(second), { ...failed(second), reason: '"before each" hook: boom' });
        assert.deepEqual([(await outcomes.of(first)).state, (await outcomes.of(other)).state], ["passed", "passed"]);
        assert.deepEqual(outcomes.strays, []);
    });
    it("of a hook after the last test is lost on nobody", () => {
        const outcomes = new Outcomes([first]);
        outcomes.take({ path: first, state: "passed", reason: "" });
        outcomes.take(failed(["a", '"after all" hook']));
        assert.deepEqual(outcomes.strays, ['a > "after all" hook: boom']);
    });
    it("that never comes is a failure, with the reason", async () => {
        const outcomes = new Outcomes([first]);
        outcomes.failAll("the guest has died");
        assert.deepEqual(await outcomes.of(first), { path: first, state: "failed", reason: "the guest has died" });
    });
});

describe("the tests in a file for a kernel guest", () => {
    let folder: string;
    const file = (text: string) => {
        const path = join(folder, `${Math.random()}.cjs`);
        writeFileSync(path, text);
        return path;
    };
    before(() => (folder = mkdtempSync(join(tmpdir(), "kvmnet-outline-"))));
    after(() => rmSync(folder, { recursive: true }));

    it("are found without being run", () => {
        const bad = "() => { throw new Error('run') }";
        const root = outline([
            file(`describe("s", () => { before(${bad}); it("one", ${bad}); it.skip("two", ${bad}); })`),
        ]);
        assert.deepEqual(
            root.suites.map((suite) => [suite.title, suite.tests.map((test) => test.titlePath())]),
            [
                [
                    "s",
                    [
                        ["s", "one"],
                        ["s", "two"],
                    ],
                ],
            ],
        );
    });
    it("leave the words of the run outside as they are, also when a file is broken", () => {
        const words = [describe, it, before];
        assert.throws(() => outline([file("throw new Error('broken')")]), /broken/);
        assert.deepEqual([describe, it, before], words);
    });
    it("are refused when two have one title, or one is meant to run alone", () => {
        const twice = 'describe("s", () => { it("one", () => 0); it("one", () => 0); })';
        assert.throws(() => outline([file(twice)]), /Two tests are called s > one/);
        assert.throws(() => outline([file('describe.only("s", () => 0)')]), /only/);
    });

    it("are refused outside of a suite: they would be shown by nobody", () => {
        assert.throws(() => outline([file('it("alone", () => 0)')]), /The test alone is in no suite/);
    });
});
