/** What a bridge's flow tables hold, and what a user's texts are in the switch's words. */
import { FIRST_TABLE, isUserTable, LAST_TABLE, learnsElsewhere, type OvsFlows } from "../../schemas/ovs-flows";
import type { Host } from "../host";
import { HostError } from "../host/errors";
import {
    flowText,
    groupText,
    meterText,
    parseFlows,
    parseGroups,
    parseMeters,
    parsePorts,
    placeOfFlow,
    withPortNumbers,
    type Flow,
    type Group,
    type Meter,
} from "../host/flow-text";

/** All that a bridge has, whoever made it. */
export interface Tables {
    flows: Flow[];
    groups: Group[];
    meters: Meter[];
    ports: ReadonlyMap<string, string>;
}

/** Those of them that belong together. */
export type Own = Pick<Tables, "flows" | "groups" | "meters">;

/** Numbers of groups or meters. */
export const idsOf = (things: { id: number }[]) => things.map(({ id }) => id).sort((a, b) => a - b);

/** As declared where the switch has just that; in the switch's words where it has something else. */
export async function described(
    host: Host,
    bridge: string,
    known: OvsFlows | undefined,
    { flows, groups, meters }: Own,
    ports: Tables["ports"],
): Promise<Pick<OvsFlows, "flows" | "groups" | "meters">> {
    // State leaves out what is empty.
    const {
        flows: knownFlows = [],
        groups: knownGroups = [],
        meters: knownMeters = [],
    }: Partial<OvsFlows> = known ?? {};
    const texts = knownFlows.map((text) => withPortNumbers(text, ports));
    const spelledFlows = await host.spelling.spelled(bridge, texts);
    const spelledGroups = await Promise.all(
        knownGroups.map((text) => host.spelling.spelledGroup(bridge, withPortNumbers(text, ports))),
    );
    return {
        flows: told(
            knownFlows,
            spelledFlows.map((flow) => flow && flowText(flow)),
            flows.map(flowText),
        ),
        groups: told(
            knownGroups,
            spelledGroups.map((group) => group && groupText(group)),
            groups.map(groupText),
        ),
        meters: told(knownMeters, knownMeters.flatMap(parseMeters).map(meterText), meters.map(meterText)),
    };
}

function told(declared: string[], spelled: (string | undefined)[], there: string[]): string[] {
    const found = new Set(there);
    const said = new Set(spelled);
    return [
        ...declared.filter((_, index) => found.has(spelled[index] ?? "")),
        ...there.filter((text) => !said.has(text)),
    ];
}

/** One run of each program serves all who look at the same moment. */
export async function look(host: Host, bridge: string): Promise<Tables> {
    const dump = <Value>(command: string, parse: (text: string) => Value) =>
        host.read(host.openflow.reading(command, bridge), parse);
    const [flows, groups, meters, ports] = await Promise.all([
        dump("dump-flows", parseFlows),
        dump("dump-groups", parseGroups),
        dump("dump-meters", parseMeters),
        dump("dump-ports-desc", parsePorts),
    ]);
    return { flows, groups, meters, ports };
}

/** What is wanted, as the switch will print it. @throws HostError invalid */
export async function spelled(host: Host, subject: string, want: OvsFlows, ports: Tables["ports"]): Promise<Own> {
    const texts = want.flows.map((text) => withPortNumbers(text, ports));
    const flows = await host.spelling.judged(subject, want.bridge, texts);
    const places = new Map<string, string>();
    for (const [index, flow] of flows.entries()) {
        const text = want.flows[index] ?? "";
        keepToUserTables(subject, text, flow);
        refuseOwnCookie(subject, text, flow, want.cookie);
        const other = places.get(placeOfFlow(flow));
        if (other)
            throw new HostError(
                "invalid",
                subject,
                `the flows "${other}" and "${text}" have one place: the same table, priority and match`,
                "Remove one, or give it another priority.",
            );
        places.set(placeOfFlow(flow), text);
    }
    const groups = await Promise.all(
        want.groups.map((text) => host.spelling.judgedGroup(subject, want.bridge, withPortNumbers(text, ports))),
    );
    for (const [index, { buckets }] of groups.entries())
        if (buckets.some(({ actions }) => learnsElsewhere(actions)))
            throw learnt(subject, `the group "${want.groups[index]}"`);
    return { flows, groups, meters: want.meters.flatMap(parseMeters) };
}

/** A text has more ways to name a table than can be told from it, so what the switch reads is judged. @throws HostError invalid */
function keepToUserTables(subject: string, text: string, { table, actions }: Flow): void {
    if (!isUserTable(String(table)))
        throw new HostError(
            "invalid",
            subject,
            `the flow "${text}" would stand in table ${table}`,
            `Name its table once, ${FIRST_TABLE} to ${LAST_TABLE}: the others are kvmnet's and Open vSwitch's own.`,
        );
    if (learnsElsewhere(actions)) throw learnt(subject, `the flow "${text}"`);
}

/** What is learnt with the cookie of these flows would be told as a change of them for ever. @throws HostError invalid */
function refuseOwnCookie(subject: string, text: string, { actions }: Flow, cookie: string | undefined): void {
    const learnt = [...actions.matchAll(/\blearn\([^)]*\bcookie=(0x[\da-f]+)/g)].map(([, own = ""]) => own);
    if (cookie !== undefined && learnt.includes(cookie))
        throw new HostError(
            "invalid",
            subject,
            `the flow "${text}" would learn flows with ${cookie}, the cookie of what is declared here`,
            "Give what it learns another cookie.",
        );
}

const learnt = (subject: string, what: string) =>
    new HostError(
        "invalid",
        subject,
        `${what} would learn flows to a table that is kvmnet's or Open vSwitch's own`,
        `Name the table in each learn action once, ${FIRST_TABLE} to ${LAST_TABLE}.`,
    );
