/** Every rule there is. The pack, the profiles and all that explains rules are made from this table. */
import type { TableRule } from "./rule";
import { nicRules } from "./rules/nic";

export const rules: readonly TableRule[] = [...nicRules];
