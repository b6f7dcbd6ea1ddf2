/** Rules across resources for what shares a segment: links plugged twice, equal MAC addresses, floods of multicast. */
import { at, type Resource } from "../inputs";
import { known } from "../known";
import { stackRule } from "../stack-rule";
import { made, tunedDomain } from "./examples";
import { FORMATDOMAIN, VSWITCHD_DB } from "./manuals";
import { bridge, port } from "./stack-examples";

const pluggedTwice = stackRule({
    id: "port-plugged-twice",
    title: "A link is plugged into one bridge.",
    severity: "critical",
    level: { default: "mandatory" },
    why: "A link belongs to one switch. Open vSwitch's database refuses a second port of its name, whatever the bridge, so an update stops half way; the kernel has a link in one bridge only.",
    sources: ["ovs-vswitchd.conf.db(5): names of ports and interfaces are unique", "tried: ovs-vsctl add-port"],
    url: `${VSWITCHD_DB}#interface-table`,
    tags: ["topology"],
    proof: { file: "test/live/bad-nics.spec.ts", shows: "that is in a bridge already is refused to another bridge" },
    parameters: {},
    judge(stack, each) {
        const seen = new Map<string, string>();
        for (const one of [
            ...stack.ports().filter(({ type }) => type === "system" || type === undefined),
            ...stack.bridgePorts(),
        ])
            each(one.resource, "the plug", () => {
                const name = known(one.name);
                const where = known(one.bridge);
                if (name === undefined || where === undefined) return undefined;
                const before = seen.get(name);
                seen.set(name, where);
                if (before === undefined) return undefined;
                return {
                    found: `the link ${name} is plugged into ${before} and into ${where}`,
                    set: "Remove one of the two; a patch or a veth pair joins two bridges.",
                };
            });
    },
    fix: "Plug each link once.",
    examples: {
        good: [[port({ name: "tap0", tag: 1 }), port({ name: "tap1", tag: 1 })]],
        bad: [
            [port({ name: "tap0", tag: 1 }), port({ name: "tap0", bridge: "br1", tag: 1 })],
            [port({ name: "eth0", tag: 1 }), made("host:BridgePort", { name: "eth0", bridge: "br1" })],
        ],
    },
});

const macDuplicate = stackRule({
    id: "nic-mac-duplicate",
    // Hosts share networks, and there a switch learns of both.
    acrossHosts: true,
    title: "Every NIC has a MAC address of its own.",
    severity: "high",
    level: { default: "mandatory" },
    why: "Two NICs with one address in one network take each other's frames, as the switch learns it now here, now there.",
    sources: ["IEEE 802.1D, 7.8: the learning process"],
    url: `${FORMATDOMAIN}#network-interfaces`,
    tags: ["nic", "mac"],
    proof: { file: "test/live/bad-nics.spec.ts", shows: "with the MAC address of another takes its frames" },
    parameters: {},
    judge(stack, each) {
        const seen = new Map<string, Resource>();
        for (const { resource, nic } of stack.nics())
            each(resource, `NIC number ${nic.index + 1}`, () => {
                const mac = known(nic.mac);
                // Of a failover pair both have one address on purpose: the guest takes them for one NIC.
                if (mac === undefined || known(nic.said("teaming")) !== undefined) return undefined;
                const before = seen.get(mac);
                seen.set(mac, resource);
                // Two files of one name are one guest, then and now.
                if (before === undefined || (before !== resource && before.name === resource.name)) return undefined;
                return {
                    found: `its MAC address is that of a NIC of ${before.name}`,
                    set: "Set another address, or leave it to kvmnet, which derives one.",
                };
            });
    },
    fix: "Give each NIC an address of its own.",
    examples: {
        good: [
            [
                tunedDomain({ mac: { address: "52:54:00:00:00:01" } }),
                tunedDomain({ mac: { address: "52:54:00:00:00:02" } }),
            ],
        ],
        bad: [
            [
                tunedDomain({ mac: { address: "52:54:00:00:00:01" } }),
                { ...tunedDomain({ mac: { address: "52:54:00:00:00:01" } }), name: "db" },
            ],
        ],
    },
});

const mcastFlood = stackRule({
    id: "sec-mcast-flood",
    title: "A bridge of many ports sends multicast to those that asked.",
    severity: "low",
    level: { default: "advisory" },
    why: "Without snooping a bridge copies every multicast frame to every port: one guest's stream is the work of all.",
    sources: ["ovs-vswitchd.conf.db(5), Bridge: mcast_snooping_enable", "RFC 4541"],
    url: `${VSWITCHD_DB}#bridge-table`,
    tags: ["security", "performance"],
    parameters: {
        ports: {
            describe: "Ports above which a bridge is to look at who asked [count].",
            value: { default: 50 },
            minimum: 2,
            maximum: 65535,
        },
    },
    judge(stack, each, { ports: most }) {
        const counts = new Map<string, number>();
        for (const on of stack.plugged().values()) counts.set(on, (counts.get(on) ?? 0) + 1);
        for (const { resource, kind, name } of stack.bridges())
            each(resource, "its multicast", () => {
                const count = counts.get(known(name) ?? "") ?? 0;
                if (count <= most) return undefined;
                const off =
                    kind === "ovs"
                        ? known(at(resource.props, "mcastSnooping")) !== true
                        : known(at(resource.props, "multicastSnooping")) === false;
                if (!off) return undefined;
                return {
                    found: `it has ${count} ports and sends multicast to all of them`,
                    set: `Set ${kind === "ovs" ? "mcastSnooping" : "multicastSnooping"} to true, and see that a querier is on the network.`,
                };
            });
    },
    fix: "Switch multicast snooping on.",
    examples: {
        good: [[bridge({ name: "br0" }), port({ name: "tap0", tag: 1 })]],
        bad: [
            [
                bridge({ name: "br0" }),
                ...Array.from({ length: 51 }, (_, index) => port({ name: `tap${index}`, tag: 1 })),
            ],
        ],
    },
});

export const segmentRules = [pluggedTwice, macDuplicate, mcastFlood];
