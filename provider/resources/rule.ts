/** A rule of policy routing. */
import { Rule, protocolNumber } from "../../schemas/rule";
import { tableNumber } from "../../schemas/routing-table";
import type { Host } from "../host";
import { managerCautions } from "../host/managers";
import { OUR_PROTOCOL } from "../host/route-protocol";
import type { RuleSeen } from "../host/lookup";
import { readRules } from "../host/rules";
import { ipOf, type Step } from "../plan";
import type { Found, HostResource } from "../resource";
import { defined } from "../check";
import { forget } from "./former-values";
import { keepLookup, lookupCautions } from "./lookup-guard";
import { permissionOf } from "./operator-guard";
import { markOf, noteMark } from "./routing-marks";

interface Here extends Found<Rule> {
    protocol: number;
}

export const rule: HostResource<Rule, Here> = {
    type: "kvmnet:host:Rule",
    title: "rule",
    description:
        `A rule of policy routing: which table is asked for which packets. It carries the protocol number ${OUR_PROTOCOL}, ` +
        "kvmnet's own, and has its priority to itself: a rule that somebody else made at that priority is left alone. A " +
        "change adds the new rule before the old one goes, but where the kernel takes both for the same: there the old one " +
        "goes first.",
    schema: Rule,
    cost: {
        priority: "replace",
        family: "replace",
        not: "update",
        from: "update",
        to: "update",
        iif: "update",
        oif: "update",
        fwmark: "update",
        tos: "update",
        ipproto: "update",
        sport: "update",
        dport: "update",
        uidRange: "update",
        table: "update",
        goto: "update",
        action: "update",
        suppressPrefixLength: "update",
        takesOperatorPath: "update",
    },
    presets: { takesOperatorPath: false },
    choice: "another priority",
    idForm: '"FAMILY priority PRIORITY"',
    idNote: 'as `"ipv4 priority 1000"`',
    idOf,
    checkId: (id) =>
        parsedId(id) ? undefined : "A rule is named by its family and priority, such as ipv4 priority 1000",

    async find(host, id, own) {
        const asked = parsedId(id);
        if (!asked) return undefined;
        const there = (await readRules(host, asked.family)).filter(({ priority }) => priority === asked.priority);
        const ours = there.filter(({ protocol }) => protocol === OUR_PROTOCOL);
        // An update that was cut off between its two steps left the old one beside the new one: the new one was added last.
        const seen = ours.at(-1) ?? there[0];
        if (!seen) return undefined;
        return {
            state: { ...stateOf(seen, asked.family), ...permissionOf(own.known) },
            mark: await markOf(host, keyOf(id), seen.protocol, own),
            conflict: conflictOf(seen, ours.length === 0 && there.length > 1),
            protocol: seen.protocol,
        };
    },

    async create(host, want, mark) {
        const { family } = want;
        const keeps = await keepLookup(host, subjectOf(want), want, { family, rule: { comes: seenOf(want) } });
        return [
            await noteMark(host, keyOf(idOf(want)), mark),
            { ...change(`adds the rule ${idOf(want)}`, "add", want, OUR_PROTOCOL), ...keeps },
        ];
    },

    async update(host, { state, protocol }, want, mark) {
        const [goes, comes] = [seenOf(state, protocol), seenOf(want)];
        const keeps = await keepLookup(host, subjectOf(want), want, { family: want.family, rule: { goes, comes } });
        const id = idOf(want);
        const added = { ...change(`adds the rule ${id} as it is wanted`, "add", want, OUR_PROTOCOL), ...keeps };
        const removed = change(`removes the rule ${id} as it was`, "delete", state, protocol);
        const isThere = protocol === OUR_PROTOCOL && textOf(state) === textOf(want);
        const steps = isThere ? [] : isTakenFor(want, state) ? [removed, added] : [added, removed];
        return [await noteMark(host, keyOf(id), mark), ...(await leftovers(host, state)), ...steps];
    },

    async delete(host, { state, protocol }) {
        const id = idOf(state);
        const rule = { goes: seenOf(state, protocol) };
        const keeps = await keepLookup(host, subjectOf(state), state, { family: state.family, rule });
        return [
            ...(await leftovers(host, state)),
            { ...change(`removes the rule ${id}`, "delete", state, protocol), ...keeps },
            forget(keyOf(id)),
        ];
    },

    claims: (want) => [`rule ${idOf(want)}`],
    newOf: (was, want) => (textOf(was) === textOf(want) ? undefined : want),
    async cautions(host, want) {
        const said = await Promise.all([
            managerCautions(host, [want.iif, want.oif], "this rule"),
            lookupCautions(host, subjectOf(want), want, { family: want.family, rule: { comes: seenOf(want) } }),
        ]);
        return said.flat();
    },
};

function idOf({ family, priority }: Pick<Rule, "family" | "priority">): string {
    return `${family} priority ${priority}`;
}

const keyOf = (id: string) => `rule ${id}`;

function parsedId(id: string): Pick<Rule, "family" | "priority"> | undefined {
    const [, family, priority] = /^(ipv4|ipv6) priority (0|[1-9]\d{0,9})$/.exec(id) ?? [];
    if (family === undefined || !Rule.shape.priority.safeParse(Number(priority)).success) return undefined;
    return { family: family as Rule["family"], priority: Number(priority) };
}

function conflictOf({ more, table, goto, action }: RuleSeen, several: boolean): string | undefined {
    if (several) return "stands at a priority that several rules share";
    if (more.length > 0) return `has what this resource cannot tell (${more.join(", ")})`;
    return (table ?? goto ?? action) === undefined ? "does what this resource cannot tell" : undefined;
}

function stateOf({ protocol: _, more: __, ...seen }: RuleSeen, family: Rule["family"]): Rule {
    return defined({ ...seen, family }) as unknown as Rule;
}

const subjectOf = (want: Rule) => `rule ${idOf(want)}`;

/** A rule as it would be read. */
const seenOf = (rule: Rule, protocol: number = OUR_PROTOCOL): RuleSeen => ({ ...rule, protocol, more: [] });

/** Rules of ours at that priority beside the one that was found: what a killed update left. */
async function leftovers(host: Host, found: Rule): Promise<Step[]> {
    const there = (await readRules(host, found.family)).filter(
        ({ priority, protocol }) => priority === found.priority && protocol === OUR_PROTOCOL,
    );
    return there
        .map((one) => stateOf(one, found.family))
        .filter((one) => textOf(one) !== textOf(found))
        .map((one) => change(`removes what is left of the rule ${idOf(one)}`, "delete", one, OUR_PROTOCOL));
}

const textOf = (rule: Rule): string => wordsOf("add", rule, 0).join(" ");

/**
 * Whether the kernel would refuse a rule beside another as one that exists: it looks neither at `not` nor at where goto
 * leads, and from, to and tos that are absent count as the other's (rule_exists in net/core/fib_rules.c).
 */
function isTakenFor(want: Rule, other: Rule): boolean {
    const { from = other.from, to = other.to, tos = other.tos } = want;
    const compared = (rule: Rule) => textOf({ ...rule, not: false, goto: rule.goto && 0 });
    return compared({ ...want, from, to, tos }) === compared(other);
}

/** `ip -batch` takes a line for IPv6 without a network as one for IPv4 (iproute2 6.1), so each family has batches of its own. */
function change(what: string, verb: "add" | "delete", rule: Rule, protocol: number): Step {
    const back = verb === "add" ? "delete" : "add";
    return ipOf(rule.family, what, [wordsOf(verb, rule, protocol)], [wordsOf(back, rule, protocol)]);
}

function wordsOf(verb: "add" | "delete", rule: Rule, protocol: number): string[] {
    const { priority, from, to, iif, oif, fwmark, tos, ipproto, sport, dport, uidRange, table, goto } = rule;
    const told = (word: string, value: string | number | undefined) =>
        value === undefined ? [] : [word, String(value)];
    return [
        ...["rule", verb, "priority", String(priority)],
        ...(rule.not ? ["not"] : []),
        ...told("from", from),
        ...told("to", to),
        ...told("iif", iif),
        ...told("oif", oif),
        // Without a mask the mark 0 is any.
        ...told("fwmark", fwmark && (fwmark.includes("/") ? fwmark : `${fwmark}/0xffffffff`)),
        ...told("tos", tos && `0x${tos.toString(16)}`),
        ...told("ipproto", ipproto && protocolNumber(ipproto)),
        ...told("sport", sport),
        ...told("dport", dport),
        ...told("uidrange", uidRange && (uidRange.includes("-") ? uidRange : `${uidRange}-${uidRange}`)),
        ...told("table", table && tableNumber(table)),
        ...told("suppress_prefixlength", rule.suppressPrefixLength),
        ...["protocol", String(protocol)],
        ...told("goto", goto),
        ...(rule.action ? [rule.action] : []),
    ];
}
