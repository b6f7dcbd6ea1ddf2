/**
 * A secured port is plugged as what passes nothing, a patch to nowhere: its guards name its OpenFlow number, which the switch
 * tells only then. Where it becomes what it is once they stand, it keeps that number (iface_pick_ofport, vswitchd/bridge.c).
 * Before they go, because it goes or moves or gets another number, it becomes such a patch again.
 */
import { keyOf, numberOf } from "../host/ovsdb/columns";
import { map, updated, type Row } from "../host/ovsdb/operations";
import type { Seen } from "../host/ovsdb/replica";
import { ovsdb, type Plan } from "../plan";
import { isSecured } from "./ovs-ingress";
import { entriesOf, presentOf, type Managed, type PortRows } from "./ovs-rows";
import { namesOf } from "./port-names";

/** No interface has this name; Open vSwitch names it where it says that the peer is not there. */
const NOWHERE = "nowhere, as long as its portSecurity does not stand";

/** Whether a link is still plugged so: a run was killed before its guards stood. */
export const isShut = ({ type, options }: Row): boolean => type === "patch" && keyOf(options, "peer") === NOWHERE;

export const SHUT =
    "it passes nothing: the run that plugged it ended before its portSecurity stood, and another has to finish it";

/** What a link is while it is shut. */
const asPatch = (): Row => ({ type: "patch", options: map({ peer: NOWHERE }) });

/** What passes something at a secured port. */
const openOf = ({ port, links }: PortRows): Seen[] =>
    isSecured(port) ? links.filter((link) => !isShut(link) && (numberOf(link.ofport) ?? -1) > 0) : [];

/** Whether a port is secured, and something passes there. */
export const isOpen = (rows: PortRows): boolean => openOf(rows).length > 0;

/** The first step with secured ports whose guards are to go; nothing where none passes anything. */
export function shutAgain(ports: readonly PortRows[]): Plan {
    const open = ports.flatMap(openOf);
    if (open.length === 0) return [];
    return [
        ovsdb(
            `lets nothing pass at ${namesOf(open)}`,
            updated("Interface", open, asPatch),
            updated("Interface", open, ({ type, options }) => ({ type, options })),
        ),
    ];
}

/** The rows of a port as `shutAgain` leaves them. */
export function shutRows(rows: PortRows): PortRows {
    const open = openOf(rows);
    return { ...rows, links: rows.links.map((link) => (open.includes(link) ? { ...link, ...asPatch() } : link)) };
}

/** A link that is plugged shut, and what it then becomes. */
export interface Shut {
    name: string;
    link: Managed;
    /** Its row, where it is there. */
    there: Seen | undefined;
}

/** With what it is plugged. A patch takes no other option than its peer, whoever set it. */
export function shutLink({ link, there }: Shut): Managed {
    const keys = [...entriesOf(there?.options).keys(), ...Object.keys(link.keys.options ?? {})];
    const options = { ...Object.fromEntries(keys.map((key) => [key, undefined])), peer: NOWHERE };
    return { columns: { ...link.columns, type: ["patch"] }, keys: { ...link.keys, options } };
}

/** After their guards: each becomes what it is, with the options that others have set. */
export function opened(ports: readonly Shut[]): Plan {
    if (ports.length === 0) return [];
    const put = (rowOf: (port: Shut) => Row) =>
        ports.map((port) => ({
            op: "update",
            table: "Interface",
            where: [["name", "==", port.name]],
            row: rowOf(port),
        }));
    return [
        ovsdb(
            `lets pass what is sent at ${namesOf(ports)}`,
            put((port) => ({ type: port.link.columns.type?.[0], options: optionsOf(port) })),
            put(asPatch),
        ),
    ];
}

function optionsOf({ link, there }: Shut) {
    const declared = link.keys.options ?? {};
    const theirs = [...entriesOf(there?.options)].filter(([key]) => !(key in declared));
    return map({ ...Object.fromEntries(theirs), ...presentOf(declared) });
}
