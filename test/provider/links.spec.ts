import assert from "node:assert/strict";
import fc from "fast-check";
import { z } from "zod";
import { HostError } from "../../provider/host/errors";
import { checkWord } from "../../provider/host/batch";
import { Kernel } from "../../provider/host/kernel";
import { linksOf, parseList } from "../../provider/host/links";
import type { Place } from "../../provider/host/place";
import { startProgram } from "../../provider/host/run";
import { IfName } from "../../schemas/units";

/** Answers as `ip -json -force -batch` does where there is no link. */
const NO_LINKS = 'n=0; while read -r _; do read -r _; n=$((n + 2)); echo "[]"; echo "Command failed -:$n" >&2; done';

/** A host whose `ip -batch` stops at the lines that name a bad device, with what the kernel says of those. */
function fakePlace(bad: string[] = [], said = "Cannot find device") {
    const batches: string[][] = [];
    const place: Place = {
        where: "a fake",
        ovsdbSocket: "/nowhere",
        stateFolder: "/nowhere",
        run: (argv, input = "") => {
            assert.deepEqual(argv, ["ip", "-batch", "-"]);
            const lines = input.trimEnd().split("\n");
            batches.push(lines);
            const at = lines.findIndex((line) => bad.some((name) => `${line} `.includes(` ${name} `)));
            const stderr = at < 0 ? "" : `${said}\nCommand failed -:${at + 1}\n`;
            return Promise.resolve({ code: at < 0 ? 0 : 1, stdout: "", stderr });
        },
        // Whatever it is asked, there is no link.
        close: () => undefined,
        start: (_, stdout) => startProgram(["sh", "-c", NO_LINKS], stdout),
    };
    return { kernel: new Kernel(place), batches };
}

const up = (name: string) => ["link", "set", "dev", name, "up"];

describe("changes of links", () => {
    it("that arrive together are one process", async () => {
        const { kernel, batches } = fakePlace();
        await Promise.all(["t0", "t1", "t2"].map((name) => kernel.change("ip", name, [up(name)])));
        assert.deepEqual(batches, [["link set dev t0 up", "link set dev t1 up", "link set dev t2 up"]]);
    });

    it("fail for the one at fault, and go on for the others", async () => {
        const { kernel, batches } = fakePlace(["t1"]);
        const outcome = await Promise.allSettled(
            ["t0", "t1", "t2"].map((name) => kernel.change("ip", `tap ${name}`, [up(name), up(name)])),
        );
        assert.deepEqual(
            outcome.map(({ status }) => status),
            ["fulfilled", "rejected", "fulfilled"],
        );
        assert.match(
            String((outcome[1] as PromiseRejectedResult).reason),
            /tap t1: the kernel said: Cannot find device/,
        );
        assert.deepEqual(batches[1], ["link set dev t2 up", "link set dev t2 up"]);
    });

    describe("that only remove, when they are many", () => {
        const names = Array.from({ length: 9 }, (_, index) => `t${index}`);
        const removal = (name: string) => ["link", "delete", "dev", name];

        it("remove all links as one group that was empty", async () => {
            const { kernel, batches } = fakePlace();
            await Promise.all([
                ...names.map((name) => kernel.change("ip", name, [removal(name)])),
                kernel.change("ip", "other", [removal("x0"), up("x1")]),
            ]);
            assert.deepEqual(batches[0], ["link delete dev x0", "link set dev x1 up"]);
            const group = /group (\d+)$/.exec(batches[1]?.at(-1) ?? "")?.[1];
            assert.ok(Number(group) >= 0x4000_0000);
            assert.deepEqual(batches[1], [
                ...names.map((name) => `link set dev ${name} group ${group}`),
                `link delete group ${group}`,
            ]);
        });

        it("fail for the one whose link may not go, and remove the others", async () => {
            const { kernel, batches } = fakePlace(["t3"], "RTNETLINK answers: Operation not supported");
            const outcome = await Promise.allSettled(names.map((name) => kernel.change("ip", name, [removal(name)])));
            assert.deepEqual(
                outcome.flatMap(({ status }, index) => (status === "rejected" ? [names[index]] : [])),
                ["t3"],
            );
            assert.match(batches.at(-1)?.at(-1) ?? "", /^link delete group \d+$/);
        });

        it("count a link that is gone as removed, also among others of one owner", async () => {
            const { kernel, batches } = fakePlace(["t3"], 'Cannot find device "t3"');
            await kernel.change("ip", "a set", names.map(removal));
            const last = batches.at(-1) ?? [];
            assert.equal(last.length, 6, "those after it, and the group of them all");
            assert.match(last.at(-1) ?? "", /^link delete group \d+$/);
        });

        it("count all as removed where all are gone", async () => {
            const { kernel } = fakePlace(["group"], "RTNETLINK answers: No such device");
            await kernel.change("ip", "a set", names.map(removal));
        });

        it("go one by one when they are few", async () => {
            const { kernel, batches } = fakePlace();
            await kernel.change("ip", "t0", [removal("t0")]);
            assert.deepEqual(batches, [["link delete dev t0"]]);
        });

        it("go on after a link that is gone when they are few, also to lines that are none", async () => {
            const { kernel, batches } = fakePlace(["t0"], 'Cannot find device "t0"');
            const lines = [removal("t0"), removal("t1"), up("t2")];
            await assert.rejects(kernel.change("ip", "a set", [...lines, up("t0"), up("t3")]), /Cannot find device/);
            assert.deepEqual(batches[1], [
                "link delete dev t1",
                "link set dev t2 up",
                "link set dev t0 up",
                "link set dev t3 up",
            ]);
            assert.equal(batches.length, 2);
        });
    });

    it("take no word that `ip -batch` could read as more than one word", () =>
        fc.assert(
            fc.property(fc.string({ unit: "binary" }), (word) => {
                try {
                    checkWord(word);
                } catch (error) {
                    return error instanceof HostError;
                }
                return !/[\s#"'\\;$`(){}|&<>*?~]/.test(word) && word !== "";
            }),
        ));

    it("take every name that our schemas take", () =>
        fc.assert(
            fc.property(fc.stringMatching(/^[A-Za-z0-9_.-]{1,15}$/), (name) => {
                if (IfName.safeParse(name).success) checkWord(name);
            }),
        ));
});

describe("a program that reads, and fails", () => {
    for (const [argv, next] of [
        ["ip -json address", /Install iproute2 there/],
        ["virsh --quiet list", /Start libvirt's daemon there/],
        ["getent -- passwd web", /table of users and groups/],
    ] as const)
        it(`tells what to do about it: ${argv}`, async () => {
            const run = () => Promise.resolve({ code: 1, stdout: "", stderr: "no" });
            const kernel = new Kernel({ ...fakePlace().kernel.place, run });
            await assert.rejects(
                kernel.read(argv.split(" "), (text) => text),
                next,
            );
        });
});

describe("the list of links", () => {
    it("tells what our resources are made of", () => {
        const link = {
            ifname: "t0",
            ifindex: 7,
            flags: ["UP"],
            mtu: 9000,
            address: "FA:90:52:8B:D6:FF",
            ifalias: "kvmnet:x",
            group: "default",
            master: "b0",
        };
        const linkinfo = { info_kind: "tun", info_data: { type: "tap", vnet_hdr: true, multi_queue: false } };
        assert.deepEqual(linksOf([{ ...link, linkinfo }, {}]).get("t0"), {
            name: "t0",
            index: 7,
            mtu: 9000,
            // What is empty is not printed.
            txQueueLength: 0,
            parent: undefined,
            data: linkinfo.info_data,
            slave: {},
            slaveKind: undefined,
            flags: ["UP"],
            up: true,
            mac: "fa:90:52:8b:d6:ff",
            alias: "kvmnet:x",
            group: "default",
            master: "b0",
            kind: "tun",
            tap: { multiQueue: false, vnetHdr: true },
        });
    });

    it("keeps hostile names as they are", () => assert.ok(linksOf([{ ifname: "x;id", mtu: 1500 }]).has("x;id")));

    it("is an error with a next step on whatever else is printed", () =>
        fc.assert(
            fc.property(fc.jsonValue(), (value) => {
                try {
                    linksOf(value);
                } catch (error) {
                    return error instanceof HostError && error.kind === "bug";
                }
                return Array.isArray(value);
            }),
        ));
});

describe("a list that a program prints", () => {
    const parse = (text: string) => parseList(text, z.looseObject({}), "things", "`ip`");

    it("may hold names and aliases with control characters, which iproute2 prints as they are", () =>
        assert.deepEqual(parse('[{"ifname":"y\u0001","ifalias":"\u001b[31mred"},\n{"ifname":"br0"}]\n'), [
            { ifname: "y\u0001", ifalias: "\u001b[31mred" },
            { ifname: "br0" },
        ]));

    it("is empty on empty output, and an error with a next step on any other text", () => {
        assert.equal(parse("").length, 0);
        fc.assert(
            fc.property(fc.string(), (text) => {
                try {
                    parse(text);
                } catch (error) {
                    assert.ok(error instanceof HostError && error.kind === "bug");
                }
            }),
        );
    });
});
