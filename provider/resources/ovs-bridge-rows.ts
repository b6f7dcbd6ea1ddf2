/** The only place that knows the columns of a bridge. */
import { createHash } from "node:crypto";
import type { OvsBridge } from "../../schemas/ovs-bridge";
import { IfName } from "../../schemas/units";
import { keyOf, numberOf, textOf, valuesOf } from "../host/ovsdb/columns";
import type { Replica, Seen } from "../host/ovsdb/replica";
import { OWNER_KEY } from "../owner";
import { openKeys, openState, told, typedKeys, typedState, type Typed } from "./ovs-keys";
import { entriesOf, one, type Managed } from "./ovs-rows";

/** In external_ids: the MAC address that was pinned because none was declared. */
const PINNED_KEY = "kvmnet-mac";
/** In external_ids: names of the ports that lead out, with commas between them. */
const UPLINKS_KEY = "kvmnet-uplinks";

const CONFIG: Typed<OvsBridge> = {
    mac: ["hwaddr", "text"],
    datapathId: ["datapath-id", "text"],
    stpPriority: ["stp-priority", "number"],
    stpForwardDelay: ["stp-forward-delay", "number"],
    stpHelloTime: ["stp-hello-time", "number"],
    stpMaxAge: ["stp-max-age", "number"],
    rstpPriority: ["rstp-priority", "number"],
    rstpForwardDelay: ["rstp-forward-delay", "number"],
    rstpMaxAge: ["rstp-max-age", "number"],
    macTableSize: ["mac-table-size", "number"],
    macAgingTime: ["mac-aging-time", "number"],
    mcastSnoopingAgingTime: ["mcast-snooping-aging-time", "number"],
    mcastSnoopingTableSize: ["mcast-snooping-table-size", "number"],
};

/** What Open vSwitch has where nothing is said. */
export const BRIDGE_PRESETS = { stp: false, rstp: false, mcastSnooping: false } as const satisfies Partial<OvsBridge>;

/** Open maps as they were declared before. */
export type FormerMaps = Pick<OvsBridge, "otherConfig" | "externalIds">;

/**
 * The managed part of a bridge's row.
 *
 * @param pin MAC address to pin where none is declared; undefined pins none
 */
export function bridgeRow(want: OvsBridge, mark: string, pin: string | undefined, former?: FormerMaps): Managed {
    const mac = want.mac ?? pin;
    return {
        columns: {
            fail_mode: [want.failMode],
            protocols: want.protocols ?? [],
            stp_enable: [want.stp ?? false],
            rstp_enable: [want.rstp ?? false],
            mcast_snooping_enable: [want.mcastSnooping ?? false],
        },
        keys: {
            other_config: {
                ...typedKeys(CONFIG, { ...want, mac, stpHelloTime: helloKey(want) }),
                ...openKeys(want.otherConfig, former?.otherConfig),
            },
            external_ids: {
                ...openKeys(want.externalIds, former?.externalIds),
                [OWNER_KEY]: mark,
                [PINNED_KEY]: want.mac === undefined ? pin : undefined,
                [UPLINKS_KEY]: want.uplinks?.length ? want.uplinks.join(",") : undefined,
            },
        },
    };
}

/** The managed part of the bridge's own interface. */
export const localRow = ({ mtuRequest }: OvsBridge): Managed => ({
    columns: { mtu_request: one(mtuRequest) },
    keys: {},
});

/**
 * A bridge as it is declared; what is absent there has Open vSwitch's own default.
 *
 * @param known what state knows of it; undefined in an import, which reads all
 */
export function bridgeState(row: Seen, local: Seen | undefined, known: OvsBridge | undefined): OvsBridge {
    const config = typedState(CONFIG, row.other_config);
    const pinned = keyOf(row.external_ids, PINNED_KEY);
    const mac = config.mac?.toLowerCase();
    const request = numberOf(local?.mtu_request);
    const uplinks = (keyOf(row.external_ids, UPLINKS_KEY)?.split(",") ?? []).filter(
        (name) => IfName.safeParse(name).success,
    );
    const protocols = valuesOf(row.protocols).map(String).sort() as NonNullable<OvsBridge["protocols"]>;
    const held: OvsBridge = {
        ...config,
        stpHelloTime: config.stpHelloTime === undefined ? undefined : helloInForce(config.stpHelloTime),
        name: String(row.name),
        datapathType: textOf(row.datapath_type) === "netdev" ? "netdev" : "system",
        failMode: textOf(row.fail_mode) === "secure" ? "secure" : "standalone",
        // A pinned address that is gone shows as the one that the bridge has now, so that the next update pins it again.
        mac: pinned === undefined ? mac : mac === pinned ? undefined : (mac ?? macInUse(row, local)),
        datapathId: config.datapathId?.replace(/^0x/i, "").padStart(16, "0").toLowerCase(),
        protocols: protocols.length > 0 ? protocols : undefined,
        stp: row.stp_enable === true,
        rstp: row.rstp_enable === true,
        mcastSnooping: row.mcast_snooping_enable === true,
        mtuRequest: request === undefined ? undefined : (numberOf(local?.mtu) ?? request),
        uplinks: uplinks.length > 0 ? uplinks : undefined,
        otherConfig: openState(row.other_config, CONFIG, known && { map: known.otherConfig }),
        externalIds: openState(row.external_ids, {}, known && { map: known.externalIds }),
    };
    return told(held, BRIDGE_PRESETS, known);
}

/**
 * Milliseconds, which is what the switch takes the key for; its manual says seconds, of which it makes 1 s whatever they are.
 *
 * @see Open vSwitch vswitchd/bridge.c, bridge_configure_stp: the two other times are multiplied by 1000, this one is not
 */
const helloKey = ({ stpHelloTime }: OvsBridge): number | undefined => stpHelloTime && stpHelloTime * 1_000;

/** Time between hellos [s] of a key, within the bounds of lib/stp.c, stp_update_bridge_timers. */
export const helloInForce = (key: number): number => Math.min(Math.max(Math.round(key / 1_000), 1), 10);

/** The address that the bridge has; the switch notes a declared one a moment later. */
export const macInUse = (row: Seen, local: Seen | undefined): string | undefined =>
    (entriesOf(row.other_config).get("hwaddr") ?? textOf(local?.mac_in_use))?.toLowerCase();

/**
 * The address to pin on a bridge that declares none: the one that is pinned or in use already, so that nothing changes
 * on the wire; else one that is derived from the database and the name, so that a bridge made anew has it again.
 */
export function pinFor(view: Replica, name: string, row?: Seen): string {
    const there = row && (keyOf(row.external_ids, PINNED_KEY) ?? macInUse(row, view.byName("Interface", name)));
    return there ?? derivedMac(`${view.root()?._uuid[1] ?? ""} ${name}`);
}

/** Stable, unicast and locally administered: 52:54 and four bytes of a digest. */
function derivedMac(seed: string): string {
    const digest = createHash("sha256").update(seed).digest("hex");
    return ["52", "54", ...(digest.match(/../g) ?? []).slice(0, 4)].join(":");
}
