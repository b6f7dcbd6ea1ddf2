/** Everything that `import * as kvmnet from "kvmnet"` gives. */
export { host, ovs, Provider, type ProviderArgs } from "../resources";
export type { Transform } from "./component";
export { Environment, type EnvironmentArgs } from "./environment";
export { exempt, type Reason } from "./exempt";
export { LinuxBridge, type LinuxBridgeArgs } from "./linux-bridge";
export { OvsSwitch, type OvsSwitchArgs, type OvsSwitchTransform } from "./ovs-switch";
export { stackConfig } from "./stack-config";
export { TunedVirtioNic, type TunedVirtioNicArgs, type TunedVirtioNicTransform } from "./tuned-virtio-nic";
export { VirtualMachine, type VirtualMachineArgs } from "./virtual-machine";
export { VlanTap, type VlanTapArgs, type VlanTapTransform } from "./vlan-tap";
