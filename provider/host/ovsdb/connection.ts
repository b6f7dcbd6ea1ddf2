/** One connection to an OVSDB server: requests, replies, notifications and signs of life (RFC 7047). */
import { createConnection, type Socket } from "node:net";
import { HostError, quoted } from "../errors";
import { JsonSplitter } from "./framing";

/** How long the other side may take [ms]. */
export interface Patience {
    /** While somebody waits and nothing is heard for this long, we ask whether it lives ... */
    askMs: number;
    /** ... and hang up where nothing is heard for this long after that. */
    hangUpMs: number;
    /** Longest wait for one reply, though the server lives: none of our requests waits for anything in it. */
    replyMs: number;
}
const PATIENCE: Patience = { askMs: 5_000, hangUpMs: 4_000, replyMs: 60_000 };
/**
 * How often it is looked at in the time after which we hang up. To ask and to hang up may each come one look late, and all
 * of it shall take 10 s at the most.
 */
const LOOKS = 16;

/** What a connection tells by itself. */
export interface Listener {
    /** `params` of an `update2` notification. */
    updated(params: unknown): void;
    /** Nothing comes any more, and what was asked stays unanswered. */
    ended(error: HostError): void;
}
const NOBODY: Listener = { updated: () => undefined, ended: () => undefined };

interface Reply {
    id?: unknown;
    method?: unknown;
    params?: unknown;
    result?: unknown;
    error?: unknown;
}

export class OvsdbConnection {
    private readonly splitter = new JsonSplitter();
    private readonly open = new Map<number, Waiter>();
    private nextId = 1;
    private awaited = 0;
    private heard = performance.now();
    private asked: number | undefined;
    private probe: NodeJS.Timeout | undefined;
    private ended: HostError | undefined;
    private cut = false;

    private constructor(
        private readonly socket: Socket,
        private readonly where: string,
        private readonly listener: Listener,
        private readonly patience: Patience,
    ) {
        socket.on("data", (chunk: Buffer) => this.read(chunk));
        socket.on("error", (error) => this.cutOff(quoted(error)));
        socket.on("close", () => this.cutOff("the server closed the connection"));
    }

    /** @throws HostError unreachable where nothing listens */
    static connect(path: string, where: string, listener = NOBODY, patience = PATIENCE): Promise<OvsdbConnection> {
        return new Promise((resolve, reject) => {
            const socket = createConnection({ path });
            const fail = (error: unknown) => {
                socket.destroy();
                reject(unanswered(path, where, error));
            };
            const timer = setTimeout(() => fail(`no connection within ${patience.askMs / 1000} s`), patience.askMs);
            socket.once("error", fail);
            socket.once("connect", () => {
                clearTimeout(timer);
                socket.off("error", fail);
                resolve(new OvsdbConnection(socket, where, listener, patience));
            });
            socket.once("close", () => clearTimeout(timer));
        });
    }

    get alive(): boolean {
        return this.ended === undefined;
    }

    /** Whether it was the line or the other side that ended it, as a restart does: not we, for what was said or was not. */
    get wasCut(): boolean {
        return this.cut;
    }

    /** The `result` of the reply. @throws HostError lost when the connection breaks first, bug where the server refuses */
    request(method: string, params: unknown): Promise<unknown> {
        return new Promise((resolve, reject) => {
            if (this.ended) return reject(this.ended);
            const id = this.nextId++;
            this.watch();
            this.open.set(id, { resolve, reject, since: performance.now() });
            this.send({ id, method, params });
        });
    }

    /** Watches for signs of life while somebody waits for what only a notification tells. */
    async during<Result>(waiting: Promise<Result>): Promise<Result> {
        if (this.ended) return waiting;
        this.watch();
        this.awaited++;
        try {
            return await waiting;
        } finally {
            this.awaited--;
        }
    }

    close(): void {
        this.end("it was closed here");
    }

    private send(message: object): void {
        this.socket.write(JSON.stringify(message));
    }

    private read(chunk: Buffer): void {
        this.heard = performance.now();
        this.asked = undefined;
        try {
            for (const message of this.splitter.push(chunk)) this.take(message as Reply);
        } catch (error) {
            this.end(`it sent what is no OVSDB message: ${quoted(error)}`);
        }
    }

    private take(message: Reply): void {
        if (message.method === "echo") return this.send({ id: message.id, result: message.params, error: null });
        if (message.method === "update2") return this.listener.updated(message.params);
        const waiter = typeof message.id === "number" ? this.open.get(message.id) : undefined;
        if (!waiter) return;
        this.open.delete(message.id as number);
        if (message.error === null || message.error === undefined) waiter.resolve(message.result);
        else
            waiter.reject(
                new HostError(
                    "bug",
                    `Open vSwitch on ${this.where}`,
                    `its database refused a request: ${quoted(JSON.stringify(message.error))}`,
                    "Please report this.",
                ),
            );
    }

    /** A server that hangs keeps its socket open, so silence is asked about; an idle connection needs no watch. */
    private watch(): void {
        if (this.probe) return;
        this.heard = performance.now();
        this.asked = undefined;
        this.probe = setInterval(() => this.judge(performance.now()), this.patience.hangUpMs / LOOKS);
    }

    private judge(now: number): void {
        const { askMs, hangUpMs, replyMs } = this.patience;
        const [oldest] = this.open.values();
        if (!oldest && this.awaited === 0) {
            clearInterval(this.probe);
            this.probe = undefined;
        } else if (this.asked !== undefined && now - this.asked >= hangUpMs)
            this.end(`it has been silent for ${Math.round((now - this.heard) / 1000)} s`);
        else if (oldest && now - oldest.since >= replyMs) this.end(`it owes a reply since ${replyMs / 1000} s`);
        else if (this.asked === undefined && now - this.heard >= askMs) {
            // Who was asleep himself, as a stopped process is, has heard nothing either: only an answer that stays out counts.
            this.asked = now;
            this.send({ id: "alive", method: "echo", params: [] });
        }
    }

    private cutOff(reason: string): void {
        this.cut ||= this.alive;
        this.end(reason);
    }

    private end(reason: string): void {
        if (this.ended) return;
        this.ended = new HostError(
            "lost",
            `Open vSwitch on ${this.where}`,
            `the connection to its database broke (${reason})`,
            "Check that ovsdb-server runs, then run the same command again; it goes on where it stopped.",
        );
        clearInterval(this.probe);
        this.socket.destroy();
        for (const { reject } of this.open.values()) reject(this.ended);
        this.open.clear();
        this.listener.ended(this.ended);
    }
}

interface Waiter {
    resolve: (result: unknown) => void;
    reject: (error: Error) => void;
    /** When it was asked [ms]. */
    since: number;
}

/** Nobody serves a switch database there. */
export const unanswered = (path: string, where: string, cause: unknown) =>
    new HostError(
        "unreachable",
        `Open vSwitch on ${where}`,
        `its database does not answer at ${path} (${quoted(cause instanceof HostError ? cause.fact : cause)})`,
        "Install and start Open vSwitch there (Debian: openvswitch-switch), and run as a user who may open that socket.",
        cause,
    );
