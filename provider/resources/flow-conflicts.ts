/** What keeps flows, groups and meters from being set or removed: what others have in their place, or use of them. */
import { HostError } from "../host/errors";
import { declaredCookies, noteOf, type Note } from "../host/flow-notes";
import { flowText, placeOfFlow } from "../host/flow-text";
import { flowIsForeign } from "../host/openflow";
import type { Seen } from "../host/ovsdb/replica";
import { SHARED_COOKIE } from "../host/pipeline";
import { belonging } from "../owner";
import { idsOf, type Own, type Tables } from "./flow-tables";

/** What somebody else has there, by its place or its number. @throws HostError conflict */
export function refuseForeign(subject: string, cookie: string, row: Seen, wanted: Own, tables: Tables, own: Own): void {
    const places = new Map(tables.flows.map((flow) => [placeOfFlow(flow), flow]));
    const flow = wanted.flows
        .map((flow) => places.get(placeOfFlow(flow)))
        .find((other) => other && other.cookie !== cookie && other.cookie !== SHARED_COOKIE);
    const taken = (all: { id: number }[], mine: { id: number }[], want: { id: number }[]) =>
        idsOf(want).find((id) => idsOf(all).includes(id) && !idsOf(mine).includes(id));
    const group = taken(tables.groups, own.groups, wanted.groups);
    const meter = taken(tables.meters, own.meters, wanted.meters);
    if (flow) throw flowIsForeign(subject, flow, row);
    if (group !== undefined || meter !== undefined) {
        const notes = declaredCookies(row)
            .filter((one) => one !== cookie)
            .map((one) => noteOf(row, one));
        const has = ({ groups, meters }: Note) =>
            group === undefined ? meters.includes(meter ?? NaN) : groups.includes(group);
        const whose = belonging(notes.find((one) => one && has(one))?.mark);
        throw new HostError(
            "conflict",
            subject,
            `${group === undefined ? `meter ${meter}` : `group ${group}`} is on the bridge already and is not one of these` +
                (whose === undefined ? "" : `; ${whose}`),
            "It is left alone. Choose another number, or remove the one that is there.",
        );
    }
}

/** @throws HostError refused where a flow of somebody else would go with what it uses (OpenFlow 1.5, 6.7 and 6.8) */
export function refuseInUse(
    subject: string,
    cookie: string,
    { groups, meters }: Pick<Own, "groups" | "meters">,
    tables: Tables,
): void {
    const gone = new Set([...groups.map(({ id }) => `group:${id}`), ...meters.map(({ id }) => `meter:${id}`)]);
    for (const flow of tables.flows.filter((flow) => flow.cookie !== cookie)) {
        const used = flow.actions.match(/\b(group|meter):\d+/g)?.find((use) => gone.has(use));
        if (used === undefined) continue;
        throw new HostError(
            "refused",
            subject,
            `the flow "${flowText(flow)}" with the cookie ${flow.cookie} uses ${used.replace(":", " ")}, and would go with it`,
            "Remove or change that flow first, in a run of its own; where both are Flows, let the one that uses it depend on the other, so that it goes first.",
        );
    }
}
