/** The only place that knows the columns of a port and its interfaces. */
import { isDeepStrictEqual } from "node:util";
import { INTERFACE_TYPES, type InterfaceOptions, type InterfaceType } from "../../schemas/ovs-interface";
import type { PortOfSet } from "../../schemas/ovs-port-set";
import { vlanRange, vlanText } from "../../schemas/vlan-range";
import { shownName } from "../host/errors";
import { keyOf, numberOf, textOf, uuidsOf, valuesOf } from "../host/ovsdb/columns";
import type { Uuid } from "../host/ovsdb/operations";
import type { Replica, Seen } from "../host/ovsdb/replica";
import { INGRESS_KEY, NUMBER_KEY, SECURITY_KEY } from "../host/pipeline";
import { OWNER_KEY } from "../owner";
import { declaredOf, isGuarded, limitAt, limitOf, securityAt } from "./ovs-ingress";
import { permissionOf } from "./operator-guard";
import { isLetGo } from "./ovs-link-lost";
import { offTree } from "./ovs-off-tree";
import { told, typedKeys, typedState, type Typed } from "./ovs-keys";
import { isShut } from "./ovs-plugged-shut";
import { declaredRequest } from "./ovs-reserved";
import { one, type Managed, type PortRows } from "./ovs-rows";
import { securityText } from "./port-security";
import type { InForce } from "./table-zero";

/** What a `Port` and a port of a `PortSet` have in common, without place and tap. */
export type Port = Partial<Omit<PortOfSet, "tap">> & {
    /** Nobody has declared the number that it asks for. */
    isNumbered?: true;
};

/** In external_ids of a QoS row: the name by which ports refer to it. */
export const QOS_NAME_KEY = "kvmnet-name";

const OPTIONS: Typed<InterfaceOptions> = {
    peer: ["peer", "text"],
    remoteIp: ["remote_ip", "address"],
    localIp: ["local_ip", "address"],
    key: ["key", "numeral"],
    inKey: ["in_key", "numeral"],
    outKey: ["out_key", "numeral"],
    dstPort: ["dst_port", "number"],
    tos: ["tos", "numeral"],
    ttl: ["ttl", "numeral"],
    dfDefault: ["df_default", "flag"],
    csum: ["csum", "flag"],
    vhostServerPath: ["vhost-server-path", "text"],
    txRetriesMax: ["tx-retries-max", "number"],
};

/** Most interfaces have none. */
const NO_OPTIONS = typedKeys(OPTIONS, undefined);

/** What Open vSwitch has where nothing is said. */
export const PORT_PRESETS = { protected: false, takesOperatorPath: false } as const satisfies Port;

/** What a row is written with beside what is declared. */
interface Beside {
    mark: string;
    /** The QoS that is declared by its name; `keep` leaves the column to others. */
    qos: Uuid | "keep" | undefined;
    /** Whether the ingress limit is a meter. */
    metered: boolean;
    /** The port's row as it is; undefined where it is made. */
    there: Seen | undefined;
}

/** The managed part of a port's row, without its interfaces. */
export function portRow(want: Port, { mark, qos, metered, there }: Beside): Managed {
    return {
        columns: {
            vlan_mode: one(want.vlanMode),
            tag: one(want.tag),
            trunks: idsOf(want.trunks),
            cvlans: idsOf(want.cvlans),
            protected: [want.protected ?? false],
            ...(qos === "keep" ? {} : { qos: one(qos) }),
        },
        keys: {
            external_ids: {
                [OWNER_KEY]: mark,
                [INGRESS_KEY]: metered && want.ingress ? "meter" : undefined,
                [SECURITY_KEY]: want.portSecurity && securityText(want.portSecurity),
                [NUMBER_KEY]: want.isNumbered && String(want.ofportRequest),
            },
            other_config: offTree(want.portSecurity !== undefined, there),
        },
    };
}

/** The managed part of an interface's row. */
export function interfaceRow(want: Port, type: string | undefined, metered: boolean): Managed {
    const limit = want.ingress && !metered ? limitOf(want.ingress) : undefined;
    return {
        columns: {
            type: [type ?? "system"],
            mac: one(want.mac),
            ofport_request: one(want.ofportRequest),
            mtu_request: one(want.mtuRequest),
            // On the userspace datapath it has no effect, so what others have put there is left.
            ...(metered
                ? {}
                : {
                      ingress_policing_rate: [limit?.rateKbit ?? 0],
                      ingress_policing_burst: [limit?.burstKbit ?? 0],
                  }),
        },
        keys: { options: want.options ? typedKeys(OPTIONS, want.options) : NO_OPTIONS },
    };
}

/** A port's interfaces, in the order of their names. */
export function interfacesOf(view: Replica, port: Seen): Seen[] {
    const links = view.referred("Interface", port.interfaces);
    return links.length > 1 ? links.sort((a, b) => (String(a.name) < String(b.name) ? -1 : 1)) : links;
}

/** Whether neither another row nor a flow tells anything of a port. */
export const standsAlone = ({ port, links: [link, ...more] }: PortRows): boolean =>
    link !== undefined &&
    more.length === 0 &&
    uuidsOf(port.qos).length === 0 &&
    (numberOf(link.ingress_policing_rate) ?? 0) === 0 &&
    !isGuarded(port);

/**
 * A port as it is declared, without what nobody told.
 *
 * @param known what state knows of it; undefined in an import, which reads all
 */
export function portState(view: Replica, { port, links }: PortRows, inForce: InForce, known: Port | undefined): Port {
    const link = links[0];
    const shut = link !== undefined && isShut(link);
    const options = shut ? known?.options : link && typedState(OPTIONS, link.options);
    const limit = link && links.length === 1 ? limitAt(view, port, link, inForce) : undefined;
    const held: Port = {
        vlanMode: textOf(port.vlan_mode) as Port["vlanMode"],
        tag: numberOf(port.tag),
        trunks: vlansOf(port.trunks, known?.trunks),
        cvlans: vlansOf(port.cvlans, known?.cvlans),
        options: options && Object.keys(options).length > 0 ? options : undefined,
        mac: textOf(link?.mac)?.toLowerCase(),
        ofportRequest: declaredRequest(port, link),
        mtuRequest: mtuOf(links),
        ingress: limit && declaredOf(limit, known?.ingress),
        portSecurity: link && links.length === 1 ? securityAt(port, link, inForce) : undefined,
        protected: port.protected === true,
        qos: qosName(view, port),
        ...permissionOf(known),
    };
    const type = shut ? (known?.type ?? "system") : typeOf(link);
    if (type !== "system" || known?.type !== undefined) held.type = type;
    return told(held, PORT_PRESETS, known);
}

/** The type that our description has for an interface; one that it does not have is a conflict. */
export const typeOf = (link: Seen | undefined): InterfaceType => (textOf(link?.type) ?? "system") as InterfaceType;

/** What our description of a port cannot hold, so that we leave it alone. */
export function conflictOf({ port, links }: PortRows, bridge: string): string | undefined {
    if (port.name === bridge) return "it is a bridge's own port, which comes and goes with it";
    if (port.fake_bridge === true) return "it is a fake bridge of ovs-vsctl";
    const [link, ...more] = links;
    if (!link) return "it has no interface";
    const isOurs = keyOf(port.external_ids, OWNER_KEY) !== undefined;
    // A bond of ours may have one link left, since somebody took the others.
    if (more.length === 0 && link.name !== port.name && !isOurs)
        return `its interface has another name, ${shownName(String(link.name))}`;
    // A run that was cut off while it plugged a link of ours again has left it so.
    const strange = links
        .filter((one) => !(isOurs && isLetGo(one)))
        .find((one) => (more.length > 0 ? typeOf(one) !== "system" : !INTERFACE_TYPES.includes(typeOf(one))));
    return strange && `its interface ${shownName(String(strange.name))} is of type ${shownName(typeOf(strange))}`;
}

/** The QoS that a port refers to, where it is one of ours. */
export const qosName = (view: Replica, port: Seen): string | undefined =>
    keyOf(view.row("QoS", uuidsOf(port.qos)[0])?.external_ids, QOS_NAME_KEY);

/** The request, or the MTU that is there in spite of it. */
function mtuOf(links: Seen[]): number | undefined {
    const request = numberOf(links[0]?.mtu_request);
    if (request === undefined) return undefined;
    return links.map(({ mtu }) => numberOf(mtu)).find((mtu) => mtu !== undefined && mtu !== request) ?? request;
}

/** VLAN ids as a list of ranges, also those that a list cannot say, which others have set. */
export function vlansOf(column: unknown, known?: string[]): string[] | undefined {
    const ids = valuesOf(column).filter((id): id is number => typeof id === "number");
    if (ids.length === 0) return undefined;
    ids.sort((a, b) => a - b);
    return known && isDeepStrictEqual(idsOf(known), ids) ? known : vlanText(ids.map((id) => [id, id]));
}

export const idsOf = (list: readonly string[] | undefined): number[] =>
    (list ?? []).flatMap((entry) => {
        const [from, to] = vlanRange(entry, 0) ?? [1, 0];
        return Array.from({ length: to - from + 1 }, (_, index) => from + index);
    });
