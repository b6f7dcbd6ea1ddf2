import { host } from "kvmnet";

const machine = host.getHostOutput({});

export const kvm = machine.kvm;
export const hugepages = machine.hugepages;
export const managers = machine.managers;
