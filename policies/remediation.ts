/** Puts resources right before they are made, where a user asked for it (level `remediate`) and the right value is certain. */
import { type ResourceValidationArgs, UnknownValueError } from "@pulumi/policy";
import { at, plain } from "./inputs";
import { maybe, NotKnown } from "./known";
import { nameOf } from "./nics/guest-nic";
import { nativeNics } from "./nics/native";
import { placeOf } from "./nics/said";
import { NIC_REMEDIES } from "./remedies";
import type { Finding, TableRule } from "./rule";

type Bag = Record<string, unknown>;

/** Whether a rule can be set to `remediate`. */
export const isRemediable = (id: string): boolean => id in NIC_REMEDIES;

/**
 * All inputs of the resource with what the rule refuses put right; undefined where there is nothing, where something of
 * the resource is not known yet, and in the 0.8 line, whose stylesheet is the user's own text.
 *
 * @param isExempted whether somebody accepted a finding, which then stays as it is
 */
export function remediated(
    rule: TableRule,
    args: ResourceValidationArgs,
    isExempted: (finding: Finding) => boolean,
): Bag | undefined {
    const { props } = args;
    const inputs = plain(props, (error) => error instanceof UnknownValueError);
    if (!rule.types.includes(args.type) || holdsUnknown(inputs)) return undefined;
    const violations = rule
        .judge(inputs, args.getConfig())
        .filter((one) => one.kind === "violation" && !isExempted(one));
    if (violations.length === 0) return undefined;
    const remedy = NIC_REMEDIES[rule.id];
    const interfaces = at(inputs, "devices", "interfaces");
    if (!remedy || !Array.isArray(interfaces)) return undefined;
    const subjects = new Set(violations.map(({ subject }) => subject));
    const changes = nativeNics(inputs).flatMap((nic, index) => {
        if (nic instanceof NotKnown || !subjects.has(nameOf(nic))) return [];
        const ofNic = maybe(() => remedy(nic));
        return ofNic instanceof NotKnown ? [] : ofNic.map((change) => ({ index, ...change }));
    });
    for (const { index, field, value } of changes)
        put(props, ["devices", "interfaces", index, ...placeOf(field, "native").split(".")], value);
    return changes.length > 0 ? props : undefined;
}

/**
 * Sets one value, or takes it away. The inputs are the SDK's own view of them, which keeps secrets secret only where
 * they are changed in place: a copy would hold them in the open.
 */
function put(bag: Bag, [key = "", ...rest]: (string | number)[], value: unknown): void {
    if (rest.length > 0) {
        bag[key] ??= {};
        put(bag[key] as Bag, rest, value);
    } else if (value === undefined) Reflect.deleteProperty(bag, key);
    else bag[key] = value;
}

const holdsUnknown = (value: unknown): boolean =>
    value instanceof NotKnown ||
    (typeof value === "object" && value !== null && Object.values(value).some(holdsUnknown));
