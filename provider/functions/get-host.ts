/** What a host is made of. */
import { GetHostInputs, GetHostOutputs } from "../../schemas/facts";
import type { HostFunction } from "../function";
import { readMachine } from "../host/machine";
import { managersOf, readClaims } from "../host/managers";

export const getHost: HostFunction<GetHostInputs, GetHostOutputs> = {
    token: "kvmnet:host:getHost",
    description:
        "A host: its kernel, CPUs, memory and huge pages, what guests need (KVM, vhost, taps), and who else manages its links.",
    inputs: GetHostInputs,
    outputs: GetHostOutputs,

    async run(host) {
        const [machine, links, claims] = await Promise.all([readMachine(host.place), host.links(), readClaims(host)]);
        const managers = [...new Set([...links.values()].flatMap((link) => managersOf(claims, link, links)))].sort();
        return { ...machine, ...(managers.length > 0 ? { managers } : {}) };
    },
};
