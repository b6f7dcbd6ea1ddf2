/** The reference page of each rule, made from the table: in `docs/rules/`, and what `kvmnet explain RULE` prints. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Resource } from "./inputs";
import { type PerProfile, type Profile, PROFILES, type Proof, type RuleData } from "./rule";
import { everyRule, rules, stackRules } from "./table";
import { everyUpkeepRule } from "./upkeep";

/** What stands in a rule's file. */
export function rulePage(rule: RuleData): string {
    const { id, title, why, fix, severity, sources, url, tags, parameters, level, proof } = rule;
    const thresholds = Object.entries(parameters).map(
        ([name, { describe, value, minimum, maximum, allowed }]) =>
            `| \`${name}\` | ${describe} | ${allowed ? allowed.join(", ") : `${minimum} to ${maximum}`} | ${perProfile(value)} |`,
    );
    return [
        `# ${id}`,
        "",
        title,
        "",
        `- Severity: ${severity}`,
        `- Level: ${perProfile(level)}`,
        `- Tags: ${tags.join(", ")}`,
        "",
        "## Why",
        "",
        why,
        "",
        ...sources.map((source) => `- ${source}`),
        "",
        ...(proof ? ["## Proof", "", proofText(proof), ""] : []),
        "## Fix",
        "",
        `${fix} Read on: <${url}>`,
        "",
        ...(thresholds.length > 0
            ? ["## Thresholds", "", "| name | what | values | set to |", "| --- | --- | --- | --- |", ...thresholds, ""]
            : []),
        ...examplesOf(rule),
    ].join("\n");
}

const proofText = (proof: Proof): string =>
    "shows" in proof
        ? `\`${proof.file}\` makes it, and sees: "${proof.shows}".`
        : `It is not shown by a specification of ours. ${proof.notShown}`;

function examplesOf({ id }: RuleData): string[] {
    const examples =
        rules.find((rule) => rule.id === id)?.examples ?? stackRules.find((rule) => rule.id === id)?.examples;
    if (!examples) return [];
    const block = (title: string, example: Resource | Resource[] | undefined) =>
        example ? [`## ${title}`, "", "```yaml", ...[example].flat().flatMap(shown), "```", ""] : [];
    return [...block("Refused", examples.bad[0]), ...block("Passes", examples.good[0])];
}

/** A resource as a Pulumi YAML program has it. */
function shown({ type, name, props }: Resource): string[] {
    return [`${name}:`, `    type: ${type}`, "    properties:", ...lines(props, 8)];
}

function lines(value: unknown, depth: number): string[] {
    const pad = " ".repeat(depth);
    if (typeof value !== "object" || value === null) return [`${pad}${JSON.stringify(value)}`];
    return Object.entries(value).flatMap(([key, inner]: [string, unknown]) => {
        const head = Array.isArray(value) ? `${pad}-` : `${pad}${key}:`;
        if (typeof inner === "string" && inner.includes("\n"))
            return [`${head} |-`, ...inner.split("\n").map((line) => `${" ".repeat(depth + 4)}${line}`)];
        if (typeof inner !== "object" || inner === null) return [`${head} ${JSON.stringify(inner)}`];
        if (Object.keys(inner).length === 0) return [`${head} ${Array.isArray(inner) ? "[]" : "{}"}`];
        return [head, ...lines(inner, depth + 4)];
    });
}

/** `advisory; mandatory in throughput`. */
function perProfile<Value extends string | number>(values: PerProfile<Value>): string {
    const others = PROFILES.filter(
        (profile): profile is Profile => profile !== "default" && values[profile] !== undefined,
    ).map((profile) => `${values[profile]} in ${profile}`);
    return [String(values.default), ...others].join("; ");
}

/** The list of all rules. */
export const rulesIndex = (): string =>
    [
        "# Rules",
        "",
        "Each stands in the policy pack, in `kvmnet lint` and in `kvmnet explain RULE` under the same name.",
        "",
        "| rule | severity | level | what holds |",
        "| --- | --- | --- | --- |",
        ...[...everyRule, ...everyUpkeepRule].map(
            ({ id, severity, level, title }) => `| [${id}](${id}.md) | ${severity} | ${perProfile(level)} | ${title} |`,
        ),
        "",
    ].join("\n");

/** Writes every page anew. @param folder `docs/rules` of the checkout */
export function writePages(folder: string): void {
    mkdirSync(folder, { recursive: true });
    for (const file of readdirSync(folder)) rmSync(join(folder, file));
    writeFileSync(join(folder, "README.md"), rulesIndex());
    for (const rule of [...everyRule, ...everyUpkeepRule]) writeFileSync(join(folder, `${rule.id}.md`), rulePage(rule));
}
