/** One run of the linter over files that were read. */
import { dirname } from "node:path";
import { exemptionOf } from "../../schemas/exemption";
import type { XmlElement } from "../nics/outline";
import { DOMAIN_XML, NETWORK_XML } from "../nics/reader";
import type { ProfileConfig } from "../profiles";
import { everyUpkeepRule } from "../upkeep";
import type { PlacedResource } from "./finding";
import { judge, type Tables } from "./judge";
import type { KindName } from "./kinds";
import { inOrder } from "./order";
import { read } from "./read";
import type { Report } from "./report";
import { type Source, Unreadable } from "./source";

export interface LintRun {
    report: Report;
    /** Files that could not be read, each with a sentence why. */
    unreadable: string[];
}

/** What is judged by, and what the report tells of it. */
export interface LintSettings extends Tables {
    config: ProfileConfig;
    profile: string;
    version: string;
}

/** What somebody says of the files. */
interface Told {
    /** What every file is; absent, each is told by its content. */
    kind?: KindName;
    /** Whether all files describe one host, so that rules across resources look at them together. */
    oneHost?: boolean;
}

/** @param files path and content */
export async function lint(
    files: Iterable<{ path: string; content: Buffer }>,
    settings: LintSettings,
    { kind, oneHost = false }: Told = {},
): Promise<LintRun> {
    const unreadable: string[] = [];
    const stacks = new Map<string, PlacedResource[]>();
    const netplans = new Map<string, { source: Source; resources: PlacedResource[] }[]>();
    let count = 0;
    const add = (name: string, resources: readonly PlacedResource[]) => {
        const stack = stacks.get(name) ?? [];
        stacks.set(name, stack);
        // What is said to be of one host is, whichever providers a program names.
        for (const resource of resources) stack.push(oneHost ? { ...resource, provider: undefined } : resource);
    };
    for (const { path, content } of files)
        try {
            const { kind: is, source, resources } = await read(path, content, kind);
            const folder = dirname(path);
            if (is === "netplan") netplans.set(folder, [...(netplans.get(folder) ?? []), { source, resources }]);
            else add(oneHost ? "" : stackOf(path, is), resources);
            count += 1;
        } catch (error) {
            if (!(error instanceof Unreadable)) throw error;
            unreadable.push(error.message);
        }
    for (const [folder, found] of netplans)
        try {
            add(oneHost ? "" : `netplan ${folder}`, await ofFolder(found));
        } catch (error) {
            if (!(error instanceof Unreadable)) throw error;
            unreadable.push(error.message);
        }
    return { report: reportOf([...stacks.values()], settings, count), unreadable };
}

/** netplan merges what the files of a folder say. */
async function ofFolder(found: readonly { source: Source; resources: PlacedResource[] }[]): Promise<PlacedResource[]> {
    const [only] = found;
    if (only && found.length === 1) return only.resources;
    const { readNetplanFolder } = await import("./readers/netplan-folder");
    try {
        return readNetplanFolder(found.map(({ source }) => source));
    } catch (error) {
        // Mappings that hold themselves.
        if (!(error instanceof RangeError)) throw error;
        const names = found.map(({ source }) => source.file).join(", ");
        throw new Unreadable(`${names} cannot be read together: ${error.message}.`);
    }
}

/** @param stacks resources that belong together  @param files how many they stand in [count] */
export function reportOf(
    stacks: readonly PlacedResource[][],
    { config, profile, version, ...tables }: LintSettings,
    files: number,
): Report {
    const judging = [...tables.rules, ...tables.stackRules];
    return {
        findings: stacks.flatMap((resources) => judge(tables, withNetworks(resources), config)).sort(inOrder),
        marked: stacks.flat().filter(({ marks }) => marks?.some(exemptionOf)),
        enabled: judging.map(({ id }) => id).filter((id) => config[id]?.enforcementLevel !== "disabled"),
        rules: [...judging, ...everyUpkeepRule],
        profile,
        exempted: [],
        known: 0,
        version,
        resources: stacks.reduce((sum, { length }) => sum + length, 0),
        files,
    };
}

/** What is of guests, whose files lie together in a folder. */
const TOGETHER: readonly KindName[] = ["domain", "network", "proxmox"];

/** What belongs together: the guests of one folder, and all that one other file describes. */
const stackOf = (path: string, kind: KindName): string => (TOGETHER.includes(kind) ? `guests ${dirname(path)}` : path);

/** Domains are shown the networks that were read beside them: a NIC's VLAN and limits may stand there. */
function withNetworks(resources: PlacedResource[]): PlacedResource[] {
    const networks = new Map(
        resources.flatMap(({ type, name, props }): [string, XmlElement][] =>
            type === NETWORK_XML ? [[name, (props as { networkXml: XmlElement }).networkXml]] : [],
        ),
    );
    if (networks.size === 0) return resources;
    return resources.map((resource) =>
        resource.type === DOMAIN_XML ? { ...resource, props: { ...(resource.props as object), networks } } : resource,
    );
}
