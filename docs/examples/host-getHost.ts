import { host } from "kvmnet";

const machine = host.getHostOutput({});

export const kvm = machine.kvm;
export const vhost = machine.vhostNet;
