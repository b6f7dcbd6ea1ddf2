/** Takes accepted findings out of a report; an exemption that holds no more, or meets nothing, is a finding itself. */
import { type Exemptible, type Exemption, Exemptions } from "../exemptions";
import { EXEMPTION_UNUSED_RULE, EXEMPTION_VALID_RULE } from "../upkeep";
import type { PlacedResource } from "./finding";
import type { Report } from "./report";
import { upkeepFinding } from "./upkeep-finding";

export interface Accepting {
    /** Path of the exemptions file, for findings about it. */
    file?: string;
    listed: readonly Exemption[];
    /** Ids of rules that nobody may be exempted from; `*` is every one. */
    forbidden?: readonly string[];
    /** As `2026-11-24`. */
    today: string;
    /** Whether only some of what was accepted for is judged: an exemption of a file may be for what was not. */
    partial?: boolean;
}

export function exempt(
    report: Report,
    { file = "", listed, forbidden = [], today, partial = false }: Accepting,
): Report {
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
                    upkeepFinding(EXEMPTION_VALID_RULE, ownerOf(resource), resource.position, `It ${found}.`, set),
                ),
        ),
        ...exemptions
            .wrongListed()
            .map(({ exemption, found, set }) =>
                upkeepFinding(EXEMPTION_VALID_RULE, subjectOf(exemption), { file }, `It ${found}.`, set),
            ),
        ...exemptions
            .unused(carriers.keys(), (rule) => report.enabled.includes(rule))
            .filter(({ resource }) => resource !== undefined || !partial)
            .map(({ exemption, resource }) =>
                upkeepFinding(
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
