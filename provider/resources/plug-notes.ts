/** What the host's journal notes of a link that we have plugged into a Linux bridge: a plug can carry no mark. */
import { hasVlans } from "../../schemas/bridge-vlans";
import type { BridgePort } from "../../schemas/bridge-port";
import type { Host } from "../host";
import type { Link } from "../host/links";
import type { JournalEntry, Step } from "../plan";
import { lifeOf, note, noted } from "./former-values";

/** Whether VLANs are declared for it: where those are what the bridge gives by itself, nothing else tells. */
const DECLARES = "declaresVlans";

export const plugKey = (name: string) => `plug of ${name}`;

/** A plug is as old as the link and the bridge at the most: either may be made anew under its name. */
const lifeOfPlug = async (host: Host, link: Link, bridge: Link) =>
    `${await lifeOf(host, link)} in link ${bridge.index}`;

export async function notedPlug(host: Host, link: Link, bridge: Link | undefined): Promise<JournalEntry | undefined> {
    return bridge && (await noted(host, plugKey(link.name), await lifeOfPlug(host, link, bridge)));
}

/** The step before the first change: a run that is killed after it has its plug known as ours by the next. */
export async function notePlug(host: Host, link: Link, bridge: Link, want: BridgePort, mark: string): Promise<Step> {
    const key = plugKey(link.name);
    const life = await lifeOfPlug(host, link, bridge);
    return note(key, mark, life, {}, await host.journal.get(key), { [DECLARES]: hasVlans(want) });
}

/** Whether VLANs are declared for a link that is plugged in. */
export const declaresVlans = async (host: Host, link: Link, bridge: Link): Promise<boolean> =>
    (await notedPlug(host, link, bridge))?.former[DECLARES] === true;
