import assert from "node:assert/strict";
import { BatchCut, LineRefused } from "../../provider/host/batch";
import { carryOut } from "../../provider/host/carry-out";
import { HostError } from "../../provider/host/errors";
import type { Host } from "../../provider/host";
import { NotKept } from "../../provider/host/kept-flows";
import type { Link } from "../../provider/host/links";
import type { Operation } from "../../provider/host/ovsdb/operations";
import { bridge, ip, ovsdb, type Line, type Plan, type Step } from "../../provider/plan";

/** A host that keeps what was asked of it and refuses what it is told to. */
class KeepingHost {
    readonly done: string[] = [];
    readonly told: string[] = [];
    readonly stop = new AbortController();
    /** Words in a line, and how that line fails. */
    failing: [words: string, error: (subject: string, at: number) => Error][] = [];
    /** Called with each line or program. */
    onEach: (text: string) => void | Promise<void> = () => undefined;
    links = new Map<string, Pick<Link, "index" | "alias">>();
    /** How often it was told that its links may have changed, or that the switch took some up. */
    outdated = 0;
    plugged = 0;
    /** What it was asked for, in order: `links`, and `switch` when a change of it is done. */
    readonly asked: string[] = [];

    readonly host = {
        where: "this test",
        signal: this.stop.signal,
        links: () => {
            this.asked.push("links");
            return Promise.resolve(this.links);
        },
        kernel: {
            written: () => this.outdated++,
            plugged: () => this.plugged++,
            change: this.change.bind(this),
        },
        ovsdb: {
            commit: async (_subject: string, _operations: unknown, _timeoutMs: unknown, meanwhile?: () => void) => {
                meanwhile?.();
                await Promise.resolve();
                this.asked.push("switch");
            },
        },
        program: async (subject: string, argv: string[]) => {
            const text = argv.join(" ");
            await this.onEach(text);
            this.fail(text, subject, 0);
            this.done.push(text);
        },
        status: (message: string) => this.told.push(message),
    } as unknown as Host;

    private async change(via: string, subject: string, lines: Line[]): Promise<void> {
        const texts = lines.map((words) => words.join(" "));
        for (const [at, text] of texts.entries()) {
            await this.onEach(text);
            const failed = this.failing.some(([words]) => text.includes(words));
            if (failed && at > 0) this.done.push(`${via}: ${texts.slice(0, at).join("; ")}`);
            this.fail(text, subject, at);
        }
        this.done.push(`${via}: ${texts.join("; ")}`);
    }

    private fail(text: string, subject: string, at: number): void {
        const [, error] = this.failing.find(([words]) => text.includes(words)) ?? [];
        if (error) throw error(subject, at);
    }
}

const refuses = (subject: string, at: number) => new LineRefused(subject, at, "RTNETLINK answers: Not so");
const loses = (subject: string) => new HostError("lost", subject, "the connection broke", "Run it again.");
const adds = (name: string): Step => ip(`makes ${name}`, [["add", name]], [["remove", name]]);
const runs = (name: string): Step => ({
    what: `runs ${name}`,
    action: { via: "program", argv: ["do", name] },
    undo: [{ via: "program", argv: ["undo", name] }],
});

describe("carrying out a plan", () => {
    let there: KeepingHost;
    beforeEach(() => (there = new KeepingHost()));
    const carry = (...plan: Plan) => carryOut(there.host, "thing a", plan);

    it("does its steps in order, neighbours for one program in one batch", async () => {
        await carry(adds("a"), adds("b"), bridge("sets c", [["set", "c"]]), runs("d"), adds("e"));
        assert.deepEqual(there.done, ["ip: add a; add b", "bridge: set c", "do d", "ip: add e"]);
    });

    it("takes back what was done, the last first, where a step is refused", async () => {
        there.failing = [["do c", refuses]];
        await assert.rejects(carry(runs("a"), adds("b"), runs("c"), runs("d")), /thing a: the kernel said: .*Not so/);
        assert.deepEqual(there.done, ["do a", "ip: add b", "ip: remove b", "undo a"]);
    });

    it("takes back only those of a batch that were begun", async () => {
        there.failing = [["add b", refuses]];
        await assert.rejects(carry(adds("a"), adds("b"), adds("c")));
        assert.deepEqual(there.done, ["ip: add a", "ip: remove a"]);
    });

    it("takes back all of a batch that does not tell where it ended", async () => {
        there.failing = [["add b", (subject) => new LineRefused(subject, undefined, "gave up")]];
        await assert.rejects(carry(adds("a"), adds("b")));
        assert.deepEqual(there.done.slice(1), ["ip: remove b", "ip: remove a"]);
    });

    it("takes back what it has done where it cannot tell whether that cuts somebody off", async () => {
        const unreadable = new HostError("refused", "`ip rule` on this test", "it failed", "Run as root.");
        Object.assign(there.host, { read: () => Promise.reject(unreadable) });
        const operator = { peer: "192.0.2.9", local: "192.0.2.1", port: 22, peerPort: 5000 };
        const way = {
            operator,
            links: ["eth0"],
            destination: "default",
            metric: 0,
            table: "main",
            path: new Set<string>(),
        };
        const step = { ...adds("b"), keepsLookup: { change: { family: "ipv4" as const, rule: {} }, ways: [way] } };
        await assert.rejects(carry(runs("a"), step), /`ip rule` on this test: it failed/);
        assert.deepEqual(there.done, ["do a", "ip: add b", "ip: remove b", "undo a"]);
    });

    it("takes back all of a batch whose program was ended, and has it tried again", async () => {
        const killed = new HostError(
            "lost",
            "ip",
            "was ended by SIGKILL before it was done",
            "Look for what ended it.",
        );
        there.failing = [["add b", (subject) => new BatchCut(subject, killed)]];
        await assert.rejects(carry(adds("a"), adds("b")), {
            kind: "lost",
            message: /: the program for it was ended by SIGKILL/,
        });
        assert.deepEqual(there.done.slice(1), ["ip: remove b", "ip: remove a"]);
    });

    it("tells what could not be taken back", async () => {
        there.failing = [
            ["do b", refuses],
            ["undo a", refuses],
        ];
        await assert.rejects(
            carry(runs("a"), runs("b")),
            /Not so; and what was begun could not be taken back \(runs a: /,
        );
    });

    it("goes on with what comes after a line of an undo that is refused, and tells each of those", async () => {
        const plugs = ip(
            "plugs a",
            [["down", "a"]],
            [
                ["nomaster", "a"],
                ["master", "a"],
                ["up", "a"],
            ],
        );
        there.failing = [
            ["do b", refuses],
            ["master a", refuses],
        ];
        await assert.rejects(carry(plugs, runs("b")), (error: HostError) => {
            assert.match(error.fact, /could not be taken back \(plugs a: .*Not so.*; thing a: .*Not so[^;]*\)$/);
            return true;
        });
        assert.deepEqual(there.done, ["ip: down a", "ip: up a"]);
    });

    it("takes nothing back when a connection is lost: what happened is not known", async () => {
        there.failing = [["do b", loses]];
        await assert.rejects(carry(runs("a"), runs("b")), /the connection broke/);
        assert.deepEqual(there.done, ["do a"]);
    });

    it("takes nothing back of a change that is in the switch and only not written down", async () => {
        there.failing = [["do b", () => new NotKept("br0", "install: No space left on device")]];
        await assert.rejects(carry(runs("a"), runs("b")), /are not kept .* No space left on device/);
        assert.deepEqual(there.done, ["do a"]);
    });

    it("stops at the edge of a step when the run is cancelled, and takes nothing back", async () => {
        there.onEach = (text) => (text === "do a" ? there.stop.abort() : undefined);
        await assert.rejects(carry(runs("a"), runs("b")), (error: HostError) => {
            assert.equal(error.kind, "cancelled");
            assert.match(error.message, /cancelled between two of its steps\. Run the same command again/);
            return true;
        });
        assert.deepEqual(there.done, ["do a"]);
    });

    it("looks first whether a link is there, or is not", async () => {
        there.links.set("a", { index: 1 });
        await carry({ ...adds("x"), check: { link: "a", is: "present" } });
        await assert.rejects(
            carry({ ...adds("x"), check: { link: "a", is: "absent" } }),
            /a link a is on this test already, and this makes x/,
        );
        await assert.rejects(
            carry({ ...adds("x"), check: { link: "b", is: "present" } }),
            /there is no link b on this test, and this makes x/,
        );
        assert.deepEqual(there.done, ["ip: add x"]);
    });

    it("waits for the mark of a link that another run is making, and tells whose it is", async () => {
        const alias = "kvmnet:0123456789abcdef:shop/green/kvmnet:host:Veth/pair";
        there.links.set("a", { index: 5 });
        setTimeout(() => there.links.set("a", { index: 5, alias }), 20);
        await assert.rejects(
            carry({ ...adds("x"), check: { link: "a", is: "absent" } }),
            /already \(it belongs to resource pair of stack shop\/green\)/,
        );
        there.links.set("a", { index: 5 });
        setTimeout(() => there.links.delete("a"), 20);
        await carry({ ...adds("x"), check: { link: "a", is: "absent" } });
        assert.deepEqual(there.done, ["ip: add x"]);
    });

    it("leaves out what is of a link that is no longer the same", async () => {
        there.links.set("a", { index: 1 });
        await carry({ ...adds("x"), onlyWith: { link: "a", index: 1 } });
        await carry({ ...adds("y"), onlyWith: { link: "a", index: 2 } });
        await carry({ ...adds("z"), onlyWith: { link: "b", index: 1 } });
        assert.deepEqual(there.done, ["ip: add x"]);
    });

    it("tells a person which step takes long", async () => {
        there.onEach = () => new Promise((resolve) => setTimeout(resolve, 1_200));
        await carry(runs("a"));
        assert.deepEqual(there.told, ["runs a ..."]);
    });

    describe("tells that links may have changed", () => {
        const port = { table: "Port", where: [["name", "==", "web0"]] };
        const guard = { op: "wait", table: "Bridge", rows: [{ name: "br0" }] };
        const told = async (...plan: Plan) => {
            await carry(...plan);
            return there.outdated;
        };
        const plugging = (port: unknown) => ({
            op: "mutate",
            table: "Bridge",
            mutations: [["ports", "insert", ["set", [port]]]],
        });
        const plugs = ovsdb("", [
            guard,
            { op: "insert", table: "Interface", "uuid-name": "i", row: { name: "web0", ofport_request: 7 } },
            {
                op: "insert",
                table: "Port",
                "uuid-name": "p",
                row: { name: "web0", tag: 5, interfaces: ["named-uuid", "i"], external_ids: ["map", []] },
            },
            plugging(["named-uuid", "p"]),
        ]);

        it("after lines for the kernel and after programs", async () => {
            assert.equal(await told(adds("a")), 1);
            assert.equal(await told(runs("b")), 2);
        });

        for (const [what, operation] of Object.entries<Operation>({
            "an interface that the switch makes": { op: "insert", table: "Interface", row: { type: "internal" } },
            "an interface with an MTU": { op: "insert", table: "Interface", row: { mtu_request: 9000 } },
            "a port with QoS": { op: "insert", table: "Port", row: { name: "web0", qos: ["uuid", "q"] } },
            "another MTU": { op: "update", table: "Interface", row: { mtu_request: 9000 } },
            "a port from another bridge": plugging(["uuid", "p"]),
            "an unplugged port": { op: "mutate", table: "Bridge", mutations: [["ports", "delete", ["set", []]]] },
            "a new bridge": { op: "insert", table: "Bridge", row: { name: "br0" } },
            "another QoS": { op: "update", ...port, row: { tag: 5, qos: ["set", []] } },
            "other interfaces of a port": { op: "mutate", ...port, mutations: [["interfaces", "delete", ["set", []]]] },
            "a port that goes": { op: "delete", ...port },
        }))
            it(`after ${what} in the switch`, async () => assert.equal(await told(ovsdb("", [guard, operation])), 1));

        it("not after other VLANs and marks of ports that are there", async () => {
            const operations = [
                guard,
                {
                    op: "update",
                    ...port,
                    row: { tag: 5, trunks: ["set", []], cvlans: ["set", []], vlan_mode: "access" },
                },
                { op: "mutate", ...port, mutations: [["external_ids", "insert", ["map", []]]] },
                { op: "comment", comment: "kvmnet" },
            ];
            assert.equal(await told(ovsdb("", operations)), 0);
            assert.equal(there.plugged, 0);
        });

        it("and otherwise where the switch takes up links that are there, which leaves them as they are", async () => {
            assert.equal(await told(plugs), 0);
            assert.equal(there.plugged, 1);
        });

        it("also where a port stands alone, as OVSDB spells a set of one", async () => {
            const alone = (port: unknown) =>
                ovsdb("", [{ op: "mutate", table: "Bridge", mutations: [["ports", "insert", port]] }]);
            assert.equal(await told(alone(["named-uuid", "p"])), 0);
            assert.equal(await told(alone(["uuid", "p"])), 1);
        });

        it("and reads back what it made of links while the switch takes them up", async () => {
            await carry(adds("web0"), plugs);
            assert.deepEqual(there.asked, ["links", "switch"]);
        });

        it("but reads nothing meanwhile where it made no links, or where the switch changes them", async () => {
            await carry(plugs);
            await carry(adds("web0"), ovsdb("", [{ op: "insert", table: "Interface", row: { mtu_request: 9000 } }]));
            assert.deepEqual(there.asked, ["switch", "switch"]);
        });
    });
});
