/** Many ports of one Open vSwitch bridge, with their taps, as one resource. */
import { z } from "zod";
import { entriesOf, named, withCrossCheck } from "./named";
import { InterfaceTypeOf, SwitchedName } from "./ovs-interface";
import { unlessEmpty } from "./ovs-maps";
import { checkPatch, checkPort, OWN_PORT, portFields } from "./ovs-port-parts";
import { sparseObject } from "./sparse";
import { Tap } from "./tap";
import { IfName, TrunkList, VlanList } from "./units";

const TapOfPort = Tap.omit({ name: true, takesOperatorPath: true })
    .meta({ token: "ovs:TapOfPort" })
    .describe(
        "Tap of the port's name, made with it; absent plugs a link that is there already. A change of multiQueue, vnetHdr, uid or gid makes the tap anew.",
    );

/** An empty list says nothing. */
const listOf = (list: typeof VlanList, key: "trunks" | "cvlans") =>
    list
        .transform(unlessEmpty)
        .optional()
        .describe(portFields[key].description ?? "");

const Fields = sparseObject({
    type: InterfaceTypeOf.optional().describe(
        "As a `Port`'s; absent is system: the tap declared here, or another device of the host. A change makes the port anew.",
    ),
    ...portFields,
    trunks: listOf(TrunkList, "trunks"),
    cvlans: listOf(VlanList, "cvlans"),
    tap: TapOfPort.optional(),
}).meta({ token: "ovs:PortOfSet" });

const PortOfSet = withCrossCheck(Fields, (port, say) => {
    checkPort(port, say);
    if (port.tap === undefined) return;
    if (port.type !== undefined && port.type !== "system")
        say(["tap"], `a tap is a device of the host, and type ${port.type} is not; remove one of the two`);
    if (port.mtuRequest !== undefined) say(["mtuRequest"], "a tap has its MTU in tap.mtu; remove mtuRequest");
});
export type PortOfSet = z.output<typeof PortOfSet>;

const SetFields = z.strictObject({
    bridge: IfName.describe("Bridge that the ports belong to; a change moves them there, in one transaction."),
    ports: named(
        SwitchedName,
        PortOfSet,
        "ports maps names to ports, such as { web0: { tag: 100, tap: {} } }",
    ).describe(
        "Ports by name. Each is managed by itself: a preview shows which one changes, and only those are written.",
    ),
});

export const OvsPortSet = withCrossCheck(SetFields, ({ bridge, ports }, say) => {
    if (typeof ports === "object" && ports !== null && Object.hasOwn(ports, bridge)) say(["ports", bridge], OWN_PORT);
    const numbers = new Map<unknown, string>();
    for (const [name, port] of entriesOf(ports)) {
        checkPatch(name, port, (path, message) => say(["ports", name, ...path], message));
        const { ofportRequest: asked } = port as { ofportRequest?: unknown };
        const other = numbers.get(asked);
        if (typeof asked === "number" && other !== undefined)
            say(["ports", name, "ofportRequest"], `the port ${other} asks for ${asked}, too; a number is one port's`);
        numbers.set(asked, name);
    }
});
export type OvsPortSet = z.output<typeof OvsPortSet>;

/** What only the host knows of a set. */
export const OvsPortSetOutputs = z.object({
    ofports: z.record(z.string(), z.int()).optional().describe("OpenFlow port numbers by port."),
});
