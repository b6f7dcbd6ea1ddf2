import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { JsonSplitter } from "../../provider/host/ovsdb/framing";
import { Plugin } from "../provider/plugin";
import { labName } from "../support/labs";
import { FaultLab } from "./support/fault-lab";
import { assertSound } from "./support/invariants";
import { OVS_BRIDGE, OVS_PORT } from "./support/kind-names";
import type { CommitReply, Impostor } from "./support/ovsdb-proxy";
import { Stack, type Program } from "./support/stack";
import { foreign, look } from "./support/world";

const MEGABYTE = 1024 * 1024;
/** What a plugin may grow by [byte]: a message of the largest size that is read, and what was freed and is not yet given back. */
const GROWTH = 160 * MEGABYTE;

/** Answers each request by its method and says nothing else. */
const answering =
    (answer: (method: string, id: unknown, client: Socket) => unknown): Impostor =>
    (client) => {
        const splitter = new JsonSplitter();
        client.on("data", (chunk: Buffer) => {
            for (const { method = "", id } of splitter.push(chunk) as { method?: string; id?: unknown }[]) {
                const said = answer(method, id, client);
                if (said !== undefined) client.write(typeof said === "string" ? said : JSON.stringify(said));
            }
        });
    };
/** Says this once, whatever it is asked. */
const saying = (...parts: string[]): Impostor => answering((_method, _id, client) => void pour(client, parts.values()));

/** Writes as fast as the other end reads, until there is no more or it hangs up. */
function pour(client: Socket, parts: Iterator<string>): void {
    for (let next = parts.next(); !next.done; next = parts.next())
        if (client.destroyed || !client.write(next.value)) return void client.once("drain", () => pour(client, parts));
}
function* times(count: number, part: string): Generator<string> {
    for (let left = count; left > 0; left--) yield part;
}
const streaming = (head: string, part: string, count = Infinity, tail = ""): Impostor =>
    answering((_method, _id, client) =>
        pour(
            client,
            (function* () {
                yield head;
                yield* times(count, part);
                yield tail;
            })(),
        ),
    );

const reply = (id: unknown, result: unknown) => ({ id, result, error: null });
const SCHEMA = { tables: { Open_vSwitch: { columns: {} }, Bridge: { columns: {} } } };
/** As the server is, but for one method. */
const but = (method: string, result: unknown): Impostor =>
    answering((asked, id) => reply(id, asked === method ? result : asked === "get_schema" ? SCHEMA : {}));

const CASES: [what: string, impostor: Impostor][] = [
    ["JSON that breaks off and goes on as something else", saying('{"id":1,"result":[}]')],
    ["what is no JSON", saying("HTTP/1.1 400 Bad Request\r\n\r\n")],
    ["bytes of all kinds", saying(String.fromCharCode(...Array.from({ length: 256 }, (_, byte) => byte)))],
    ["a reply that nests 1,000,000 deep", streaming("", '{"result":['.repeat(10_000), 100)],
    ["a reply of 100 MB", streaming('{"id":1,"error":null,"result":["', "x".repeat(MEGABYTE), 100, '"]}')],
    ["a reply without an end", streaming('{"id":1,"error":null,"result":["', "x".repeat(MEGABYTE))],
    ["a number as the schema", but("get_schema", 17)],
    ["tables that are none as the schema", but("get_schema", { tables: { Bridge: { columns: [1, 2] }, Port: 7 } })],
    [
        "what is no type as the type of a column",
        but("get_schema", { tables: { Bridge: { columns: { name: { type: 7 } } } } }),
    ],
    ["a list as the copy of the database", but("monitor_cond", [null, 1])],
    ["rows that are none as the copy", but("monitor_cond", { Bridge: { a: null, b: { initial: 5 } }, Port: null })],
    ["a change of a row that it never told", but("monitor_cond", { Bridge: { a: { modify: { name: "br-b" } } } })],
    [
        "an error for everything",
        answering((_asked, id) => ({ id, result: null, error: { error: "no", details: "!" } })),
    ],
    ["answers to what nobody asked", answering((_asked, _id, client) => (client.end(), reply(4711, {})))],
];

type Lie = (client: Socket, reply: CommitReply) => void;
const telling =
    (...messages: ((reply: CommitReply) => unknown)[]): Lie =>
    (client, answer) => {
        for (const message of messages) client.write(JSON.stringify(message(answer)));
    };
const result = (change: (results: unknown[]) => unknown): Lie =>
    telling(({ id, result: results }) => reply(id, change(results)));
/** The count up to which ovs-vswitchd is waited for. */
const counting = (count: unknown) =>
    result((results) =>
        results.map((one) => (JSON.stringify(one)?.includes("next_cfg") ? { rows: [{ next_cfg: count }] } : one)),
    );
const update = (tables: unknown): Lie =>
    telling(() => ({ id: null, method: "update2", params: [null, tables] }), honest);
const honest = ({ id, result: results }: CommitReply) => reply(id, results);
const pouring =
    (...parts: (() => Generator<string>)[]): Lie =>
    (client) =>
        pour(
            client,
            (function* () {
                for (const part of parts) yield* part();
            })(),
        );

/** What it says to the first change, after all that went before was as it should be. */
const LATER: [what: string, say: Lie][] = [
    ["what is no JSON", (client) => client.write("}{")],
    ["nothing as the results", result(() => null)],
    ["a number as the results", result(() => 17)],
    ["an object as the results", result((results) => ({ ...results }))],
    ["too few results", result((results) => results.slice(1))],
    ["results that are none", result((results) => results.map(() => [7]))],
    ["results that are null", result((results) => results.map(() => null))],
    ["an error that is none", result((results) => [{ error: 7, details: [] }, ...results.slice(1)])],
    ["that the first operation failed, though all is done", result(() => [{ error: "no", details: "!" }])],
    ["that a guard did not hold, though all is done", result(() => [{ error: "timed out" }])],
    ["an error of the request", telling(({ id }) => ({ id, result: null, error: "x".repeat(MEGABYTE) }))],
    ["1 MB of text as the results", result(() => "x".repeat(MEGABYTE))],
    ["a count that is reached already", counting(-5)],
    ["a count that is no number", counting("7")],
    ["tables that are none", update(17)],
    ["rows that are none", update({ Port: { a: null }, Bridge: null })],
    ["a change of a row that it never told", update({ Port: { a: { modify: { name: "p-later" } } } })],
    ["a reply that nests 1,000,000 deep", pouring(() => times(100, '{"result":['.repeat(10_000)))],
    [
        "a reply without an end",
        pouring(
            () => times(1, '{"id":1,"error":null,"result":["'),
            () => times(Infinity, "x".repeat(MEGABYTE)),
        ),
    ],
    [
        "its answer to somebody else, and hangs up",
        (client, { result: results }) => client.end(JSON.stringify(reply(4711, results))),
    ],
];

describe("a switch database that is none", function () {
    this.timeout(300_000);
    const lab = new FaultLab(labName("hostile"));
    before(() => lab.up());
    after(() => lab.down());
    let plugin: Plugin;
    beforeEach(async () => (plugin = await Plugin.start(lab.host)));
    afterEach(async () => {
        lab.proxy.replace(undefined);
        await plugin.stop();
    });

    describe("only once something is changed", () => {
        let stack: Stack;
        let theirs: Map<string, string>;
        const base: Program = { switch: { type: OVS_BRIDGE, inputs: { name: "br-later", datapathType: "netdev" } } };
        const program: Program = {
            ...base,
            port: {
                type: OVS_PORT,
                inputs: { name: "p-later", bridge: "br-later", type: "internal", tag: 7 },
                needs: ["switch"],
            },
            // No index of the schema would keep a second row of the name from being made.
            mirror: {
                type: "kvmnet:ovs:Mirror",
                inputs: { bridge: "br-later", name: "m-later", selectAll: true, outputVlan: 77 },
                needs: ["switch"],
            },
        };
        before(async () => {
            const their = ["their-br", "--", "set", "Bridge", "their-br", "datapath_type=netdev"];
            await lab.vsctl("add-br", ...their);
            theirs = foreign(await look(lab));
        });

        for (const [what, say] of LATER)
            it(`and then says ${what} gives an error, in bounded memory, or is asked again; the next run finishes`, async () => {
                stack = new Stack(plugin);
                assert.deepEqual([...(await stack.up(plugin, base))], []);
                const before = memory(plugin);
                lab.proxy.set({ kind: "lie", say });
                lab.proxy.hangUp();
                const started = performance.now();
                const errors = await stack.up(plugin, program);
                const took = performance.now() - started;
                assert.ok(lab.proxy.struck, "it lied");
                for (const { message } of errors.values()) {
                    assert.match(
                        message,
                        /: (OVS (port p-later|mirror .*m-later)|Open vSwitch on lab .*): .*\. [A-Z][^.]+\.$/s,
                    );
                    assert.ok(message.length < 1_000, "it quotes little of what was said");
                    assert.doesNotMatch(message, /no root row/, "it has one");
                }
                assert.ok(took < 15_000, `it took ${took.toFixed()} ms`);
                const grown = memory(plugin) - before;
                assert.ok(grown < GROWTH, `it grew by ${Math.round(grown / MEGABYTE)} MB`);
                lab.proxy.hangUp();
                await sleep(150);
                assert.deepEqual([...(await stack.up(plugin, program))], []);
                await assertSound(lab, stack, program, theirs, what);
                assert.deepEqual([...(await stack.up(plugin, {}))], []);
                await assertSound(lab, stack, {}, theirs, `${what}, removed`);
            });
    });

    for (const [what, impostor] of CASES)
        it(`and says ${what} gives an error, in bounded memory, and the same plugin works once it is one`, async () => {
            await plugin.check(OVS_BRIDGE, { name: "br" });
            const before = memory(plugin);
            lab.proxy.replace(impostor);
            await assert.rejects(
                plugin.create(OVS_BRIDGE, "b", { name: "br-b", datapathType: "netdev" }),
                ({ message }: Error) => {
                    assert.match(message, new RegExp(`Open vSwitch on lab ${lab.name}: .*\\. [A-Z][^.]+\\.`, "s"));
                    assert.ok(message.length < 1_000, "it quotes little of what was said");
                    return true;
                },
            );
            const grown = memory(plugin) - before;
            assert.ok(grown < GROWTH, `it grew by ${Math.round(grown / MEGABYTE)} MB`);
            lab.proxy.replace(undefined);
            // Who asks in the same moment gets the same answer.
            await sleep(150);
            const made = await plugin.create(OVS_BRIDGE, "b", { name: "br-b", datapathType: "netdev" });
            await plugin.delete(OVS_BRIDGE, "b", made);
        });
});

/** The most that a plugin ever held [byte] (VmHWM, proc(5)). */
const memory = ({ process: { pid } }: Plugin): number =>
    1024 * Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
