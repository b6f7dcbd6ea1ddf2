/** A port of a Linux bridge that is to be plugged in again as it was: its settings and VLANs, as they are noted. */
import { z } from "zod";
import type { PortVlans } from "../../schemas/bridge-vlans";
import type { Host } from "../host";
import type { Link } from "../host/links";
import type { Action } from "../plan";
import { PORT_SETTINGS } from "./bridge-port-settings";
import { declarationOf, defaultPvid, sameTable, tableOf, vlanLines, vlansOf } from "./bridge-vlans";
import type { Former } from "./former-values";
import { setLink } from "./link-marks";
import { told, wordsBetween } from "./link-settings";

/** What is to be noted of a port before it leaves its bridge: what the kernel does not give a new one. */
export async function formerPort(host: Host, link: Link, bridge: Link | undefined): Promise<Former> {
    if (bridge?.kind !== "bridge") return {};
    const words = wordsBetween(PORT_SETTINGS, {}, told(PORT_SETTINGS, link.slave, undefined));
    const vlans = await vlansOf(host, bridge, link.name);
    const isUsual = !vlans || sameTable(vlans, tableOf({}, defaultPvid(bridge) ?? 0));
    return {
        ...(words.length > 0 ? { portSettings: words.join(" ") } : {}),
        ...(isUsual ? {} : { portVlans: JSON.stringify(declarationOf(vlans, 0)) }),
    };
}

/** What gives it to a port that has just been plugged in, and is set down. */
export function portAgain(port: string, { portSettings, portVlans }: Former, bridge: Link): Action[] {
    const standard = defaultPvid(bridge);
    const lines =
        typeof portVlans === "string" && standard !== undefined
            ? vlanLines(port, tableOf({}, standard), tableOf(vlansFrom(portVlans), 0))
            : [];
    return [
        ...(typeof portSettings === "string"
            ? [{ via: "ip" as const, lines: [setLink(port, "type", "bridge_slave", ...portSettings.split(" "))] }]
            : []),
        ...(lines.length > 0 ? [{ via: "bridge" as const, lines }] : []),
    ];
}

const Noted = z.object({
    pvid: z.number().optional(),
    tagged: z.array(z.string()).optional(),
    untagged: z.array(z.string()).optional(),
});

const vlansFrom = (text: string): PortVlans => Noted.parse(JSON.parse(text));
