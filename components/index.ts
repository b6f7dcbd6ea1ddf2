/** Everything that `import * as kvmnet from "kvmnet"` gives. */
export { host, ovs, Provider, type ProviderArgs } from "../resources";
export type { Transform } from "./component";
export { DhcpService, type DhcpServiceArgs } from "./dhcp-service";
export { Environment, type EnvironmentArgs } from "./environment";
export { exempt, type Reason } from "./exempt";
export { GuestGroup, type GroupHost, type GroupNicArgs, type GuestGroupArgs } from "./guest-group";
export { LinuxBridge, type LinuxBridgeArgs } from "./linux-bridge";
export { ManagementNetwork, type ManagementNetworkArgs } from "./management-network";
export { MtuDomain, type MtuDomainArgs, type MtuHop } from "./mtu-domain";
export { OvsSwitch, type OvsSwitchArgs, type OvsSwitchTransform } from "./ovs-switch";
export { stackConfig } from "./stack-config";
export { TunedVirtioNic, type TunedVirtioNicArgs, type TunedVirtioNicTransform } from "./tuned-virtio-nic";
export { Uplink, type UplinkArgs } from "./uplink";
export {
    VirtualMachine,
    type GuestNicArgs,
    type VirtualMachineArgs,
    type VirtualMachineTransform,
} from "./virtual-machine";
export { VlanTap, type VlanTapArgs, type VlanTapTransform } from "./vlan-tap";
export { withNics } from "./with-nics";
