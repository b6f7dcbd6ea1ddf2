/** The table as policies of Pulumi's SDK: everything the engine can show of a rule is filled from it. */
import {
    type PolicyPackArgs,
    type ReportViolation,
    type ResourceValidationPolicy,
    type StackValidationPolicy,
    UnknownValueError,
} from "@pulumi/policy";
import { Accepted, EXEMPTION_CONFIG } from "./accepted";
import { plain } from "./inputs";
import { isOfPrograms } from "./nics/reader";
import type { StackTableRule } from "./stack-rule";
import { Readings } from "./readings";
import { isRemediable, remediated } from "./remediation";
import type { Finding, Parameter, RuleData, TableRule } from "./rule";
import { Undecided } from "./undecided";
import { unpackOnce } from "./unpacking";
import { EXEMPTION_UNUSED_RULE, EXEMPTION_VALID_RULE, UNDECIDED_RULE } from "./upkeep";

/** What the policies of one pack keep between their judgements. */
interface Memory {
    undecided: Undecided;
    accepted: Accepted;
    round: Round;
    readings: Readings;
}

/** @param stackRules rules across resources; the engine asks them once, at the end */
export function packOf(rules: readonly TableRule[], stackRules: readonly StackTableRule[] = []): PolicyPackArgs {
    unpackOnce();
    const ids = [...rules, ...stackRules].map(({ id }) => id);
    const memory = {
        undecided: new Undecided(),
        accepted: new Accepted(ids),
        round: new Round(),
        readings: new Readings(),
    };
    return {
        displayName: "kvmnet",
        description: "Rules for KVM guest networking that performs and is safe.",
        tags: ["kvm", "libvirt", "openvswitch", "networking"],
        policies: [
            // The first of all: the others ask what it read from its config.
            exemptionValidPolicy(memory),
            ...rules.filter(({ types }) => types.some(isOfPrograms)).map((rule) => policyOf(rule, memory)),
            ...stackRules.map((rule) => stackPolicyOf(rule, memory)),
            exemptionUnusedPolicy(memory),
            undecidedPolicy(memory),
        ],
    };
}

function policyOf(rule: TableRule, { undecided, accepted, readings }: Memory): ResourceValidationPolicy {
    const validate: ResourceValidationPolicy["validateResource"] = (args, report) => {
        if (!rule.types.includes(args.type)) args.notApplicable(`It judges ${rule.types.join(", ")} only.`);
        accepted.asked(rule.id);
        const findings = rule.judge(readings.of(rule.id, args), args.getConfig());
        const exempted: string[] = [];
        for (const finding of findings) {
            const reason = accepted.reasonFor(rule.id, args, finding);
            if (reason !== undefined) exempted.push(reason);
            else tell(report, ownerOf(args), finding);
        }
        undecided.note(args.urn, rule.id, findings.filter(({ kind }) => kind === "undecided").length);
        if (exempted.length > 0 && exempted.length === findings.length)
            args.notApplicable(`Exempted: ${[...new Set(exempted)].join(" ")}`);
    };
    // The SDK asks policies with this mark only about resources of that type; else it would unpack each resource for each rule.
    const [type, ...others] = rule.types.filter(isOfPrograms);
    return {
        ...shownOf(rule),
        validateResource: others.length === 0 ? Object.assign(validate, { __pulumiType: type }) : validate,
        ...(isRemediable(rule.id)
            ? {
                  remediateResource: (args) =>
                      remediated(rule, args, (finding) => accepted.reasonFor(rule.id, args, finding) !== undefined),
              }
            : {}),
    };
}

/** What a stack policy sees of a resource are its outputs, which an object that is not made yet does not all have. */
function stackPolicyOf(rule: StackTableRule, { undecided, accepted, round }: Memory): StackValidationPolicy {
    return {
        ...shownOf(rule),
        validateStack: (args, report) => {
            accepted.asked(rule.id);
            const resources = round.resources(rule.id, args.resources);
            const findings = rule.judgeStack(resources, args.getConfig());
            for (const { resource, ...finding } of findings) {
                if (accepted.reasonFor(rule.id, resource, finding) !== undefined) continue;
                tell(report, ownerOf(resource), finding, resource.urn);
                if (finding.kind === "undecided") undecided.note(resource.urn, rule.id, 1);
            }
        },
    };
}

type StackResources = Parameters<StackValidationPolicy["validateStack"]>[0]["resources"];

/** The resources of one end of a preview or update: the SDK unpacks them for each policy, and we read them for all at once. */
class Round {
    readonly #asked = new Set<string>();
    #resources: ReturnType<typeof readable>[] = [];

    /** A rule that asks again has come to the next round. */
    resources(rule: string, told: StackResources) {
        if (this.#asked.size === 0 || this.#asked.has(rule)) {
            this.#asked.clear();
            this.#resources = told.map(readable);
        }
        this.#asked.add(rule);
        return this.#resources;
    }
}

const readable = ({ type, name, urn, opts, props, provider }: StackResources[number]) => ({
    type,
    name,
    urn,
    opts,
    ...(provider ? { provider: provider.urn } : {}),
    props: plain(props, (error) => error instanceof UnknownValueError),
});

/** Everything of a rule that the engine shows. */
const shownOf = (rule: RuleData) => ({
    name: rule.id,
    displayName: rule.title,
    description: rule.why,
    severity: rule.severity,
    enforcementLevel: rule.level.default,
    tags: rule.tags,
    remediationSteps: rule.fix,
    url: rule.url,
    configSchema: {
        properties: Object.fromEntries(Object.entries(rule.parameters).map(([name, it]) => [name, schemaOf(it)])),
    },
});

/** Reads the config of exemptions, and judges the exemptions that a resource carries. */
const exemptionValidPolicy = ({ accepted }: Memory): ResourceValidationPolicy => ({
    ...shownOf(EXEMPTION_VALID_RULE),
    configSchema: EXEMPTION_CONFIG,
    validateResource: (args, report) => {
        for (const sentence of accepted.configure(args.getConfig())) report(sentence);
        for (const { found, set } of accepted.wrongOn(args)) report(`${ownerOf(args)} ${found}.\n${set}`);
    },
});

/** Lists what is exempted, and tells of exemptions that met nothing. */
const exemptionUnusedPolicy = ({ accepted }: Memory): StackValidationPolicy => ({
    ...shownOf(EXEMPTION_UNUSED_RULE),
    validateStack: (args, report) => {
        for (const { sentence, urn } of accepted.unused(args.resources)) report(sentence, urn);
        const summary = accepted.summary();
        if (summary) remark(report, summary);
    },
});

const undecidedPolicy = ({ undecided }: Memory): StackValidationPolicy => ({
    ...shownOf(UNDECIDED_RULE),
    validateStack: (_args, report) => {
        const summary = undecided.summary();
        if (summary) report(summary);
    },
});

const schemaOf = ({ describe, value, minimum, maximum, allowed }: Parameter) => ({
    type: "integer" as const,
    description: describe,
    default: value.default,
    minimum,
    maximum,
    ...(allowed && { enum: allowed }),
});

function tell(report: ReportViolation, owner: string, finding: Finding, urn?: string): void {
    const said = sentence(owner, finding);
    if (finding.kind === "violation" && !finding.fault.remark) report(said, urn);
    else remark(report, said, urn);
}

/**
 * Tells something whatever the rule's level, as that a rule could not decide. The SDK's own way, to throw
 * `UnknownValueError`, would say "during preview" also where an update cannot tell either, and end the judgement of the rest.
 */
function remark(report: ReportViolation, message: string, urn?: string): void {
    // The SDK takes an object that overrides the policy's level, which its type does not say (server.js, makeReportViolationFun).
    (report as unknown as (violation: object) => void)({ message, urn, enforcementLevel: "advisory" });
}

function sentence(resource: string, finding: Finding): string {
    const subject = finding.subject ? `${resource}, ${finding.subject}` : resource;
    if (finding.kind === "undecided") return `Could not decide: ${subject}: ${finding.because}.`;
    return `${subject}: ${finding.fault.found}.\n${finding.fault.set}`;
}

const ownerOf = ({ type, name }: { type: string; name: string }) => `${type.split(":").at(-1)} ${printable(name)}`;

/** Names come from programs; what would move a terminal's cursor or begin a line of its own is shown as `?`. */
const printable = (text: string) => text.replace(/[^\x20-\x7e\u00a0-\u024f]/g, "?").slice(0, 120);
