import { host } from "kvmnet";

const found = host.getLinksOutput({ physical: true });

export const nics = found.links;
