/** The switch database of one host: a copy to read from, and changes that are done only when ovs-vswitchd has carried them out. */
import { faultPoint } from "../../fault";
import { HostError, quoted } from "../errors";
import { Snapshot } from "../snapshot";
import { timed, type Trace } from "../trace";
import { Window, type Turnout, type Verdict } from "../window";
import { OvsdbConnection, unanswered, type Patience } from "./connection";
import type { ColumnKinds } from "./column-kinds";
import { valuesOf } from "./columns";
import { withPrefix, type Operation } from "./operations";
import { Replica } from "./replica";
import { transactionVerdict, UNREADABLE, type OperationResult, type TransactionVerdict } from "./results";
import { SwitchProgress } from "./switch-progress";
import { DatabaseSchema, followed, hasColumn, monitorRequest } from "./tables";
import { spelled } from "./vacancy";

const DATABASE = "Open_vSwitch";
/** A server that restarts is back within this long; where nobody has ever listened, nobody is waited for. */
const RECONNECT_MS = 5_000;
/** Who asks within this long after it did not come back gets the same answer, and does not wait for it again. */
const SAME_MS = 100;

interface Change {
    /** Who asks, for the error: `OVS port tap-web0`. */
    subject: string;
    operations: Operation[];
}

interface Options {
    /** Ends waiting for ovs-vswitchd. */
    signal?: AbortSignal;
    patience?: Patience;
    trace?: Trace;
    /** Whom a transaction may expect. */
    turnout?: Turnout;
}

/** What was committed: the `cur_cfg` to wait for, and how many ports the switch has to take up or let go of. */
interface Committed {
    target: number;
    ports: number;
}

export class Ovsdb {
    private readonly progress: SwitchProgress;
    private connecting: Promise<OvsdbConnection> | undefined;
    private connection: OvsdbConnection | undefined;
    /** Somebody listens there, or did: one who hangs up before all was said comes back. */
    private isServed = false;
    private failed = { error: new Error(), at: -Infinity };
    private replica = new Replica();
    private schema: DatabaseSchema = {};
    private readonly current = new Snapshot(() => this.caughtUp());
    private readonly changes: Window<Change, Committed>;
    private readonly patience: Patience | undefined;
    private readonly trace: Trace | undefined;

    /** @param path unix socket of ovsdb-server  @param where the host's name in messages */
    constructor(
        private readonly path: string,
        private readonly where: string,
        { signal, patience, trace, turnout }: Options = {},
    ) {
        this.progress = new SwitchProgress(where, signal);
        this.patience = patience;
        this.trace = trace;
        this.changes = new Window<Change, Committed>((asked) => this.commitAll(asked), turnout);
    }

    /**
     * The database as it is: one small request brings the copy up to date for all who ask at the same moment.
     *
     * @param fresh how old the answer may be, as `Snapshot.get` takes it; our own changes are always in it
     */
    view(...fresh: [maxAgeMs?: number, readSince?: number]): Promise<Replica> {
        return this.current.get(...fresh);
    }

    /** Whether this version of Open vSwitch has a column; asks once a connection. */
    async has(table: string, column: string): Promise<boolean> {
        await this.connected();
        return hasColumn(this.schema, table, column);
    }

    /**
     * All of these operations or none, on disk and carried out by ovs-vswitchd. Changes of the same moment become one
     * transaction; where it fails, the change at fault gets the error and the others go on without it.
     *
     * @param timeoutMs longest wait for ovs-vswitchd [ms]
     * @param meanwhile called while ovs-vswitchd works
     * @throws HostError lost (a guard did not hold, or the connection broke: look again), refused, unreachable
     */
    async commit(subject: string, operations: Operation[], timeoutMs?: number, meanwhile?: () => void): Promise<void> {
        const { target, ports } = await this.changes.add({ subject, operations }, operations.length);
        faultPoint();
        meanwhile?.();
        const carriedOut = this.progress.reached(target, subject, { ports, ...(timeoutMs ? { timeoutMs } : {}) });
        await (this.connection?.during(carriedOut) ?? carriedOut);
        // All that was committed before the switch said so has been told before it.
        if (this.connection?.alive) this.current.renewed(this.replica);
    }

    close(): void {
        this.connection?.close();
        this.connection = undefined;
        this.isServed = false;
    }

    /** Notifications of all that was committed before a request arrive before its reply. */
    private async caughtUp(): Promise<Replica> {
        const verdict = await this.transact(NOTHING).catch((error: unknown) => {
            // A read changes nothing, so it may simply be asked again.
            if (error instanceof HostError && error.kind === "lost") return this.transact(NOTHING);
            throw error;
        });
        if (!verdict.ok) throw refusal(`Open vSwitch on ${this.where}`, verdict);
        return this.replica;
    }

    private async commitAll(asked: Change[]): Promise<Verdict<Committed>[]> {
        const verdicts = new Array<Verdict<Committed>>(asked.length);
        let left = asked.map((_, index) => index);
        while (left.length > 0) {
            const isShared = left.length > 1;
            // The copy by which guards are spelled is that of the connection on which they are sent.
            await this.connected();
            const changes = left.map((index) => spelled((asked[index] as Change).operations, this.replica));
            const guards = changes.map((change) => change.guards);
            const parts = changes.map(({ rest }, at) => (isShared ? withPrefix(rest, `c${left[at]}_`) : rest));
            const first = guards.flat();
            const verdict = await this.transact([...first, ...parts.flat(), ...BUMP]);
            if (verdict.ok) {
                const target = this.targetIn(verdict.results[first.length + parts.flat().length + 1]);
                const result: Verdict<Committed> =
                    typeof target === "number"
                        ? { result: { target, ports: portsIn(parts.flat()) } }
                        : { error: target };
                for (const index of left) verdicts[index] = result;
                break;
            }
            const culprit =
                left.length === 1
                    ? 0
                    : (culpritOf(guards, verdict.at) ?? culpritOf(parts, verdict.at && verdict.at - first.length));
            if (culprit === undefined) {
                // Only the commit as a whole failed, so nobody can be named: each goes alone.
                for (const index of left)
                    verdicts[index] = (await this.commitAll([asked[index] as Change]))[0] as Verdict<Committed>;
                break;
            }
            const index = left[culprit] as number;
            verdicts[index] = { error: refusal((asked[index] as Change).subject, verdict) };
            left = left.filter((other) => other !== index);
        }
        return verdicts;
    }

    /** The count up to which ovs-vswitchd is waited for, or why there is none. */
    private targetIn({ rows }: OperationResult = {}): number | HostError {
        const subject = `Open vSwitch on ${this.where}`;
        if (Array.isArray(rows) && rows.length === 0)
            return new HostError(
                "unreachable",
                subject,
                "its database has no root row",
                "Run `ovs-vsctl --no-wait init` there, or start Open vSwitch by its service.",
            );
        const target = rows?.[0]?.next_cfg;
        if (typeof target === "number") return target;
        return refusal(subject, { error: UNREADABLE, details: `no count of changes in ${JSON.stringify(rows)}` });
    }

    private async transact(operations: Operation[]): Promise<TransactionVerdict> {
        const connection = await this.connected();
        const ended = timed(this.trace);
        const answer = await connection.request("transact", [DATABASE, ...operations]);
        const verdict = transactionVerdict(answer, operations.length);
        const outcome = verdict.ok ? "done" : "refused";
        ended(`the switch database on ${this.where}: a transaction of ${operations.length} operations, ${outcome}`);
        return verdict;
    }

    private take(replica: Replica, updates: unknown): void {
        try {
            replica.take(updates);
        } catch (cause) {
            throw new Error("its rows cannot be read", { cause });
        }
        if (replica === this.replica) this.progress.at(replica.root()?.cur_cfg);
    }

    private connected(): Promise<OvsdbConnection> {
        if (this.connection?.alive) return Promise.resolve(this.connection);
        if (performance.now() - this.failed.at < SAME_MS) return Promise.reject(this.failed.error);
        this.connecting ??= this.connect()
            .catch((error: Error) => {
                this.failed = { error, at: performance.now() };
                throw error;
            })
            .finally(() => (this.connecting = undefined));
        return this.connecting;
    }

    private async connect(): Promise<OvsdbConnection> {
        const began = performance.now();
        for (let pause = 50; ; pause = Math.min(2 * pause, 1_000)) {
            try {
                this.connection = await this.greeted();
                this.isServed = true;
                return this.connection;
            } catch (error) {
                if (performance.now() + pause > began + (this.isServed ? RECONNECT_MS : 0)) throw error;
                await new Promise((resolve) => setTimeout(resolve, pause));
            }
        }
    }

    /** A connection whose copy is complete. @throws HostError unreachable where it does not come to that */
    private async greeted(): Promise<OvsdbConnection> {
        let replica: Replica | undefined;
        // What changes in the moment after the copy was sent arrives with it, and must not be overwritten by it.
        let early: unknown[] | undefined = [];
        const connection = await OvsdbConnection.connect(
            this.path,
            this.where,
            {
                updated: (params) => {
                    const updates: unknown = Array.isArray(params) ? params[1] : undefined;
                    if (early) early.push(updates);
                    else if (replica) this.take(replica, updates);
                },
                ended: (error) => {
                    if (replica !== this.replica) return;
                    this.current.outdated();
                    this.progress.lost(error);
                },
            },
            this.patience,
        );
        try {
            const { schema, kinds } = schemaFrom(await connection.request("get_schema", [DATABASE]));
            this.schema = schema;
            const whole = await connection.request("monitor_cond", [DATABASE, null, monitorRequest(kinds)]);
            this.replica = replica = new Replica(kinds);
            this.current.outdated();
            this.progress.restart();
            for (const updates of [whole, ...early]) this.take(replica, updates);
            early = undefined;
            return connection;
        } catch (error) {
            this.isServed ||= connection.wasCut;
            connection.close();
            throw unanswered(this.path, this.where, error);
        }
    }
}

/** The schema of the database, and what is followed of it. */
function schemaFrom(reply: unknown): { schema: DatabaseSchema; kinds: ColumnKinds } {
    try {
        const schema = DatabaseSchema.parse(reply);
        return { schema, kinds: followed(schema) };
    } catch (cause) {
        throw new Error("its schema cannot be read", { cause });
    }
}

/** Asks ovs-vswitchd to carry out what stands there, tells how to know that it has, and has it written to disk. */
const BUMP: Operation[] = [
    { op: "mutate", table: "Open_vSwitch", where: [], mutations: [["next_cfg", "+=", 1]] },
    { op: "select", table: "Open_vSwitch", where: [], columns: ["next_cfg"] },
    { op: "comment", comment: "kvmnet" },
    { op: "commit", durable: true },
];

const NOTHING: Operation[] = [{ op: "select", table: "Open_vSwitch", where: [], columns: ["next_cfg"] }];

/** Ports that a transaction plugs or unplugs [count]. */
function portsIn(operations: Operation[]): number {
    const mutations = operations.flatMap(({ op, table, mutations }) =>
        op === "mutate" && table === "Bridge" ? (mutations as [string, string, unknown][]) : [],
    );
    return mutations.reduce((sum, [column, , value]) => sum + (column === "ports" ? valuesOf(value).length : 0), 0);
}

/** Whose operation stands at `at` of the joined list; undefined where it is nobody's. */
function culpritOf(parts: Operation[][], at: number | undefined): number | undefined {
    if (at === undefined) return undefined;
    let before = 0;
    const index = parts.findIndex((part) => at < (before += part.length));
    return index < 0 ? undefined : index;
}

function refusal(subject: string, { error, details }: { error: string; details: string }): HostError {
    if (error === "timed out")
        return new HostError(
            "lost",
            subject,
            "it changed on the host while we were about to change it",
            "Run the same command again.",
        );
    if (error === UNREADABLE)
        return new HostError(
            "lost",
            subject,
            `the switch database gave an answer that cannot be read (${quoted(details)}), so what it did is unknown`,
            "Run the same command again; it goes on from what is there.",
        );
    if (error === "I/O error")
        return new HostError(
            "refused",
            subject,
            `the switch database could not write the change to its file (${quoted(details)}), so nothing of it was made`,
            "Make room on the file system of that file, or repair it; then run the same command again.",
        );
    return new HostError(
        "refused",
        subject,
        `the switch database refused the change: ${quoted(`${error} ${details}`)}`,
        "Nothing of it was changed; correct what it names, then run the same command again.",
    );
}
