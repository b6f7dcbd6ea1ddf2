/** Ports of Open vSwitch as a resource has them: alone, or in a set. */
import { at } from "../inputs";
import { NotKnown } from "../known";
import type { Reader } from "../rule";

interface OvsPort {
    name: string;
    props: unknown;
}

export const ovsPorts: Reader<OvsPort> = {
    types: ["kvmnet:ovs:Port", "kvmnet:ovs:PortSet"],
    read(props) {
        const ports = at(props, "ports");
        if (ports instanceof NotKnown) return [ports];
        if (typeof ports !== "object" || ports === null) return [{ name: "the port", props }];
        return Object.entries(ports).map(([name, port]) => ({
            name: /^[\w.-]{1,15}$/.test(name) ? `port ${name}` : "a port",
            props: port as unknown,
        }));
    },
    name: ({ name }) => name,
};
