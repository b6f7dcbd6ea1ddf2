import assert from "node:assert/strict";
import { HostError } from "../../provider/host/errors";
import { Ovsdb } from "../../provider/host/ovsdb/client";
import { named, withPrefix, type Operation } from "../../provider/host/ovsdb/operations";
import { transactionVerdict } from "../../provider/host/ovsdb/results";
import { pluggedPort } from "../../provider/resources/ovs-port";
import { rowsOf } from "../../provider/resources/ovs-port-change";
import { OvsPort } from "../../schemas/ovs";
import { FakeOvsdb } from "./fake-ovsdb";

const mark = (label: string): Operation => ({ op: "comment", comment: label });
const labels = (operations: Operation[]) =>
    operations.map(({ comment }) => comment).filter((label) => label && label !== "kvmnet");
const kindOf = (kind: HostError["kind"]) => (error: unknown) => error instanceof HostError && error.kind === kind;

describe("the switch database", () => {
    let server: FakeOvsdb;
    let ovsdb: Ovsdb;
    const start = async (...args: ConstructorParameters<typeof FakeOvsdb>) => {
        server = await new FakeOvsdb(...args).listen();
        ovsdb = new Ovsdb(server.path, "a fake");
    };
    afterEach(() => {
        ovsdb.close();
        server.close();
    });

    it("gets changes of the same moment as one transaction, durable, with one bump for ovs-vswitchd", async () => {
        await start();
        await Promise.all(["a", "b", "c"].map((label) => ovsdb.commit(label, [mark(label)])));
        assert.deepEqual(server.transactions.map(labels), [["a", "b", "c"]]);
        const operations = server.transactions[0] ?? [];
        assert.deepEqual(operations.at(-1), { op: "commit", durable: true });
        assert.equal(operations.filter(({ op }) => op === "mutate").length, 1);
    });

    it("fails for the change at fault, and takes the others without it", async () => {
        const fail = { error: "constraint violation", details: "no such thing" };
        await start((operations) => {
            const at = operations.findIndex(({ comment }) => comment === "b");
            return at < 0 ? undefined : operations.map((_, index) => (index < at ? {} : index === at ? fail : null));
        });
        const outcome = await Promise.allSettled(
            ["a", "b", "c"].map((label) => ovsdb.commit(`port ${label}`, [mark(label)])),
        );
        assert.deepEqual(
            outcome.map(({ status }) => status),
            ["fulfilled", "rejected", "fulfilled"],
        );
        assert.match(
            String((outcome[1] as PromiseRejectedResult).reason),
            /port b: .*constraint violation no such thing/,
        );
        assert.deepEqual(server.transactions.map(labels), [
            ["a", "b", "c"],
            ["a", "c"],
        ]);
    });

    it("tries each change alone where only the commit as a whole failed", async () => {
        await start((operations) =>
            labels(operations).includes("b")
                ? [...operations.map(() => ({})), { error: "referential integrity violation" }]
                : undefined,
        );
        const outcome = await Promise.allSettled(["a", "b", "c"].map((label) => ovsdb.commit(label, [mark(label)])));
        assert.deepEqual(
            outcome.map(({ status }) => status),
            ["fulfilled", "rejected", "fulfilled"],
        );
    });

    it("asks for another look, not for a report, where a guard did not hold", async () => {
        await start((operations) => [{ error: "timed out" }, ...operations.slice(1).map(() => null)]);
        await assert.rejects(ovsdb.commit("port a", [mark("a")]), kindOf("lost"));
    });

    it("never sends a change twice when the reply is lost", async () => {
        await start((_, count) => (count === 1 ? "hang up" : undefined));
        await assert.rejects(ovsdb.commit("port a", [mark("a")]), kindOf("lost"));
        assert.equal(server.transactions.length, 1);
        await ovsdb.commit("port a", [mark("a again")]);
    });

    it("asks a read again on a new connection", async () => {
        await start((_, count) => (count === 1 ? "hang up" : undefined));
        assert.equal((await ovsdb.view()).all("Bridge").length, 0);
    });

    it("hangs up on what is no OVSDB", async () => {
        await start((_, count) => (count === 1 ? "garbage" : undefined));
        await assert.rejects(ovsdb.commit("port a", [mark("a")]), kindOf("lost"));
    });

    it("that lives and never replies is given up after the longest wait for one reply", async () => {
        await start((_, count) => (count === 1 ? "only echoes" : undefined));
        const patience = { askMs: 20, hangUpMs: 2_000, replyMs: 200 };
        const patient = new Ovsdb(server.path, "a fake", { patience });
        await assert.rejects(patient.commit("port a", [mark("a")]), /it owes a reply since 0\.2 s/);
        patient.close();
    });

    it("that is silent is asked whether it lives, and given up when it does not say so", async () => {
        await start((_, count) => (count === 1 ? "nothing" : undefined));
        const patient = new Ovsdb(server.path, "a fake", { patience: { askMs: 20, hangUpMs: 40, replyMs: 60_000 } });
        await assert.rejects(patient.commit("port a", [mark("a")]), /it has been silent/);
        assert.ok(server.echoes.includes("alive"));
        patient.close();
    });

    it("answers the server's own sign of life", async () => {
        await start();
        await ovsdb.commit("a", [mark("a")]);
        assert.deepEqual(server.echoes, ["echo"]);
    });

    it("waits for ovs-vswitchd no longer than asked, and says who does not answer", async () => {
        await start(() => undefined, false);
        await assert.rejects(
            ovsdb.commit("port a", [mark("a")], 50),
            /port a: .*ovs-vswitchd on a fake does not answer/,
        );
    });

    it("that is not there gives the path and what to install", async () => {
        await start();
        const nobody = new Ovsdb("/nonexistent/db.sock", "this machine");
        await assert.rejects(nobody.view(), /does not answer at \/nonexistent\/db.sock.*openvswitch-switch/);
    });

    it("is told of a port by mutation only, so that nobody else's port is lost", () => {
        const port = OvsPort.parse({ name: "p0", bridge: "br0", trunks: ["10-12"] });
        const rows = rowsOf(port, { mark: "kvmnet:", qos: undefined, metered: false, there: undefined });
        const { operations } = pluggedPort(port, rows);
        assert.deepEqual(
            operations.filter(({ table, op }) => table === "Bridge" && op !== "wait").map(({ op }) => op),
            ["mutate"],
        );
        const row = operations.find(({ op, table }) => op === "insert" && table === "Port")?.row as { trunks: unknown };
        assert.deepEqual(row.trunks, ["set", [10, 11, 12]]);
    });
});

describe("the reply to a transaction", () => {
    it("names the operation that failed", () =>
        assert.deepEqual(transactionVerdict([{}, { error: "timed out", details: "x" }, null], 3), {
            ok: false,
            at: 1,
            error: "timed out",
            details: "x",
        }));

    it("may be one longer than the request, and then names none", () =>
        assert.deepEqual(transactionVerdict([{}, {}, { error: "constraint violation" }], 2), {
            ok: false,
            error: "constraint violation",
            details: "",
        }));

    it("is an error when it is short or no list", () => {
        assert.ok(!transactionVerdict([{}], 2).ok);
        assert.ok(!transactionVerdict("yes", 2).ok);
    });
});

describe("operations of several changes in one transaction", () => {
    it("keep their row names apart", () =>
        assert.deepEqual(
            withPrefix([{ op: "insert", "uuid-name": "p", row: { interfaces: named("i"), name: "uuid-name" } }], "c1_"),
            [{ op: "insert", "uuid-name": "c1_p", row: { interfaces: named("c1_i"), name: "uuid-name" } }],
        ));
});
