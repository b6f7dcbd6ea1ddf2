/** Rules about judging itself: what was left open, and what was accepted. They judge no resource of their own. */
import type { RuleData } from "./rule";

const PAGE = "https://www.pulumi.com/docs/insights/policy/policy-packs/";

/** Shown once at the end of a preview or update that got that far. Users who want no open question make it mandatory. */
export const UNDECIDED_RULE: RuleData = {
    id: "undecided",
    title: "Every rule could decide.",
    severity: "low",
    level: { default: "advisory" },
    why: "A value that is not known yet, or that stands in something that cannot be read, leaves a rule open: it has neither passed nor failed.",
    fix: "Give the value in the program instead of computing it from another resource, or judge again once that resource is there.",
    sources: ["the rule's own judgement"],
    url: PAGE,
    tags: ["undecided"],
    parameters: {},
};

export const EXEMPTION_VALID_RULE: RuleData = {
    id: "exemption-valid",
    title: "An exemption has a reason, a rule that there is, and has not ended.",
    severity: "medium",
    level: { default: "mandatory" },
    why: "An exemption without a reason is a hole that nobody can judge later, and one past its end is a promise that was not kept: neither exempts anything.",
    fix: "Give the reason, a new end, or remove it.",
    sources: ["the exemptions in the program, in a file or in the pack's config"],
    url: PAGE,
    tags: ["exemption"],
    parameters: {},
};

export const EXEMPTION_UNUSED_RULE: RuleData = {
    id: "exemption-unused",
    title: "An exemption meets a finding, and is told.",
    severity: "low",
    level: { default: "advisory" },
    why: "What was put right needs no exemption any more; left behind, it would cover the next mistake. Those in use are listed with their reasons, so that a pass is not more than it is.",
    fix: "Remove an exemption that meets nothing.",
    sources: ["the exemptions in the program, in a file or in the pack's config"],
    url: PAGE,
    tags: ["exemption"],
    parameters: {},
};

export const BASELINE_STALE_RULE: RuleData = {
    id: "baseline-stale",
    title: "A baseline lists what is there.",
    severity: "medium",
    level: { default: "mandatory" },
    why: "What was put right and stays in the baseline would cover the same mistake when somebody makes it again.",
    fix: "Write the baseline anew (`--write-baseline`).",
    sources: ["the baseline, and what was found this time"],
    url: PAGE,
    tags: ["baseline"],
    parameters: {},
};

/** In the order in which profiles and pages list them, after all others. */
export const upkeepRules: readonly RuleData[] = [EXEMPTION_VALID_RULE, EXEMPTION_UNUSED_RULE, UNDECIDED_RULE];

/** Those, and what the linter alone tells: the pack has no baseline, so no profile sets a level for it. */
export const everyUpkeepRule: readonly RuleData[] = [...upkeepRules, BASELINE_STALE_RULE];
