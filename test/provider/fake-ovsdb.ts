/** An OVSDB server of a few lines: keeps what was transacted and answers as the test says. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { JsonSplitter } from "../../provider/host/ovsdb/framing";
import type { Operation } from "../../provider/host/ovsdb/operations";

/** The reply to a transaction, or what the server does instead of replying. */
type Answer = unknown[] | "hang up" | "garbage" | "only echoes" | "nothing";

export class FakeOvsdb {
    readonly transactions: Operation[][] = [];
    readonly echoes: unknown[] = [];
    private readonly folder = mkdtempSync(join(tmpdir(), "fake-ovsdb-"));
    readonly path = join(this.folder, "db.sock");
    private readonly server: Server;
    private readonly sockets = new Set<Socket>();
    private nextCfg = 0;
    private silent = false;

    /** @param answer the reply to one transaction; undefined is success of every operation */
    constructor(
        private readonly answer: (operations: Operation[], count: number) => Answer | undefined = () => undefined,
        private readonly switchAnswers = true,
    ) {
        this.server = createServer((socket) => this.serve(socket));
    }

    listen(): Promise<this> {
        return new Promise((resolve) => this.server.listen(this.path, () => resolve(this)));
    }

    close(): void {
        for (const socket of this.sockets) socket.destroy();
        this.server.close();
        rmSync(this.folder, { recursive: true, force: true });
    }

    private serve(socket: Socket): void {
        this.sockets.add(socket);
        const splitter = new JsonSplitter();
        socket.on("error", () => undefined);
        socket.on("data", (chunk: Buffer) => {
            for (const message of splitter.push(chunk))
                this.take(socket, message as { id: unknown; method?: string; params: unknown[] });
        });
    }

    private take(socket: Socket, { id, method, params }: { id: unknown; method?: string; params: unknown[] }): void {
        const reply = (result: unknown) => void socket.write(JSON.stringify({ id, result, error: null }));
        if (method === undefined) this.echoes.push(id);
        else if (method === "echo") this.echo(reply, id);
        else if (method === "get_schema") reply({ tables: {} });
        else if (method === "monitor_cond") {
            reply({ Open_vSwitch: { root: { initial: { cur_cfg: this.switchAnswers ? this.nextCfg : 0 } } } });
            socket.write(JSON.stringify({ id: "echo", method: "echo", params: ["alive?"] }));
        } else this.transact(socket, reply, params.slice(1) as Operation[]);
    }

    /** The client asks whether we live. */
    private echo(reply: (result: unknown) => void, id: unknown): void {
        this.echoes.push(id);
        if (!this.silent) reply([]);
    }

    private transact(socket: Socket, reply: (result: unknown) => void, operations: Operation[]): void {
        this.transactions.push(operations);
        const answer = this.answer(operations, this.transactions.length);
        if (answer === "hang up") return void socket.destroy();
        this.silent = answer === "nothing";
        if (this.silent || answer === "only echoes") return;
        if (answer === "garbage") return void socket.write("]]nonsense");
        if (answer) return reply(answer);
        const bumps = operations.some(({ mutations }) => JSON.stringify(mutations ?? "").includes("next_cfg"));
        if (bumps) this.nextCfg++;
        reply(operations.map(({ op }) => (op === "select" ? { rows: [{ next_cfg: this.nextCfg }] } : { count: 1 })));
        if (bumps && this.switchAnswers)
            socket.write(
                JSON.stringify({
                    id: null,
                    method: "update2",
                    params: [null, { Open_vSwitch: { root: { modify: { cur_cfg: this.nextCfg } } } }],
                }),
            );
    }
}
