/** What a reply to `transact` says: per operation, and of the commit as a whole (RFC 7047, 4.1.3). */
import type { Row } from "./operations";

/** One operation's result: rows of a select, count of an update, uuid of an insert. */
export interface OperationResult {
    rows?: Row[];
    count?: number;
    uuid?: unknown;
}

/** The error of a reply that is none: what became of the transaction is unknown. */
export const UNREADABLE = "unreadable reply";

export type TransactionVerdict =
    | { ok: true; results: OperationResult[] }
    /** `at` is the operation that failed; absent where all ran and the commit failed. */
    | { ok: false; at?: number; error: string; details: string };

/**
 * A failed reply has an error at the operation that failed and null for those after it, or is one longer than the
 * request where every operation ran and the commit as a whole failed.
 */
export function transactionVerdict(reply: unknown, operations: number): TransactionVerdict {
    if (!Array.isArray(reply))
        return { ok: false, error: UNREADABLE, details: `no list: ${JSON.stringify(reply) ?? "nothing"}` };
    const at = reply.findIndex((entry) => isError(entry));
    if (at < 0) {
        if (reply.length < operations)
            return { ok: false, error: UNREADABLE, details: `${reply.length} of ${operations} results` };
        return { ok: true, results: reply.map((entry) => (entry ?? {}) as OperationResult) };
    }
    const { error, details } = reply[at] as { error: string; details?: string };
    return { ok: false, error, details: details ?? "", ...(at < operations ? { at } : {}) };
}

const isError = (entry: unknown) =>
    typeof entry === "object" && entry !== null && typeof (entry as { error?: unknown }).error === "string";
