/** That a row of some name does not hang in a column yet: the schema has no index on it, and would take two. */
import { uuidsOf } from "./columns";
import { ofRow, set, type Operation, type Uuid } from "./operations";
import type { Replica } from "./replica";

/** The column, and what tells its rows apart. */
interface Place {
    parent: string;
    of: Uuid;
    column: string;
    table: string;
    key: string;
    value: string;
}

/**
 * Guard: the transaction fails where such a row hangs there. It is spelled when the transaction is sent, and stands before
 * all other changes of that moment: those that hang rows of other names there are in nobody's way.
 */
export const vacant = (place: Place): Operation => ({ op: VACANT, ...place });

const VACANT = "kvmnet-vacant";

/** A change as it is sent: what it assumes of the database before anything is changed, and then itself. */
export function spelled(operations: Operation[], view: Replica): { guards: Operation[]; rest: Operation[] } {
    const isGuard = ({ op }: Operation) => op === VACANT;
    return {
        guards: operations.filter(isGuard).map((guard) => waitFor(guard as unknown as Place, view)),
        rest: operations.filter((operation) => !isGuard(operation)),
    };
}

/** The column is to hold what it holds in our copy, without rows of that name: where one is there, it never does. */
function waitFor({ parent, of, column, table, key, value }: Place, view: Replica): Operation {
    const held = uuidsOf(view.row(parent, of[1])?.[column]);
    const others = held.filter((uuid) => view.row(table, uuid)?.[key] !== value);
    return {
        op: "wait",
        timeout: 0,
        table: parent,
        where: ofRow(of),
        columns: [column],
        until: "==",
        rows: [{ [column]: set(...others.map((uuid) => ["uuid", uuid])) }],
    };
}
