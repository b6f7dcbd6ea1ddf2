import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { Batch } from "../../provider/host/batch";
import { carryOut } from "../../provider/host/carry-out";
import type { Host } from "../../provider/host";
import type { Place } from "../../provider/host/place";
import { runProgram } from "../../provider/host/run";
import { madeTap } from "../../provider/resources/tap";
import { Tap } from "../../schemas/tap";

/** Carries out its lines one by one, and hangs before one that has the word `alias`. */
const HANGING_IP = `while read -r line; do
    case "$line" in *alias*) sleep 30;; esac
    ip $line || exit 1
done`;

describe("a batch of ip that hangs", () => {
    let namespace: ChildProcess;
    const inside = (argv: string[]) => ["nsenter", "--target", String(namespace.pid), "--net", "--", ...argv];
    const links = async () => (await runProgram(inside(["ip", "-oneline", "link", "show"]))).stdout;
    let batches: string[];

    before(async () => {
        // It ends with us, for nobody writes to it.
        namespace = spawn("unshare", ["--net", "sh", "-c", "echo; exec cat"], { stdio: ["pipe", "pipe", "inherit"] });
        await once(namespace.stdout as NodeJS.ReadableStream, "data");
    });
    after(() => namespace.stdin?.end());
    beforeEach(() => (batches = []));

    const place = {
        where: "this test",
        run: async (_argv: string[], input = "") => {
            batches.push(input);
            return runProgram(inside(["sh", "-c", HANGING_IP]), input, 300);
        },
    } as unknown as Place;

    it("between a tap and its mark is killed, and the tap is taken back: without a mark it would be nobody's", async () => {
        const batch = new Batch(
            place,
            "ip",
            () => Promise.resolve(new Map()),
            () => undefined,
        );
        const host = {
            where: "this test",
            kernel: { change: (_via: string, subject: string, lines: string[][]) => batch.change(subject, lines) },
            links: () => Promise.resolve(new Map()),
            status: () => undefined,
        } as unknown as Host;
        let seen = "";
        const look = setTimeout(() => void links().then((text) => (seen = text)), 150);
        await assert.rejects(carryOut(host, "tap t0", [madeTap(Tap.parse({ name: "t0" }), "kvmnet:mark")]), {
            kind: "unreachable",
            message: /tap t0: the program for it does not end within 0\.3 s/,
        });
        clearTimeout(look);
        assert.match(seen, /: t0:/, "it hung when the tap was there");
        assert.doesNotMatch(await links(), /t0/);
        assert.equal(batches.length, 2, "what hangs is not tried again");
    });
});
