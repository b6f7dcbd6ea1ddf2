/** Exemptions: what somebody accepts, each with a reason and, if wanted, an end. The pack and the linter ask the same list. */
import picomatch from "picomatch";
import { z } from "zod";
import { exemptionOf } from "../schemas/exemption";
import { InputError, parsed } from "../schemas/problems";

/** One of a file or of the pack's config. What is wrong with reason and end is a finding, not an unreadable file. */
const Listed = z.strictObject({
    rule: z.string("rule is the id of a rule, such as nic-model-legacy").min(1, "rule is the id of a rule"),
    resource: z
        .string('resource is a pattern of what is exempted, such as "Domain router-*", or of URNs')
        .min(1, 'resource is a pattern, such as "Domain router-*"; "*" is every one'),
    reason: z.string("reason is text: why this is right here").trim().default(""),
    until: z.string("until is a date such as 2027-06-30").optional(),
});
export type Exemption = z.output<typeof Listed>;

const Listing = z.strictObject(
    { exemptions: z.array(Listed, "exemptions is a list") },
    { error: "an exemptions file has the one key exemptions, a list" },
);

/** A resource as exemptions see it. */
export interface Exemptible {
    urn?: string;
    /** `additionalSecretOutputs` of the resource, where its own exemptions stand. */
    marks?: readonly string[];
    /** What patterns are matched against: `Domain web`, `web`, a file's path. */
    names: readonly string[];
}

/** An exemption that exempts nothing, or nothing any more, and what to do. */
export interface Problem {
    exemption: Exemption;
    found: string;
    set: string;
}

/** The last day is one of the calendar. */
const isDay = (text: string) => /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text));
const LEAST_REASON = 10;

export interface Setting {
    /** As `2026-11-24`. */
    today: string;
    /** Ids of the rules that there are; an exemption of another one is a mistake. */
    rules: ReadonlySet<string>;
    /** Ids of rules that the administrator lets nobody be exempted from; `*` is every one. */
    forbidden: readonly string[];
    listed: readonly Exemption[];
}

export class Exemptions {
    readonly #used = new Set<string>();
    readonly #byRule = new Map<string, { exemption: Exemption; matches: (text: string) => boolean }[]>();

    constructor(readonly setting: Setting) {
        for (const exemption of setting.listed) {
            // Names hold slashes, dots and brackets (`web[0]`) of their own, so a star stands for any text.
            const matches = picomatch(exemption.resource, {
                bash: true,
                dot: true,
                nobracket: true,
                nonegate: true,
                noext: true,
            });
            this.#byRule.set(exemption.rule, [...(this.#byRule.get(exemption.rule) ?? []), { exemption, matches }]);
        }
    }

    /** What accepts a finding of a rule, and whether the resource carries it; it counts as used from then on. */
    of(rule: string, resource: Exemptible): { exemption: Exemption; inSource: boolean } | undefined {
        const own = ownOf(resource).find(({ exemption }) => exemption.rule === rule && !this.#fault(exemption));
        if (own) {
            this.#used.add(own.key);
            return { exemption: own.exemption, inSource: true };
        }
        const names = [resource.urn, ...resource.names].filter((name) => name !== undefined);
        const listed = this.#byRule
            .get(rule)
            ?.find(({ exemption, matches }) => names.some((name) => matches(name)) && !this.#fault(exemption));
        if (!listed) return undefined;
        this.#used.add(keyOf(listed.exemption));
        return { exemption: listed.exemption, inSource: false };
    }

    /** What is wrong with the exemptions that a resource carries itself. */
    wrongOn(resource: Exemptible): Problem[] {
        return ownOf(resource).flatMap(({ exemption }) => this.#fault(exemption) ?? []);
    }

    /** What is wrong with the listed ones. */
    wrongListed(): Problem[] {
        return this.setting.listed.flatMap((exemption) => this.#fault(exemption) ?? []);
    }

    /**
     * Exemptions that met no finding so far; once each, whoever carries them.
     *
     * @param asked whether a rule judged at all: one that is disabled finds nothing, and its exemptions wait
     */
    unused(
        resources: Iterable<Exemptible>,
        asked: (rule: string) => boolean,
    ): { exemption: Exemption; resource?: Exemptible }[] {
        const carried = new Map<string, { exemption: Exemption; resource: Exemptible }>();
        for (const resource of resources)
            for (const { key, exemption } of ownOf(resource))
                if (!carried.has(key)) carried.set(key, { exemption, resource });
        const idle = (key: string, exemption: Exemption) =>
            !this.#used.has(key) && asked(exemption.rule) && !this.#fault(exemption);
        return [
            ...[...carried].filter(([key, { exemption }]) => idle(key, exemption)).map(([, one]) => one),
            ...this.setting.listed
                .filter((exemption) => idle(keyOf(exemption), exemption))
                .map((exemption) => ({ exemption })),
        ];
    }

    #fault(exemption: Exemption): Problem | undefined {
        const { rule, reason, until } = exemption;
        const told = (found: string, set: string) => ({ exemption, found, set });
        const { rules, forbidden, today } = this.setting;
        if (!rules.has(rule))
            return told(
                `exempts from a rule that there is not: ${shown(rule)}`,
                "Name a rule of `kvmnet lint --list`.",
            );
        if (forbidden.includes(rule) || forbidden.includes("*"))
            return told(
                `exempts from ${rule}, which the administrator lets nobody be exempted from`,
                "Remove it, and put the finding right.",
            );
        if (reason.length < LEAST_REASON)
            return told(
                `exempts from ${rule} and gives no reason of ${LEAST_REASON} characters or more`,
                "Say why this is right here.",
            );
        if (until !== undefined && !isDay(until))
            return told(
                `exempts from ${rule} until ${shown(until)}, which is no date`,
                "Write the last day on which it holds as 2027-06-30.",
            );
        if (until !== undefined && until < today)
            return told(`exempts from ${rule} and ended on ${until}`, "Remove it, or give it a new end.");
        return undefined;
    }
}

/** Texts of people go into messages without what moves a cursor. */
const shown = (text: string) => JSON.stringify(text.replace(/[^\x20-\x7e\u00a0-\u024f]/g, "?").slice(0, 80));

const keyOf = ({ rule, resource, reason, until }: Exemption) => JSON.stringify([rule, resource, reason, until]);

/** The exemptions that a resource carries. All that one component handed to its children are one. */
function ownOf({ urn, marks = [], names }: Exemptible): { key: string; exemption: Exemption }[] {
    return marks.flatMap((text) => {
        const written = exemptionOf(text);
        if (!written) return [];
        const { rule, reason, until, owner } = written;
        const resource = owner ?? names[0] ?? urn ?? "";
        return {
            key: owner === undefined ? `${urn ?? names[0]} ${text}` : text,
            exemption: { rule, resource, reason, ...(until === undefined ? {} : { until }) },
        };
    });
}

/** @throws InputError with every problem of the file */
export function readExemptions(file: string, text: string): Exemption[] {
    // Loaded when it is needed: few stacks have such a file, and every pack would load it.
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- the list is asked for between two judgements
    const { parse } = require("yaml") as typeof import("yaml");
    let content: unknown;
    try {
        content = parse(text, { maxAliasCount: 0 });
    } catch (error) {
        throw new InputError(file, [{ path: [], message: `it is no YAML: ${(error as Error).message}` }]);
    }
    return parsed(Listing, content, file).exemptions;
}

/** The same list as it stands in a config. @throws InputError */
export const exemptionsIn = (where: string, list: unknown): Exemption[] =>
    parsed(Listing, { exemptions: list }, where).exemptions;

/** Today in the words of `until`. */
export const today = (): string => new Date().toISOString().slice(0, 10);
