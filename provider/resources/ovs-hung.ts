/** What hangs on a bridge beside its ports, and is lost with it: mirrors, controllers, exports, flows and their keeper. */
import { shownName } from "../host/errors";
import { declaredCookies, markOfFlows } from "../host/flow-notes";
import { KEEPER_KEY } from "../host/flow-snapshot";
import { keyOf } from "../host/ovsdb/columns";
import type { Replica, Seen } from "../host/ovsdb/replica";
import { OWNER_KEY, sameStack } from "../owner";

/** Table and column of the bridge, and what a message calls one of its rows. */
const ROWS: readonly [table: string, column: string, called: (row: Seen) => string][] = [
    ["Mirror", "mirrors", ({ name }) => `the mirror ${shownName(String(name))}`],
    ["Controller", "controller", ({ target }) => `the controller ${shownName(String(target))}`],
    ["sFlow", "sflow", () => "the sFlow export"],
    ["IPFIX", "ipfix", () => "the IPFIX export"],
    ["NetFlow", "netflow", () => "the NetFlow export"],
];

/** What of it a stack did not make, as a message names it. @param mark of a resource of that stack */
export function hungByOthers(view: Replica, bridge: Seen, mark: string): string[] {
    const isOthers = (owner: string | undefined) => !sameStack(owner, mark);
    const keeper = keyOf(bridge.external_ids, KEEPER_KEY);
    return [
        ...ROWS.flatMap(([table, column, called]) =>
            view
                .referred(table, bridge[column])
                .filter((row) => isOthers(keyOf(row.external_ids, OWNER_KEY)))
                .map(called),
        ),
        ...declaredCookies(bridge)
            .filter((cookie) => isOthers(markOfFlows(bridge, cookie)))
            .map((cookie) => `the flows of the cookie ${shownName(cookie)}`),
        ...(keeper !== undefined && isOthers(keeper) ? ["the keeping of its flows"] : []),
    ];
}
