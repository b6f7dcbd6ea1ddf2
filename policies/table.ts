/** Every rule there is. The pack, the profiles, the linter and all that explains rules are made from these tables. */
import type { StackTableRule } from "./stack-rule";
import type { RuleData, TableRule } from "./rule";
import { backendRules } from "./rules/backends";
import { connectionRules } from "./rules/connections";
import { guestRules } from "./rules/guest";
import { nicRules } from "./rules/nic";
import { pathRules } from "./rules/path";
import { qosRules } from "./rules/qos";
import { switchRules } from "./rules/switch";

/** About single resources. */
export const rules: readonly TableRule[] = [
    ...nicRules,
    ...backendRules,
    ...qosRules,
    ...guestRules,
    ...connectionRules,
    ...switchRules,
];

/** About whole stacks. */
export const stackRules: readonly StackTableRule[] = pathRules;

export const everyRule: readonly RuleData[] = [...rules, ...stackRules];
