/** Stands between the plugin and ovsdb-server: cuts, delays and swallows, and keeps what was asked. */
import { rmSync } from "node:fs";
import { createConnection, createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { JsonSplitter } from "../../../provider/host/ovsdb/framing";
import type { Operation } from "../../../provider/host/ovsdb/operations";

/** One fault, which happens once. */
export type Fault =
    /** Both ends are cut off after so many bytes in one direction, counted over all connections from now on. */
    | { kind: "cut"; of: "requests" | "replies"; afterBytes: number }
    /** The first commit from now on reaches the server, and nothing that it says gets through any more. */
    | { kind: "swallow"; onCommit?: () => void }
    /** On a connection made from now on, what the server answers to the first commit is said by this in its place. */
    | { kind: "lie"; say: (client: Socket, reply: CommitReply) => void }
    /** Every reply comes this much later [ms], until another fault is set. */
    | { kind: "delay"; ms: number };

/** What the server itself answers to a commit. */
export interface CommitReply {
    id: unknown;
    result: unknown[];
}

/** Serves a client in the server's place, for a test that wants to say worse things than the server would. */
export type Impostor = (client: Socket) => void;

export class OvsdbProxy {
    /** Operations of every transaction that was passed on, in order. */
    readonly transactions: Operation[][] = [];
    private readonly server: Server;
    private readonly sockets = new Set<Socket>();
    private fault: Fault | undefined;
    private passed = { requests: 0, replies: 0 };
    private impostor: Impostor | undefined;
    private leaves = 0;
    /** The request whose answer is a lie. */
    private committed: unknown;

    /** @param path where clients look for the database  @param behind where the server listens */
    constructor(
        private readonly path: string,
        private readonly behind: string,
    ) {
        this.server = createServer((client) => (this.impostor ? this.impersonate(client) : this.connect(client)));
    }

    listen(): Promise<void> {
        rmSync(this.path, { force: true });
        return new Promise((resolve, reject) => this.server.once("error", reject).listen(this.path, resolve));
    }

    close(): void {
        this.hangUp();
        this.server.close();
    }

    /** From now on; undefined is a clear line again. */
    set(fault: Fault | undefined): void {
        this.fault = fault;
        this.committed = undefined;
        this.passed = { requests: 0, replies: 0 };
    }

    /** Whether a fault that happens once has happened. */
    get struck(): boolean {
        return this.fault === undefined;
    }

    /** How often a row of this name was asked for, in transactions that were passed on. */
    inserts(table: string, name: string): number {
        return this.transactions
            .flat()
            .filter((one) => one.op === "insert" && one.table === table && (one.row as { name?: string }).name === name)
            .length;
    }

    /** Comes back when a client hangs up by itself. */
    async left(): Promise<void> {
        for (const before = this.leaves; this.leaves === before;) await sleep(20);
    }

    /** New clients talk to this instead of the server; undefined gives them the server again. */
    replace(impostor: Impostor | undefined): void {
        this.impostor = impostor;
        this.hangUp();
    }

    /** Cuts every connection that is open. */
    hangUp(): void {
        for (const socket of this.sockets) socket.destroy();
        this.sockets.clear();
    }

    private impersonate(client: Socket): void {
        this.keep(client);
        this.impostor?.(client);
    }

    private connect(client: Socket): void {
        const server = createConnection(this.behind);
        let silent = false;
        const replies = this.fault?.kind === "lie" ? new JsonSplitter() : undefined;
        const end = () => {
            client.destroy();
            server.destroy();
        };
        for (const socket of [client, server]) {
            this.keep(socket);
            socket.on("close", end);
        }
        const splitter = new JsonSplitter();
        client.on("end", () => void this.leaves++);
        client.on("data", (chunk: Buffer) => {
            const whole = this.within("requests", chunk);
            server.write(whole ?? chunk);
            if (whole) return this.strike(() => setImmediate(end));
            for (const message of splitter.push(chunk)) silent = this.note(message) || silent;
        });
        server.on("data", (chunk: Buffer) => {
            if (silent) return;
            if (replies) {
                for (const message of replies.push(chunk)) this.lie(client, message as CommitReply);
                return;
            }
            const whole = this.within("replies", chunk);
            if (whole) {
                client.write(whole);
                return this.strike(() => setImmediate(end));
            }
            if (this.fault?.kind === "delay") setTimeout(() => client.destroyed || client.write(chunk), this.fault.ms);
            else client.write(chunk);
        });
    }

    private keep(socket: Socket): void {
        this.sockets.add(socket);
        socket.on("error", () => undefined).on("close", () => this.sockets.delete(socket));
    }

    /** The part of a chunk that still passes where the line is to be cut inside it. */
    private within(direction: "requests" | "replies", chunk: Buffer): Buffer | undefined {
        if (this.fault?.kind !== "cut" || this.fault.of !== direction) return undefined;
        const left = this.fault.afterBytes - this.passed[direction];
        this.passed[direction] += chunk.length;
        return left <= chunk.length ? chunk.subarray(0, Math.max(0, left)) : undefined;
    }

    private strike(how: () => void): void {
        this.fault = undefined;
        how();
    }

    /** Passes a message on, or says another in its place. */
    private lie(client: Socket, message: CommitReply): void {
        const { fault } = this;
        if (fault?.kind !== "lie" || message.id === undefined || message.id !== this.committed)
            return void client.write(JSON.stringify(message));
        this.strike(() => fault.say(client, message));
    }

    /** Keeps a transaction; true where it is the commit whose reply shall not arrive. */
    private note(message: unknown): boolean {
        const { id, method, params } = message as { id?: unknown; method?: string; params?: unknown[] };
        if (method !== "transact") return false;
        const operations = (params ?? []).slice(1) as Operation[];
        this.transactions.push(operations);
        const commits = operations.some(({ op }) => op === "commit");
        const { fault } = this;
        if (commits && fault?.kind === "lie") this.committed ??= id;
        if (fault?.kind !== "swallow" || !commits) return false;
        this.strike(() => fault.onCommit?.());
        return true;
    }
}
