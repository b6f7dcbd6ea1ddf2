import { Environment, stackConfig } from "kvmnet";

// The environment stands in Pulumi.yaml under `config`; a stack's own Pulumi.STACK.yaml may say another.
export const { declared } = new Environment("lab", stackConfig());
