/** A Linux bridge with its ports and addresses, as a component is given it. */
import { z } from "zod";
import { BridgePortFields } from "./bridge-port";
import { checkVlans, hasVlans } from "./bridge-vlans";
import { InterfaceAddress, LinkName } from "./ip-text";
import { checkBridge, LinuxBridgeFields } from "./linux-bridge";
import { entriesOf, named, withCrossCheck } from "./named";
import { takesOperatorPath } from "./operator-path";

const Port = BridgePortFields.omit({ name: true, bridge: true }).meta({ token: "index:PortOfBridge" });

/** The fields without their rules, for schemas that leave one out. */
export const BridgeWithPortsFields = LinuxBridgeFields.extend({
    ports: named(
        LinkName,
        Port,
        'ports maps names of links to what holds for them, such as { eno1: { tagged: ["10"] } }',
    )
        .default({})
        .describe("Links of the host that are plugged in, by name; they are there already, whoever made them."),
    addresses: z
        .array(InterfaceAddress, 'addresses is a list such as ["10.0.0.1/24"]')
        .refine((list) => new Set(list).size === list.length, { error: "addresses names one address twice" })
        .default([])
        .describe("Addresses of the host on the bridge, with their prefix lengths; absent is none."),
    takesOperatorPath: takesOperatorPath(
        "may take the path of an SSH connection to the host, by any of its ports that says nothing of it itself, by its addresses and by its own VLANs",
    ),
});

export const BridgeWithPorts = withCrossCheck(BridgeWithPortsFields, (bridge, say) => {
    checkBridge(bridge, say);
    for (const [name, port] of entriesOf(bridge.ports)) {
        const path = ["ports", name];
        checkVlans(port, (at, message) => say([...path, ...at], message));
        if (hasVlans(port) && bridge.vlanFiltering !== true)
            say(path, "VLANs of a port need vlanFiltering: true, else the bridge ignores them");
        if (name === bridge.name) say(path, "a bridge cannot be its own port");
    }
});
export type BridgeWithPortsInput = z.input<typeof BridgeWithPortsFields>;
