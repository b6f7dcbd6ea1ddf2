/** A virtual switch: an Open vSwitch bridge, its VLANs by name, and what leads out of it. */
import { z } from "zod";
import { toggle } from "./link-parts";
import { entriesOf, has, named, withCrossCheck, type Say } from "./named";
import { takesOperatorPathAsPort } from "./operator-path";
import { checkOvsBridge, OvsBridgeFields } from "./ovs-bridge";
import { SwitchedName } from "./ovs-interface";
import { bondFields, checkBond } from "./ovs-port";
import { OWN_PORT } from "./ovs-port-parts";
import { checkQos, OvsQosFields } from "./ovs-qos";
import { IfName, Label, Mtu, VlanId } from "./units";
import { checkVlanNames, VlanName, VlanNames, vlanListOf } from "./vlan-names";

const { interfaces: links, ...bond } = bondFields;

const CARRIED = "absent carries every VLAN that the switch names, and never one that it does not. Changes live.";

const Uplink = z
    .strictObject({
        links: links.describe(
            "Links of the host that the uplink bonds, two or more; absent is the one of the uplink's name. Changes live.",
        ),
        vlans: VlanNames.optional().describe(
            `VLANs that it carries with a tag, by name, id or range, such as ["web", "20-29"]; ${CARRIED}`,
        ),
        native: VlanName.optional().describe(
            "VLAN that it carries without a tag, by name or id; absent is none: untagged frames are dropped. Changes live.",
        ),
        mtu: Mtu.optional().describe("MTU of its links [byte]; absent leaves theirs. Changes live."),
        qos: Label.optional().describe("Class of the switch's qos that shapes what leaves by it. Changes live."),
        ...bond,
        takesOperatorPath: takesOperatorPathAsPort,
    })
    .meta({ token: "index:SwitchUplink" });

const Patch = z
    .strictObject({
        to: IfName.describe("Switch that it leads to: the name of its bridge on the host."),
        peer: SwitchedName.optional().describe(
            "Name of the patch's port at the other switch; absent is this one's with -peer behind it, shortened where it must be.",
        ),
        vlans: VlanNames.optional().describe(
            `VLANs that it carries with a tag, by name, id or range, at both ends; ${CARRIED}`,
        ),
    })
    .meta({ token: "index:SwitchPatch" });

const Mirror = z
    .strictObject({
        vlans: VlanNames.default([]).describe(
            "VLANs whose packets are copied, by name, id or range; absent copies all. Changes live.",
        ),
        ports: z
            .array(IfName, 'ports is a list of uplinks and patches of the switch, such as ["eno1"]')
            .optional()
            .describe(
                "Uplinks and patches of the switch of which packets are copied, both ways, at least one; absent copies those of every port. Changes live.",
            ),
        outputPort: SwitchedName.optional().describe(
            "Port that gets the copies, and nothing else: an internal port that the switch makes, on which the host listens. Exactly one of outputPort and outputVlan.",
        ),
        outputVlan: VlanName.optional().describe(
            "VLAN that gets the copies at every port that carries it, by name or id. Physical switches must not learn MAC addresses in it. Changes live.",
        ),
        snaplen: z
            .int("snaplen is a whole number from 14 to 65535 bytes")
            .min(14, "snaplen is 14 to 65535 bytes")
            .max(65535, "snaplen is 14 to 65535 bytes")
            .optional()
            .describe("Longest copy [byte]; absent copies whole packets. Changes live."),
    })
    .meta({ token: "index:SwitchMirror" });

const QosClass = OvsQosFields.omit({ name: true }).meta({ token: "index:QosClass" });

/** The fields without their rules, for schemas that add a name. */
export const SwitchFields = OvsBridgeFields.omit({ name: true, uplinks: true }).extend({
    vlans: named(Label, VlanId, "vlans maps names to VLAN ids, such as { web: 100 }")
        .default({})
        .describe("VLANs of the switch by name, such as { web: 100 }."),
    uplinks: named(SwitchedName, Uplink, "uplinks maps names of ports to uplinks, such as { eno1: {} }")
        .default({})
        .describe("What leads out of the host, by the name of the port: a link, or several as a bond."),
    patches: named(SwitchedName, Patch, 'patches maps names of ports to patches, such as { up: { to: "br-core" } }')
        .default({})
        .describe("Patches to other switches of the host, by the name of the port; both ends are made here."),
    mirrors: named(Label, Mirror, 'mirrors maps names to mirrors, such as { ids: { outputPort: "tap-ids" } }')
        .default({})
        .describe("Mirrors by name."),
    portSecurity: toggle("portSecurity")
        .default(false)
        .describe(
            "Whether its taps may have port security: failMode is then secure, with a flow that switches as usual, and a keeper on the host that puts the flows back after a restart of ovs-vswitchd. Changes live.",
        ),
    qos: named(Label, QosClass, 'qos maps names to classes, such as { gold: { type: "linux-htb" } }')
        .default({})
        .describe("QoS classes by name, for uplinks and taps; on the host one has the bridge's name before its own."),
});

type Fields = z.output<typeof SwitchFields>;

/**
 * What must hold across the fields of a switch. It may meet raw input, so it looks before it reads.
 *
 * @param settings with its name, where that is known
 */
export function checkSwitch(settings: Fields & { name?: string }, say: Say): void {
    const { vlans, uplinks, patches, mirrors, qos, ...bridge } = settings;
    checkOvsBridge(bridge, say);
    const carried = (path: PropertyKey[], names: unknown, native?: unknown) => {
        checkVlanNames(names, vlans, [...path, "vlans"], say);
        if (names === undefined && native === undefined && entriesOf(vlans).length === 0)
            say([...path, "vlans"], "it would carry every VLAN: list its VLANs, or name those of the switch in vlans");
        if (Array.isArray(names) && names.length === 0 && native === undefined)
            say([...path, "vlans"], "it would carry every VLAN: list at least one, or leave vlans out for all named");
    };
    for (const [name, { vlans: names, native, qos: shaper, links, ...bond }] of entriesOf(uplinks)) {
        const path = ["uplinks", name];
        carried(path, names, native);
        if (native !== undefined) checkVlanNames(native, vlans, [...path, "native"], say);
        if (shaper !== undefined && !has(qos, shaper))
            say(
                [...path, "qos"],
                `no such class; declared are: ${Object.keys(Object(qos) as object).join(", ") || "none"}`,
            );
        if (Array.isArray(links) && links.length === 0)
            say([...path, "links"], "a bond has two links or more; for the one of the uplink's name, leave links out");
        checkBond({ name, interfaces: links, ...bond }, "links", (at, message) => say([...path, ...at], message));
    }
    checkLinks(uplinks, say);
    for (const [name, patch] of entriesOf(patches)) {
        carried(["patches", name], patch.vlans);
        checkEnds(name, patch, settings, say);
    }
    for (const [name, mirror] of entriesOf(mirrors)) {
        const path = ["mirrors", name];
        checkVlanNames(mirror.vlans, vlans, [...path, "vlans"], say);
        if ((mirror.outputPort === undefined) === (mirror.outputVlan === undefined))
            say([...path, "outputPort"], "a mirror has exactly one output: set either outputPort or outputVlan");
        if (mirror.outputVlan !== undefined) checkVlanNames(mirror.outputVlan, vlans, [...path, "outputVlan"], say);
        if (Array.isArray(mirror.ports) && mirror.ports.length === 0)
            say(
                [...path, "ports"],
                "it would copy nothing: name a port, or leave ports out to copy those of every port",
            );
        for (const [index, port] of (Array.isArray(mirror.ports) ? mirror.ports : []).entries())
            if (!has(uplinks, port) && !has(patches, port))
                say(
                    [...path, "ports", index],
                    "it is no uplink and no patch of this switch; a `Mirror` of its own takes any port",
                );
    }
    for (const [name, one] of entriesOf(qos)) checkQos(one, (path, message) => say(["qos", name, ...path], message));
    const ports = [
        ...entriesOf(uplinks).map(([name]) => ["uplinks", name]),
        ...entriesOf(patches).map(([name]) => ["patches", name]),
        ...entriesOf(mirrors).flatMap(([name, { outputPort }]) =>
            outputPort === undefined ? [] : [["mirrors", name, "outputPort", outputPort]],
        ),
    ];
    const taken = new Set<string>();
    for (const [part = "", ...rest] of ports) {
        const port = rest.at(-1) ?? "";
        if (port === bridge.name) say([part, ...rest.slice(0, 2)], OWN_PORT);
        if (taken.has(port)) say([part, rest[0] ?? ""], `another port of the switch is called ${port}; rename one`);
        taken.add(port);
    }
}

/** A link leads out by one uplink. */
function checkLinks(uplinks: Fields["uplinks"], say: Say): void {
    const takenBy = new Map<string, string>();
    for (const [name, { links }] of entriesOf(uplinks))
        for (const link of Array.isArray(links) ? new Set(links) : [name]) {
            const other = takenBy.get(link);
            if (other !== undefined)
                say(["uplinks", name], `the link ${link} is the uplink ${other}'s already; leave it to one of the two`);
            takenBy.set(link, name);
        }
}

/** A patch leads from a port here to a port of another name at another switch. */
function checkEnds(
    key: string,
    { to, peer }: z.output<typeof Patch>,
    { name, patches }: Fields & { name?: string },
    say: Say,
): void {
    const path = ["patches", key];
    if (name !== undefined && to === name) say([...path, "to"], "a patch leads to another switch; name that one");
    if (peer === key) say([...path, "peer"], "the other end of a patch is another port; name that one");
    if (peer !== undefined && peer === to) say([...path, "peer"], OWN_PORT);
    if (has(patches, `${key}-peer`))
        say(
            ["patches", `${key}-peer`],
            `the stack calls the other end of the patch ${key} so; give one of the two patches another name`,
        );
}

/** One switch. */
export const Switch = withCrossCheck(SwitchFields, checkSwitch);
export type SwitchInput = z.input<typeof SwitchFields>;

/** VLANs that a port to elsewhere carries with a tag, as ids and ranges. */
export const carriedVlans = (names: (string | number)[] | undefined, vlans: Fields["vlans"]): string[] =>
    vlanListOf(names ?? Object.keys(vlans), vlans);
