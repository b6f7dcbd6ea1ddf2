/** A finding about what was accepted: an exemption or a baseline. */
import { createHash } from "node:crypto";
import type { RuleData } from "../rule";
import type { LintFinding } from "./finding";

export function upkeepFinding(
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
