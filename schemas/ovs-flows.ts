/** OpenFlow flows, groups and meters of one bridge, as text that `ovs-ofctl` takes (ovs-ofctl(8), ovs-fields(7), ovs-actions(7)). */
import { z } from "zod";
import { withCrossCheck, type Say } from "./named";
import { takesOperatorPath } from "./operator-path";
import { IfName } from "./units";

/** Tables of users: 0 to 9 are kept for what resources of ours put there; 254 is Open vSwitch's own, 255 means all. */
export const [FIRST_TABLE, LAST_TABLE] = [10, 253];
/** Meters of users; those above are of ports with a limit. */
const LAST_METER = 65535;
/** OpenFlow keeps the groups above for itself (OFPG_MAX). */
const LAST_GROUP = 0xffffff00;

/** A bundle is lines, and `#` begins a comment in it. */
const OneLine = z
    .string("it is one line of text, as ovs-ofctl takes it")
    .overwrite((text) => text.trim())
    .refine((text) => /^[^\p{Cc}\p{Cs}\u2028\u2029#]{1,8192}$/u.test(text), {
        error: "it is one line of 1 to 8192 characters without # and control characters; give one list entry each",
        abort: true,
    });

const Flow = OneLine.superRefine((text, context) => {
    const say = (message: string) => context.addIssue({ code: "custom", message });
    const at = text.search(/(^|[\s,])actions?=/);
    if (at < 0) return say("a flow needs actions, such as actions=drop or actions=output:tap-web0, at its end");
    const head = text.slice(0, at);
    if (/(^|[\s,])cookie=/.test(head))
        return say("leave cookie out of the flow: the property cookie is the cookie of all its flows");
    if (/(^|[\s,])out_(port|group)=/.test(head))
        return say("out_port and out_group choose flows to show; leave them out");
    // Open vSwitch takes the last of several, and other signs after a key (ofputil_parse_key_value in lib/ofp-parse.c).
    const tables = [...head.matchAll(/(?:^|[\s,])table[=:(]([^\s,)]*)/g)].map(([, table = ""]) => table);
    if (tables.length !== 1)
        return say(
            `a flow names one table, such as table=${FIRST_TABLE}; without it, it would stand in table 0, which is kvmnet's`,
        );
    if (!isUserTable(tables[0])) return say(TABLES);
    if (learnsElsewhere(text)) return say(LEARNT);
});

const TABLES =
    `the tables of flows are ${FIRST_TABLE} to ${LAST_TABLE}, as a number: those before ${FIRST_TABLE} are kvmnet's, 254 is Open vSwitch's own, ` +
    `and table 0 hands on to table ${FIRST_TABLE}`;

/** @param table as it is written, in decimal */
export const isUserTable = (table = ""): boolean =>
    /^\d{1,3}$/.test(table) && Number(table) >= FIRST_TABLE && Number(table) <= LAST_TABLE;

const LEARNT = `a learn action names the table it adds to; ${TABLES}`;

/** Whether a learn action adds to a table that is no user's, or names none. */
export const learnsElsewhere = (text: string): boolean =>
    [...text.matchAll(/\blearn\(([^)]*)/g)].some(([, body = ""]) => {
        const tables = [...body.matchAll(/\btable[=:(](\w*)/g)].map(([, table]) => table);
        return tables.length === 0 || !tables.every(isUserTable);
    });

const Group = OneLine.refine((text) => within(numberOf("group_id", text), LAST_GROUP, 0), {
    error: `a group begins with its number, such as group_id=7,type=select,bucket=output:1; it is at most ${LAST_GROUP}`,
    abort: true,
})
    .refine((text) => /[\s,]type=(all|select|indirect|ff|fast_failover)\b/.test(text), {
        error: "a group has a type: all, select, indirect or ff",
    })
    .refine((text) => !learnsElsewhere(text), { error: LEARNT });

const Meter = OneLine.refine((text) => within(numberOf("meter", text), LAST_METER), {
    error: `a meter begins with its number, such as meter=5,kbps,bands=type=drop,rate=10000; it is 1 to ${LAST_METER}: those above are of ports with a limit`,
    abort: true,
})
    .refine((text) => /[\s,](kbps|pktps)\b/.test(text), { error: "a meter counts kbps or pktps; write one of them" })
    .refine((text) => /bands?=[\s,]*type=drop\b/.test(text), {
        error: "a meter has a band that drops, such as bands=type=drop,rate=10000",
    })
    .refine((text) => !/[\s,]burst\b/.test(text) || /burst_size=\d/.test(text), {
        error: "burst needs burst_size, in the meter's unit, in each band",
    })
    .refine((text) => (text.match(/\bbands?=/g) ?? []).length <= 1, {
        error: "a meter names its bands once, one after the other: bands=type=drop,rate=10000,type=drop,rate=20000",
    });

/** The decimal number that a text begins with under this name. */
const numberOf = (name: "group_id" | "meter", text: string): number =>
    Number(new RegExp(`^${name}=(\\d{1,10})(?=[\\s,])`).exec(text)?.[1] ?? NaN);

const within = (number: number, most: number, least = 1) => number >= least && number <= most;

const COOKIE_HELP =
    'a cookie is a 64-bit number in hexadecimal as text, such as "0x2a", not 0 (which every flow without one has) and not all ones';

/** A cookie as `ovs-ofctl` prints it: `0x2a`. */
export const Cookie = z
    .string(COOKIE_HELP)
    .refine((text) => /^0x[0-9a-f]{1,16}$/i.test(text) && isOwn(BigInt(text)), { error: COOKIE_HELP })
    .overwrite((text) => (/^0x[0-9a-f]{1,16}$/i.test(text) ? `0x${BigInt(text).toString(16)}` : text));

/** 0x6b6e000000000000 is of the flows that hand on between our tables. */
const isOwn = (cookie: bigint) => cookie !== 0n && cookie !== (1n << 64n) - 1n && cookie !== 0x6b6en << 48n;

const FlowsFields = z.strictObject({
    bridge: IfName.describe("Bridge whose flows they are; a change replaces them."),
    cookie: Cookie.optional().describe(
        "Cookie of all these flows, which tells them from those of others, in hexadecimal; absent derives one from " +
            "project, stack, host and bridge. A second Flows of a bridge needs one of its own. A change replaces the flows, and the former ones go first.",
    ),
    flows: z
        .array(Flow, "flows is a list of texts such as table=10,priority=100,arp,actions=NORMAL")
        .default([])
        .describe(
            `Flows, one text each, as \`ovs-ofctl add-flow\` takes them: \`table=10,priority=100,in_port=tap-web0,arp,actions=NORMAL\`. ` +
                `Each names its table, ${FIRST_TABLE} to ${LAST_TABLE}; ports may be called by name. The order of the list means nothing. ` +
                "Changes live, in one bundle: a packet meets the old flows or the new ones.",
        ),
    groups: z
        .array(Group, "groups is a list of texts such as group_id=7,type=select,bucket=output:1,bucket=output:2")
        .default([])
        .describe(
            "Groups, one text each, as `ovs-ofctl add-group` takes them: `group_id=7,type=select,bucket=output:1,bucket=output:2`. " +
                "Changes live, in one bundle with the flows.",
        ),
    meters: z
        .array(Meter, "meters is a list of texts such as meter=5,kbps,bands=type=drop,rate=10000")
        .default([])
        .describe(
            "Meters, one text each, as `ovs-ofctl add-meter` takes them: `meter=5,kbps,burst,bands=type=drop,rate=10000,burst_size=8000`, " +
                `numbers 1 to ${LAST_METER}. A bundle takes no meters: those that are wanted are made before it, the others go after it. Changes live.`,
        ),
    takesOperatorPath: takesOperatorPath(
        "may end an SSH connection to the host that runs through its switches, whose packets no longer come out where they did",
    ),
});

/** Flows, groups and meters of one bridge that belong together. */
export const OvsFlows = withCrossCheck(FlowsFields, ({ flows, groups, meters }, say) => {
    twice(
        flows,
        (text) => text,
        (text) => `the flow ${text}`,
        "flows",
        say,
    );
    twice(
        groups,
        (text) => numberOf("group_id", text),
        (id) => `group ${id}`,
        "groups",
        say,
    );
    twice(
        meters,
        (text) => numberOf("meter", text),
        (id) => `meter ${id}`,
        "meters",
        say,
    );
});
export type OvsFlows = z.output<typeof OvsFlows>;

function twice<Key>(
    list: unknown,
    key: (text: string) => Key,
    called: (key: Key) => string,
    property: string,
    say: Say,
): void {
    const seen = new Set<Key>();
    for (const [index, text] of (Array.isArray(list) ? list : []).entries()) {
        if (typeof text !== "string") continue;
        const own = key(text);
        if (seen.has(own) && !Number.isNaN(own)) say([property, index], `${called(own)} is there twice; remove one`);
        seen.add(own);
    }
}
