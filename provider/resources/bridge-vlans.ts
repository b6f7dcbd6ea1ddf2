/** The VLANs of a Linux bridge's ports, as bridge(8) shows and sets them. */
import { z } from "zod";
import { hasVlans, idsOf, type PortVlans } from "../../schemas/bridge-vlans";
import { VlanList } from "../../schemas/units";
import type { Host } from "../host";
import { parseList, type Link } from "../host/links";
import type { Line } from "../plan";

/** What a port does with each VLAN that it carries, by VLAN id. */
export type VlanTable = ReadonlyMap<number, { pvid: boolean; untagged: boolean }>;

const Port = z.object({
    ifname: z.string(),
    vlans: z
        .array(
            z.object({
                vlan: z.number(),
                vlanEnd: z.number().optional(),
                flags: z.array(z.string()).default([]),
            }),
        )
        .default([]),
});

/** Every port's VLANs by its name, out of `bridge -json vlan show`. @throws HostError bug on what is none */
export function parseVlans(text: string): Map<string, VlanTable> {
    return new Map(
        parseList(text, Port, "VLANs", "`bridge -json vlan`").map(({ ifname, vlans }) => [
            ifname,
            new Map(
                vlans.flatMap(({ vlan, vlanEnd = vlan, flags }) =>
                    range(vlan, vlanEnd).map((id) => [
                        id,
                        { pvid: flags.includes("PVID"), untagged: flags.includes("Egress Untagged") },
                    ]),
                ),
            ),
        ]),
    );
}

/** The VLAN that ports of a bridge carry untold, 0 for none; undefined where the kernel's bridges know no VLANs. */
export function defaultPvid(bridge: Link | undefined): number | undefined {
    const pvid = bridge?.data.vlan_default_pvid;
    return typeof pvid === "number" ? pvid : undefined;
}

/** The VLANs of a port; undefined where the kernel's bridges know none. */
export async function vlansOf(host: Host, bridge: Link | undefined, port: string): Promise<VlanTable | undefined> {
    if (defaultPvid(bridge) === undefined) return undefined;
    return (await tablesOf(host)).get(port) ?? new Map();
}

/** Every port's VLANs by its name. */
export const tablesOf = (host: Host): Promise<Map<string, VlanTable>> =>
    host.read(["bridge", "-json", "-compressvlans", "vlan", "show"], parseVlans);

/** The table that a declaration means. @param standard VLAN that a port carries untold, 0 for none */
export function tableOf(vlans: PortVlans, standard: number): VlanTable {
    const { pvid, tagged, untagged } = hasVlans(vlans) ? vlans : { pvid: standard || undefined };
    const withTag = idsOf(tagged);
    const without = idsOf(untagged);
    if (pvid !== undefined && without.size === 0 && !withTag.has(pvid)) without.add(pvid);
    return new Map(
        [...withTag, ...without]
            .sort((a, b) => a - b)
            .map((id) => [id, { pvid: id === pvid, untagged: without.has(id) }]),
    );
}

/** The declaration that a table stands for: as it is known where it means the same, else the shortest. */
export function declarationOf(table: VlanTable, standard: number, known: PortVlans = {}): PortVlans {
    for (const vlans of [known, {}]) if (sameTable(table, tableOf(vlans, standard))) return picked(vlans);
    const ids = (which: boolean) => [...table].filter(([, { untagged }]) => untagged === which).map(([id]) => id);
    const pvid = [...table].find(([, flags]) => flags.pvid)?.[0];
    const untagged = ids(true);
    return {
        pvid,
        tagged: listOf(ids(false)),
        untagged: untagged.length === 1 && untagged[0] === pvid ? undefined : listOf(untagged),
    };
}

const picked = ({ pvid, tagged, untagged }: PortVlans): PortVlans => ({ pvid, tagged, untagged });
const listOf = (ids: number[]) => (ids.length > 0 ? VlanList.parse(ids) : undefined);

/**
 * Lines that bring a port from one table to another: nothing passes in between that neither of them lets pass.
 *
 * @param own whether the port is the bridge's own  @param also VLANs that go too where they are not wanted
 */
export function vlanLines(port: string, from: VlanTable, to: VlanTable, own = false, also: number[] = []): Line[] {
    const self = own ? ["self"] : [];
    const dropped = [...new Set([...from.keys(), ...also])].filter((id) => id > 0 && !to.has(id)).sort((a, b) => a - b);
    const added = [...to].filter(([id, flags]) => JSON.stringify(flags) !== JSON.stringify(from.get(id)));
    return [
        ...runs(dropped.map((id) => [id, ""])).map(([ids]) => ["vlan", "del", "dev", port, "vid", ids, ...self]),
        ...runs(
            added.map(([id, { pvid, untagged }]) => [id, `${pvid ? `pvid ${id} ` : ""}${untagged ? "untagged" : ""}`]),
        ).map(([ids, flags]) => [
            ...["vlan", "add", "dev", port, "vid", ids],
            ...(flags.startsWith("pvid") ? ["pvid"] : []),
            ...(flags.endsWith("untagged") ? ["untagged"] : []),
            ...self,
        ]),
    ];
}

/** Whether frames may no longer pass that did, or leave otherwise. */
export const losesVlans = (from: VlanTable, to: VlanTable): boolean =>
    [...from].some(([id, flags]) => JSON.stringify(flags) !== JSON.stringify(to.get(id)));

export function sameTable(one: VlanTable, other: VlanTable): boolean {
    return vlanLines("port", one, other).length === 0;
}

/** Neighbouring ids of one kind as ranges. */
function runs(entries: [id: number, kind: string][]): [ids: string, kind: string][] {
    const found: { from: number; to: number; kind: string }[] = [];
    for (const [id, kind] of entries) {
        const last = found.at(-1);
        if (last && last.to === id - 1 && last.kind === kind) last.to = id;
        else found.push({ from: id, to: id, kind });
    }
    return found.map(({ from, to, kind }) => [from === to ? String(from) : `${from}-${to}`, kind]);
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
