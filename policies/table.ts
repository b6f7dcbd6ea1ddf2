/** Every rule there is. The pack, the profiles, the linter and all that explains rules are made from these tables. */
import type { StackTableRule } from "./stack-rule";
import type { RuleData, TableRule } from "./rule";
import { addressRules } from "./rules/addresses";
import { backendRules } from "./rules/backends";
import { changeRules } from "./rules/changes";
import { connectionRules } from "./rules/connections";
import { deviceRules } from "./rules/devices";
import { guestRules } from "./rules/guest";
import { hardwareRules, hardwareStackRules } from "./rules/hardware";
import { hostRules } from "./rules/host";
import { hostStackRules } from "./rules/host-stack";
import { interruptRules } from "./rules/interrupts";
import { iommuRules } from "./rules/iommu";
import { limitRules } from "./rules/limits";
import { identityRules } from "./rules/nic-identity";
import { modelRules } from "./rules/nic-models";
import { packetPathRules } from "./rules/nic-packet-path";
import { queueRules } from "./rules/nic-queues";
import { ringRules } from "./rules/nic-rings";
import { operatorRules } from "./rules/operator";
import { providerLineRules } from "./rules/provider-line";
import { qosRules } from "./rules/qos";
import { sharedTableRules } from "./rules/shared-tables";
import { slotRules } from "./rules/slots";
import { mtuRules } from "./rules/stack-mtus";
import { segmentRules } from "./rules/stack-segments";
import { uplinkRules } from "./rules/stack-uplinks";
import { vlanRules } from "./rules/stack-vlans";
import { switchRules } from "./rules/switch";
import { versionRules } from "./rules/versions";

/** About single resources. */
export const rules: readonly TableRule[] = [
    ...modelRules,
    ...ringRules,
    ...queueRules,
    ...packetPathRules,
    ...identityRules,
    ...backendRules,
    ...qosRules,
    ...guestRules,
    ...connectionRules,
    ...switchRules,
    ...deviceRules,
    ...hostRules,
    ...hardwareRules,
    ...versionRules,
    ...operatorRules,
    ...changeRules,
];

/** About whole stacks. */
export const stackRules: readonly StackTableRule[] = [
    ...vlanRules,
    ...mtuRules,
    ...uplinkRules,
    ...segmentRules,
    ...addressRules,
    ...limitRules,
    ...slotRules,
    ...hostStackRules,
    ...hardwareStackRules,
    ...interruptRules,
    ...sharedTableRules,
    ...iommuRules,
    ...providerLineRules,
];

export const everyRule: readonly RuleData[] = [...rules, ...stackRules];
