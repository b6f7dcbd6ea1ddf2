/** Judges resources by the table, as the pack does, for those who have no engine. */
import { createHash } from "node:crypto";
import type { StackTableRule } from "../stack-rule";
import type { ProfileConfig } from "../profiles";
import type { Finding, RuleData, TableRule } from "../rule";
import type { LintFinding, PlacedResource } from "./finding";

/** What is judged by. */
export interface Tables {
    rules: readonly TableRule[];
    stackRules: readonly StackTableRule[];
}

/** @param config levels and thresholds of a profile, or a user's own */
export function judge(
    { rules, stackRules }: Tables,
    resources: readonly PlacedResource[],
    config: ProfileConfig,
): LintFinding[] {
    const enabled = ({ id }: RuleData) => config[id]?.enforcementLevel !== "disabled";
    const across = stackRules
        .filter(enabled)
        .flatMap((rule) =>
            rule
                .judgeStack(resources, thresholdsOf(config, rule.id))
                .map(({ resource, ...finding }) => told(rule, resource, finding, config)),
        );
    // What is the same for every resource of a type is made once: there may be thousands.
    const asked = new Map<string, { rule: TableRule; thresholds: Record<string, number> }[]>();
    const askedAbout = (type: string) => {
        const before = asked.get(type);
        if (before) return before;
        const found = rules
            .filter((rule) => rule.types.includes(type) && enabled(rule))
            .map((rule) => ({ rule, thresholds: thresholdsOf(config, rule.id) }));
        asked.set(type, found);
        return found;
    };
    const single: LintFinding[] = [];
    for (const resource of resources)
        for (const { rule, thresholds } of askedAbout(resource.type))
            for (const finding of rule.judge(resource.props, thresholds))
                single.push(told(rule, resource, finding, config));
    return single.concat(across);
}

function told(rule: RuleData, resource: PlacedResource, finding: Finding, config: ProfileConfig): LintFinding {
    const owner = `${resource.type.split(":").at(-1)} ${printable(resource.name)}`;
    const subject = finding.subject ? `${owner}, ${finding.subject}` : owner;
    const position = {
        ...resource.position,
        ...(finding.at ? { line: finding.at.line, column: finding.at.column } : {}),
    };
    const { urn } = resource;
    const common = { rule: rule.id, severity: rule.severity, subject, position, ...(urn === undefined ? {} : { urn }) };
    const fingerprint = createHash("sha256")
        .update([rule.id, position.file, subject, finding.kind].join("\0"))
        .digest("hex")
        .slice(0, 32);
    if (finding.kind === "undecided")
        return {
            ...common,
            kind: "undecided",
            level: "advisory",
            message: `Could not decide: ${finding.because}.`,
            fingerprint,
        };
    return {
        ...common,
        kind: "violation",
        level: finding.fault.remark ? "advisory" : levelOf(config, rule.id),
        ...(finding.fault.remark ? { remark: true } : {}),
        message: `${capital(finding.fault.found)}.`,
        fix: finding.fault.set,
        fingerprint,
    };
}

/** A rule that a config does not name is advisory: it is new, or the config is a user's own. */
function levelOf(config: ProfileConfig, id: string): LintFinding["level"] {
    return (config[id]?.enforcementLevel ?? "advisory") as LintFinding["level"];
}

const thresholdsOf = (config: ProfileConfig, id: string): Record<string, number> =>
    Object.fromEntries(
        Object.entries(config[id] ?? {}).filter((entry): entry is [string, number] => typeof entry[1] === "number"),
    );

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
const printable = (text: string) => text.replace(/[^\x20-\x7e\u00a0-\u024f]/g, "?").slice(0, 120);
