/** netplan YAML: links, bonds, bridges and VLANs of a host (netplan.readthedocs.io, netplan-yaml). */
import { NotKnown } from "../../known";
import type { PlacedResource, Position } from "../finding";
import { type ReadSource, Unreadable } from "../source";
import { countOf, entriesOf, isOn, listOf, own, textOf, type YamlFile, yamlOf } from "./yaml";
import { leadsOutByName, uplinksAmong } from "./uplinks";

export const readNetplan: ReadSource = (source) => {
    const { file } = source;
    const yaml = yamlOf(source);
    return resourcesOf(networkOf(file, yaml), (path) => ({ file, ...yaml.placeOf(...path) }));
};

/** What a file says of the network. @throws Unreadable where it says nothing */
export function networkOf(file: string, { value }: YamlFile): object {
    const network = own(value, "network");
    if (typeof network === "object" && network !== null) return network;
    throw new Unreadable(`${file} is no netplan configuration: it has no mapping \`network\`.`);
}

/** @param placeOf where a path of keys, and of items of lists, is written */
export const resourcesOf = (network: unknown, placeOf: (path: (string | number)[]) => Position): PlacedResource[] =>
    KINDS_OF_LINK.flatMap(([kind, made]) =>
        entriesOf(own(network, kind)).flatMap(([name, link]) =>
            [...made(name, link, network), ...addressesOf(name, link)].map(({ at = [], ...resource }) => ({
                ...resource,
                position: placeOf(["network", kind, name, ...at]),
            })),
        ),
    );

type Made = Omit<PlacedResource, "position"> & { at?: (string | number)[] };

const host = (type: string, name: string, props: object, at?: (string | number)[]): Made => ({
    type: `kvmnet:host:${type}`,
    name,
    props: { name, ...props },
    at,
});

const KINDS_OF_LINK: [string, (name: string, link: unknown, network: unknown) => Made[]][] = [
    ["ethernets", (name, link) => [host("Link", name, { mtu: mtuOf(link) })]],
    ["dummy-devices", (name, link) => [host("Dummy", name, { mtu: mtuOf(link) })]],
    ["bonds", (name, link) => (isOvsBond(link) ? [] : [host("Bond", name, bondOf(link))])],
    ["bridges", bridgeOf],
    [
        "vlans",
        (name, link) => [
            host("Vlan", name, { link: textOf(own(link, "link")), vlanId: own(link, "id"), mtu: mtuOf(link) }),
        ],
    ],
    [
        "tunnels",
        (name, link) =>
            own(link, "mode") === "vxlan"
                ? [
                      host("Vxlan", name, {
                          vni: own(link, "id"),
                          link: textOf(own(link, "link")),
                          remote: textOf(own(link, "remote")),
                          local: textOf(own(link, "local")),
                          mtu: mtuOf(link),
                      }),
                  ]
                : [],
    ],
];

const mtuOf = (link: unknown) => countOf(own(link, "mtu"));

/** Open vSwitch makes such a bond itself, and watches its links untold. */
const isOvsBond = (link: unknown) =>
    own(link, "openvswitch") !== undefined || /^balance-(tcp|slb)$/.test(textOf(own(link, "parameters", "mode")) ?? "");

/** What netplan leaves out is balance-rr without any link check: it hands the kernel a miimon of 0. */
function bondOf(link: unknown): object {
    const parameters = own(link, "parameters");
    return {
        mtu: mtuOf(link),
        mode: textOf(own(parameters, "mode")) ?? "balance-rr",
        members: listOf(own(link, "interfaces")),
        miimon: millisecondsOf(own(parameters, "mii-monitor-interval")) ?? 0,
        arpInterval: millisecondsOf(own(parameters, "arp-interval")) || undefined,
        arpIpTargets: listOf(own(parameters, "arp-ip-targets")),
        xmitHashPolicy: textOf(own(parameters, "transmit-hash-policy")),
        lacpRate: textOf(own(parameters, "lacp-rate")),
    };
}

/** Milliseconds of a unit of time (systemd.time(7)). */
const UNITS: [RegExp, number][] = [
    [/^us(ec)?$/, 0.001],
    [/^ms(ec)?$/, 1],
    [/^s(ec(onds?)?)?$/, 1000],
    [/^m(in(utes?)?)?$/, 60_000],
];

/** A time as netplan takes it, such as `100`, which is milliseconds, or `1s` (netplan src/networkd.c, interval_has_suffix). */
function millisecondsOf(value: unknown): number | NotKnown | undefined {
    const text = textOf(value)?.trim();
    if (text === undefined || /^\d+$/.test(text)) return countOf(value);
    const parts = /^(\d{1,9} *[a-z]+ *)+$/.test(text) ? [...text.matchAll(/(\d+) *([a-z]+)/g)] : [];
    const times = parts.map(([, count, unit = ""]) => {
        const [, ms] = UNITS.find(([name]) => name.test(unit)) ?? [];
        return ms === undefined ? undefined : Number(count) * ms;
    });
    if (times.length === 0 || times.includes(undefined)) return new NotKnown("its interval is no time that is read");
    return times.reduce((sum: number, time) => sum + (time ?? 0), 0);
}

/** Links that lead to the wire or to another switch, and those that begin and end on the host. */
const LEADING_OUT = ["ethernets", "wifis", "modems", "bonds", "vlans", "tunnels"];
const OF_THE_HOST = ["dummy-devices", "virtual-ethernets"];

/** By systemd-networkd or NetworkManager a bridge of the kernel, with the key `openvswitch` one of Open vSwitch. */
function bridgeOf(name: string, link: unknown, network: unknown): Made[] {
    const members = listOf(own(link, "interfaces")).flatMap((member) => textOf(member) ?? []);
    const isOvs = own(link, "openvswitch") !== undefined;
    if (!isOvs)
        return [
            host("Bridge", name, { mtu: mtuOf(link), stp: stpOf(link) }),
            ...members.map((member, index) => host("BridgePort", member, { bridge: name }, ["interfaces", index])),
        ];
    const patches = listOf(own(network, "openvswitch", "ports")).flatMap((pair) => listOf(pair));
    const isOneOf = (kinds: readonly string[], member: string) =>
        kinds.some((kind) => own(network, kind, member) !== undefined);
    const leadsOut = (member: string) =>
        isOneOf(LEADING_OUT, member) ||
        (patches.includes(member) || isOneOf(OF_THE_HOST, member) ? false : leadsOutByName(member));
    const typeOf = (member: string) => {
        if (patches.includes(member)) return "patch";
        return isOneOf(OF_THE_HOST, member) ? "internal" : "system";
    };
    return [
        {
            type: "kvmnet:ovs:Bridge",
            name,
            props: {
                name,
                failMode: textOf(own(link, "openvswitch", "fail-mode")),
                rstp: isOn(own(link, "openvswitch", "rstp")),
                uplinks: uplinksAmong(members.map((name) => ({ name, leadsOut: leadsOut(name), saysVlans: false }))),
                mtuRequest: mtuOf(link),
            },
        },
        ...members.map((member, index) => ({
            type: "kvmnet:ovs:Port",
            name: member,
            props: { name: member, bridge: name, type: typeOf(member) },
            at: ["interfaces", index],
        })),
        ...listOf(own(link, "openvswitch", "controller", "addresses")).flatMap((target, index) => ({
            type: "kvmnet:ovs:Controller",
            name,
            props: { bridge: name, target: textOf(target) },
            at: ["openvswitch", "controller", "addresses", index],
        })),
    ];
}

/** On unless it is switched off. */
const stpOf = (link: unknown) => {
    const stp = own(link, "parameters", "stp");
    return stp === undefined || isOn(stp);
};

/** Addresses, each a text or a mapping of one text to its options, and default routes. */
function addressesOf(name: string, link: unknown): Made[] {
    return listOf(own(link, "addresses")).flatMap((entry, index) => {
        const address = textOf(entry) ?? entriesOf(entry)[0]?.[0];
        return address === undefined
            ? []
            : [
                  {
                      type: "kvmnet:host:Address",
                      name: `${name} ${address}`,
                      props: { link: name, address },
                      at: ["addresses", index],
                  },
              ];
    });
}
