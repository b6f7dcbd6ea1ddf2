/** The columns of a port that only a `Port` has: those of a bond, LACP, and the open map. */
import type { OvsPort } from "../../schemas/ovs-port";
import { OFF_TREE } from "../../schemas/ovs-port-parts";
import { numberOf, textOf } from "../host/ovsdb/columns";
import type { Seen } from "../host/ovsdb/replica";
import { isSecured } from "./ovs-ingress";
import { openKeys, openState, told, typedKeys, typedState, type Typed } from "./ovs-keys";
import { one, type Managed, type PortRows } from "./ovs-rows";

type Bond = Pick<
    OvsPort,
    "interfaces" | "bondMode" | "lacp" | "lacpTime" | "lacpFallbackAb" | "bondUpdelay" | "bondDowndelay" | "otherConfig"
>;

const CONFIG: Typed<Bond> = { lacpTime: ["lacp-time", "text"], lacpFallbackAb: ["lacp-fallback-ab", "flag"] };

/** With the keys that portSecurity gives a port, and no declaration. */
const SECURED: Typed<object> = { ...CONFIG, ...Object.fromEntries(OFF_TREE.map((key) => [key, [key, "flag"]])) };

/** What Open vSwitch has where nothing is said. */
export const BOND_PRESETS = {
    bondMode: "active-backup",
    lacp: "off",
    lacpTime: "slow",
    lacpFallbackAb: false,
    bondUpdelay: 0,
    bondDowndelay: 0,
} as const satisfies Bond;

/** @param former the open map as it was declared before */
export const bondRow = (want: Bond, former: Bond["otherConfig"]): Managed => ({
    columns: {
        bond_mode: one(want.bondMode),
        lacp: one(want.lacp),
        bond_updelay: [want.bondUpdelay ?? 0],
        bond_downdelay: [want.bondDowndelay ?? 0],
    },
    keys: { other_config: { ...typedKeys(CONFIG, want), ...openKeys(want.otherConfig, former) } },
});

/** @param known what state knows; undefined in an import, which reads all */
export function bondState({ port, links }: PortRows, known: Bond | undefined): Bond {
    const held: Bond = {
        ...BOND_PRESETS,
        ...typedState(CONFIG, port.other_config),
        interfaces: namesBonded(port, links),
        bondMode: (textOf(port.bond_mode) as Bond["bondMode"]) ?? BOND_PRESETS.bondMode,
        lacp: (textOf(port.lacp) as Bond["lacp"]) ?? BOND_PRESETS.lacp,
        bondUpdelay: numberOf(port.bond_updelay) ?? BOND_PRESETS.bondUpdelay,
        bondDowndelay: numberOf(port.bond_downdelay) ?? BOND_PRESETS.bondDowndelay,
        otherConfig: openState(
            port.other_config,
            isSecured(port) ? SECURED : CONFIG,
            known && { map: known.otherConfig },
        ),
    };
    return told(held, BOND_PRESETS, known);
}

/** Also the one link that is left of a bond, which has another name than the port. */
const namesBonded = (port: Seen, links: readonly Seen[]): string[] | undefined =>
    links.length > 1 || links.some(({ name }) => name !== port.name)
        ? links.map(({ name }) => String(name))
        : undefined;
