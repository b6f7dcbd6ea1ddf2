/** The least that talks to a switch database: requests on one socket, and the switch's progress (RFC 7047). */
import { createConnection, type Socket } from "node:net";
import { once } from "node:events";
import { JsonSplitter } from "../../provider/host/ovsdb/framing";

export type Operation = { op: string } & Record<string, unknown>;

interface Message {
    id?: unknown;
    method?: string;
    params?: unknown[];
    result?: unknown;
    error?: unknown;
}

interface RootUpdate {
    Open_vSwitch?: Record<string, { new?: { next_cfg?: number; cur_cfg?: number } }>;
}

export class RawOvsdb {
    private readonly splitter = new JsonSplitter();
    private nextId = 0;
    private done = -1;
    private readonly open = new Map<number, (message: Message) => void>();
    private waiting: { target: number; resolve: () => void }[] = [];
    /** Called when somebody has asked the switch for something. */
    onAsked: (nextCfg: number) => void = () => undefined;

    private constructor(private readonly socket: Socket) {
        socket.on("data", (chunk: Buffer) =>
            this.splitter.push(chunk).forEach((message) => this.answer(message as Message)),
        );
    }

    static async connect(path: string): Promise<RawOvsdb> {
        const socket = createConnection(path);
        await once(socket, "connect");
        const raw = new RawOvsdb(socket);
        const root = [{ columns: ["next_cfg", "cur_cfg"] }];
        raw.take((await raw.request("monitor", ["Open_vSwitch", null, { Open_vSwitch: root }])) as RootUpdate);
        return raw;
    }

    /** One transaction, waited for until the switch has carried it out. @returns the operations' results */
    async commit(operations: Operation[]): Promise<Record<string, unknown>[]> {
        const results = await this.transact([
            ...operations,
            { op: "mutate", table: "Open_vSwitch", where: [], mutations: [["next_cfg", "+=", 1]] },
            { op: "select", table: "Open_vSwitch", where: [], columns: ["next_cfg"] },
        ]);
        const [root] = (results[operations.length + 1] as { rows: { next_cfg: number }[] }).rows;
        const target = root?.next_cfg ?? 0;
        if (this.done < target) await new Promise<void>((resolve) => this.waiting.push({ target, resolve }));
        return results;
    }

    /** One transaction, until the database has it. */
    async transact(operations: Operation[]): Promise<Record<string, unknown>[]> {
        const results = (await this.request("transact", ["Open_vSwitch", ...operations])) as Record<string, unknown>[];
        const failed = results.find((result) => result?.error);
        if (failed) throw new Error(`The switch database refused an operation: ${JSON.stringify(failed)}`);
        return results;
    }

    close(): void {
        this.socket.destroy();
    }

    private async request(method: string, params: unknown[]): Promise<unknown> {
        const id = ++this.nextId;
        this.socket.write(JSON.stringify({ id, method, params }));
        const { result, error } = await new Promise<Message>((resolve) => this.open.set(id, resolve));
        if (error) throw new Error(`The switch database refused ${method}: ${JSON.stringify(error)}`);
        return result;
    }

    private answer(message: Message): void {
        if (message.method === "echo")
            this.socket.write(JSON.stringify({ id: message.id, result: message.params, error: null }));
        else if (message.method === "update") this.take(message.params?.[1] as RootUpdate);
        else {
            this.open.get(message.id as number)?.(message);
            this.open.delete(message.id as number);
        }
    }

    private take({ Open_vSwitch: rows = {} }: RootUpdate): void {
        for (const { new: row } of Object.values(rows)) {
            this.done = row?.cur_cfg ?? this.done;
            if (row?.next_cfg !== undefined) this.onAsked(row.next_cfg);
        }
        this.waiting = this.waiting.filter(({ target, resolve }) => this.done < target || resolve());
    }
}
