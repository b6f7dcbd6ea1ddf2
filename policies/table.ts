/** Every rule there is. The pack, the profiles and all that explains rules are made from this table. */
import type { TableRule } from "./rule";
import { backendRules } from "./rules/backends";
import { guestRules } from "./rules/guest";
import { nicRules } from "./rules/nic";
import { qosRules } from "./rules/qos";

export const rules: readonly TableRule[] = [...nicRules, ...backendRules, ...qosRules, ...guestRules];
