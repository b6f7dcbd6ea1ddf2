/** The table as policies of Pulumi's SDK: everything the engine can show of a rule is filled from it. */
import {
    type PolicyPackArgs,
    type ReportViolation,
    type ResourceValidationPolicy,
    type StackValidationPolicy,
    UnknownValueError,
} from "@pulumi/policy";
import { plain } from "./inputs";
import { DOMAIN_XML } from "./nics/reader";
import type { StackTableRule } from "./stack-rule";
import type { Finding, Parameter, RuleData, TableRule } from "./rule";
import { Undecided, UNDECIDED_RULE } from "./undecided";

/** @param stackRules rules across resources; the engine asks them once, at the end */
export function packOf(rules: readonly TableRule[], stackRules: readonly StackTableRule[] = []): PolicyPackArgs {
    const undecided = new Undecided();
    return {
        displayName: "kvmnet",
        description: "Rules for KVM guest networking that performs and is safe.",
        tags: ["kvm", "libvirt", "openvswitch", "networking"],
        policies: [
            ...rules.map((rule) => policyOf(rule, undecided)),
            ...stackRules.map((rule) => stackPolicyOf(rule, undecided)),
            undecidedPolicy(undecided),
        ],
    };
}

function policyOf(rule: TableRule, undecided: Undecided): ResourceValidationPolicy {
    const validate: ResourceValidationPolicy["validateResource"] = (args, report) => {
        if (!rule.types.includes(args.type)) args.notApplicable(`It judges ${rule.types.join(", ")} only.`);
        const props = plain(args.props, (error) => error instanceof UnknownValueError);
        const findings = rule.judge(props, args.getConfig());
        const subject = `${args.type.split(":").at(-1)} ${printable(args.name)}`;
        for (const finding of findings) {
            if (finding.kind === "violation" && !finding.fault.remark) report(sentence(subject, finding));
            else remark(report, sentence(subject, finding));
        }
        undecided.note(args.urn, rule.id, findings.filter(({ kind }) => kind === "undecided").length);
    };
    // The SDK asks policies with this mark only about resources of that type; else it would unpack each resource for each rule.
    const [type, ...others] = rule.types.filter((one) => one !== DOMAIN_XML);
    return {
        ...shownOf(rule),
        validateResource: others.length === 0 ? Object.assign(validate, { __pulumiType: type }) : validate,
    };
}

/** What a stack policy sees of a resource are its outputs, which an object that is not made yet does not all have. */
function stackPolicyOf(rule: StackTableRule, undecided: Undecided): StackValidationPolicy {
    return {
        ...shownOf(rule),
        validateStack: (args, report) => {
            const resources = args.resources.map(({ type, name, urn, props }) => ({
                type,
                name,
                urn,
                props: plain(props, (error) => error instanceof UnknownValueError),
            }));
            const findings = rule.judgeStack(resources, args.getConfig());
            for (const { resource, ...finding } of findings) {
                const said = sentence(`${resource.type.split(":").at(-1)} ${printable(resource.name)}`, finding);
                if (finding.kind === "violation" && !finding.fault.remark) report(said, resource.urn);
                else remark(report, said, resource.urn);
                if (finding.kind === "undecided") undecided.note(resource.urn, rule.id, 1);
            }
        },
    };
}

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

const undecidedPolicy = (undecided: Undecided): StackValidationPolicy => ({
    name: UNDECIDED_RULE.id,
    displayName: UNDECIDED_RULE.title,
    description: UNDECIDED_RULE.why,
    severity: UNDECIDED_RULE.severity,
    enforcementLevel: UNDECIDED_RULE.level.default,
    tags: UNDECIDED_RULE.tags,
    remediationSteps: UNDECIDED_RULE.fix,
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

/** Names come from programs; what would move a terminal's cursor or begin a line of its own is shown as `?`. */
const printable = (text: string) => text.replace(/[^\x20-\x7e\u00a0-\u024f]/g, "?").slice(0, 120);
