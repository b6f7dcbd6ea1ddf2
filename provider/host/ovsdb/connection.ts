/** One connection to an OVSDB server: requests, replies, notifications and signs of life (RFC 7047). */
import { createConnection, type Socket } from "node:net";
import { HostError, quoted } from "../errors";
import { JsonSplitter } from "./framing";

/** With requests open and the other side silent for this long we ask whether it lives, and after twice this we hang up. */
const SILENCE_MS = 5_000;

interface Reply {
    id?: unknown;
    method?: unknown;
    params?: unknown;
    result?: unknown;
    error?: unknown;
}

export class OvsdbConnection {
    private readonly splitter = new JsonSplitter();
    private readonly open = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
    private nextId = 1;
    private heard = performance.now();
    private probe: NodeJS.Timeout | undefined;
    private ended: HostError | undefined;

    private constructor(
        private readonly socket: Socket,
        private readonly where: string,
        private readonly onUpdate: (params: unknown) => void,
    ) {
        socket.on("data", (chunk: Buffer) => this.read(chunk));
        socket.on("error", (error) => this.end(quoted(error)));
        socket.on("close", () => this.end("the server closed the connection"));
    }

    /** @throws HostError unreachable where nothing listens */
    static connect(
        path: string,
        where: string,
        onUpdate: (params: unknown) => void = () => {},
    ): Promise<OvsdbConnection> {
        return new Promise((resolve, reject) => {
            const socket = createConnection({ path });
            const fail = (error: unknown) => {
                socket.destroy();
                reject(
                    new HostError(
                        "unreachable",
                        `Open vSwitch on ${where}`,
                        `its database does not answer at ${path} (${quoted(error)})`,
                        "Install and start Open vSwitch there (Debian: openvswitch-switch), and run as a user who may open that socket.",
                        error,
                    ),
                );
            };
            const timer = setTimeout(() => fail("no connection within 5 s"), SILENCE_MS);
            socket.once("error", fail);
            socket.once("connect", () => {
                clearTimeout(timer);
                socket.off("error", fail);
                resolve(new OvsdbConnection(socket, where, onUpdate));
            });
            socket.once("close", () => clearTimeout(timer));
        });
    }

    get alive(): boolean {
        return this.ended === undefined;
    }

    /** The `result` of the reply. @throws HostError lost when the connection breaks first, bug where the server refuses */
    request(method: string, params: unknown): Promise<unknown> {
        return new Promise((resolve, reject) => {
            if (this.ended) return reject(this.ended);
            const id = this.nextId++;
            if (this.open.size === 0) this.heard = performance.now();
            this.open.set(id, { resolve, reject });
            this.send({ id, method, params });
            this.watch();
        });
    }

    close(): void {
        this.end("it was closed here");
    }

    private send(message: object): void {
        this.socket.write(JSON.stringify(message));
    }

    private read(chunk: Buffer): void {
        this.heard = performance.now();
        try {
            for (const message of this.splitter.push(chunk)) this.take(message as Reply);
        } catch (error) {
            this.end(`it sent what is no OVSDB message: ${quoted(error)}`);
        }
    }

    private take(message: Reply): void {
        if (message.method === "echo") return this.send({ id: message.id, result: message.params, error: null });
        if (message.method === "update") return this.onUpdate(message.params);
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
        this.probe ??= setInterval(() => {
            const silence = performance.now() - this.heard;
            if (this.open.size === 0) {
                clearInterval(this.probe);
                this.probe = undefined;
            } else if (silence >= 2 * SILENCE_MS) this.end("it has been silent for 10 s");
            else if (silence >= SILENCE_MS) this.send({ id: "alive", method: "echo", params: [] });
        }, SILENCE_MS / 2);
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
    }
}
