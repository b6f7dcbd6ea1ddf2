/** What is kept of a bridge's flows on its host, to be put back after a restart of ovs-vswitchd by the script that a FlowKeeper brings. */
import { declaredCookies, declaredIds } from "./flow-notes";
import { flowText, groupText, meterText, type Flow, type Group, type Meter } from "./flow-text";
import type { Seen } from "./ovsdb/replica";
import { FIRST_PORT_METER, isKept } from "./pipeline";
import type { Place } from "./place";
import { runningAs } from "./running";

/** In external_ids of a bridge's row: the owner mark of what keeps its flows. */
export const KEEPER_KEY = "kvmnet-keeper";

/** Folder of all that keeps one bridge's flows. */
export const keeperFolder = (bridge: string): string => `/var/lib/kvmnet-flows/${bridge}`;
export const snapshotFile = (bridge: string): string => `${keeperFolder(bridge)}/flows`;

/** The program that puts them back, where it runs. */
export const keeperOf = (place: Place, bridge: string): Promise<string | undefined> =>
    runningAs(place, `${keeperFolder(bridge)}/pid`, keeperFolder(bridge));

interface Tables {
    flows: readonly Flow[];
    groups: readonly Group[];
    meters: readonly Meter[];
    /** Names by OpenFlow number, where the port may get another one. */
    ports: ReadonlyMap<string, string>;
}

/** Where a flow or a group names a port by its number (ovs-actions(7)), as the switch prints it, and a bundle several. */
const PORT =
    /\b(in_port=|actset_output=|output:|output\(port=|enqueue:|resubmit[(:]|watch_port:|sampling_port=|set_field:(?=\d+->(?:in_port|in_port_oxm|actset_output)\b))(\d+)/g;
const PORTS = /(?<=\b(?:members|slaves):[\d,]*)\d+/g;

/**
 * All that is ours, line by line: `port NAME`, `meter METER`, and lines of a bundle. A port's number in a flow is written
 * as `@NAME@` where the port may get another; so is the number of its meter. A group is there again as soon as its ports
 * are, though it was put back before, when some of them were missing.
 */
export function snapshotText(bridge: Seen | undefined, { flows, groups, meters, ports }: Tables): string {
    const cookies = declaredCookies(bridge);
    const declared = declaredIds(bridge);
    const kept = flows.filter((flow) => isKept(flow, cookies));
    const nameOf = (text: string, number: number) => {
        const name = ports.get(String(number));
        return name !== undefined && /^[\w.-]+$/.test(name) ? `@${name}@` : text;
    };
    const byName = (line: string) =>
        line
            .replace(PORTS, (port) => nameOf(port, Number(port)))
            .replace(PORT, (_, key: string, port: string) => `${key}${nameOf(port, Number(port))}`)
            .replace(/\bmeter([:=])(\d+)/g, (_, sign: string, id: string) => {
                const isPorts = Number(id) >= FIRST_PORT_METER;
                return `meter${sign}${isPorts ? nameOf(id, Number(id) - FIRST_PORT_METER) : id}`;
            });
    const lines = [
        ...meters
            .filter(({ id }) => id >= FIRST_PORT_METER || declared.meters.has(id))
            .map((meter) => byName(`meter ${meterText(meter)}`)),
        ...groups
            .filter(({ id }) => declared.groups.has(id))
            .map((group) => byName(`group add_or_mod ${groupText(group)}`)),
        ...kept.map((flow) => byName(`flow add cookie=${flow.cookie},${flowText(flow)}`)),
    ];
    const named = new Set(lines.flatMap((line) => [...line.matchAll(/@([^@]+)@/g)].map(([, name]) => name)));
    return [...[...named].map((name) => `port ${name}`), ...lines].map((line) => `${line}\n`).join("");
}

/**
 * Whether a file says of a bridge what it says now, whichever ports it names and whichever by their numbers. What is of a
 * port that is not there is left out: a restart of the switch takes its flows away, which are put back when it comes.
 *
 * @param numbers of the ports that are there, by their names
 */
export function isSameSnapshot(one: string, other: string, numbers: ReadonlyMap<string, string>): boolean {
    const standing = (text: string) => linesOfPorts(text, numbers).sort().join("\n");
    return standing(one) === standing(other);
}

function linesOfPorts(text: string, numbers: ReadonlyMap<string, string>): string[] {
    const there = new Set(numbers.values());
    const meterOf = (port: string) => String(Number(port) + FIRST_PORT_METER);
    const numbered = (whole: string, name: string, asText = (port: string) => port) => {
        const number = numbers.get(name);
        return number === undefined ? whole : asText(number);
    };
    return text
        .split("\n")
        .filter((line) => line !== "" && !line.startsWith("port ") && !endsByItself(line))
        .map((line) =>
            line
                .replace(/(?<=\bmeter[:=])@([^@]+)@/g, (whole, name: string) => numbered(whole, name, meterOf))
                .replace(/@([^@]+)@/g, (whole, name: string) => numbered(whole, name)),
        )
        .filter((line) => !line.includes("@") && portsIn(line).every((port) => there.has(port)));
}

/** Whether a flow goes without anybody changing it, after which nobody writes down what is left. */
const endsByItself = (line: string): boolean => /\b(?:idle_timeout|hard_timeout|fin_timeout)\b/.test(line);

function portsIn(line: string): string[] {
    const meters = [...line.matchAll(/\bmeter[:=](\d+)/g)].map(([, id]) => Number(id) - FIRST_PORT_METER);
    return [
        ...[...line.matchAll(PORT)].map(([, , port = ""]) => port),
        ...[...line.matchAll(PORTS)].map(([port]) => port),
        ...meters.filter((port) => port >= 0).map(String),
    ];
}
