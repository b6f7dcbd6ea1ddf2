import { ovs } from "kvmnet";

const found = ovs.getOvsOutput({});

export const version = found.version;
export const datapathTypes = found.datapathTypes;
