/** Takes accepted findings out of a report; an exemption that holds no more, or meets nothing, is a finding itself. */
import { createHash } from "node:crypto";
import { type Exemptible, type Exemption, Exemptions } from "../exemptions";
import type { RuleData } from "../rule";
import { EXEMPTION_UNUSED_RULE, EXEMPTION_VALID_RULE } from "../upkeep";
import type { LintFinding, PlacedResource } from "./finding";
import type { Report } from "./report";

export interface Accepting {
    /** Path of the exemptions file, for findings about it. */
    file?: string;
    listed: readonly Exemption[];
    /** Ids of rules that nobody may be exempted from; `*` is every one. */
    forbidden?: readonly string[];
    /** As `2026-11-24`. */
    today: string;
}

export function exempt(report: Report, { file = "", listed, forbidden = [], today }: Accepting): Report {
    const rules = new Set(report.rules.map(({ id }) => id));
    const exemptions = new Exemptions({ today, rules, forbidden, listed });
    const marks = new Map(report.marked.map((resource) => [resource.urn, resource.marks]));
    const exempted: Report["exempted"] = [];
    const left = report.findings.filter((finding) => {
        if (finding.kind === "undecided") return true;
        const names = namesOf(finding.subject, finding.position.file);
        const { urn } = finding;
        const accepted = exemptions.of(finding.rule, {
            names,
            ...(urn === undefined ? {} : { urn, marks: marks.get(urn) ?? [] }),
        });
        if (!accepted) return true;
        exempted.push({ finding, ...accepted });
        return false;
    });
    const carriers = new Map(report.marked.map((resource) => [exemptible(resource), resource]));
    const upkeep = [
        ...[...carriers].flatMap(([one, resource]) =>
            exemptions
                .wrongOn(one)
                .map(({ found, set }) =>
                    told(EXEMPTION_VALID_RULE, ownerOf(resource), resource.position, `It ${found}.`, set),
                ),
        ),
        ...exemptions
            .wrongListed()
            .map(({ exemption, found, set }) =>
                told(EXEMPTION_VALID_RULE, subjectOf(exemption), { file }, `It ${found}.`, set),
            ),
        ...exemptions
            .unused(carriers.keys(), (rule) => report.enabled.includes(rule))
            .map(({ exemption, resource }) =>
                told(
                    EXEMPTION_UNUSED_RULE,
                    subjectOf(exemption),
                    (resource && carriers.get(resource)?.position) ?? { file },
                    "It meets no finding.",
                    "Remove it.",
                ),
            ),
    ];
    return { ...report, findings: [...left, ...upkeep], exempted };
}

const subjectOf = ({ rule, resource }: Exemption) => `the exemption from ${rule} for ${resource}`;
const ownerOf = ({ type, name }: PlacedResource) => `${type.split(":").at(-1)} ${name}`;

const exemptible = (resource: PlacedResource): Exemptible => ({
    names: [ownerOf(resource), resource.name],
    ...(resource.urn === undefined ? {} : { urn: resource.urn }),
    ...(resource.marks === undefined ? {} : { marks: resource.marks }),
});

/** The subject as messages name it, its resource alone, that by name alone, and the file. */
function namesOf(subject: string, file: string): string[] {
    const [owner = ""] = subject.split(", ");
    return [subject, owner, owner.split(" ").slice(1).join(" "), file];
}

function told(
    rule: RuleData,
    subject: string,
    position: LintFinding["position"],
    message: string,
    fix: string,
): LintFinding {
    return {
        rule: rule.id,
        kind: "violation",
        level: rule.level.default === "mandatory" ? "mandatory" : "advisory",
        severity: rule.severity,
        subject: subject.replace(/[^\x20-\x7e\u00a0-\u024f]/g, "?"),
        message,
        fix,
        position,
        fingerprint: createHash("sha256")
            .update([rule.id, position.file, subject, message].join("\0"))
            .digest("hex")
            .slice(0, 32),
    };
}
