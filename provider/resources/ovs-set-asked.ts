/** What an import of a port set asks for, as its id says it. */
import { IfName } from "../../schemas/units";
import type { Replica } from "../host/ovsdb/replica";

/** Named ports of a bridge, or all that nobody has marked. */
export interface Asked {
    bridge: string;
    names: "all" | ReadonlySet<string>;
}

/** `BRIDGE/PORT,PORT` or `BRIDGE/all`; undefined for the id that state keeps, which is the bridge alone. */
export function askedOf(id: string): Asked | undefined {
    const at = id.indexOf("/");
    if (at < 0) return undefined;
    const names = id.slice(at + 1);
    return { bridge: id.slice(0, at), names: names === "all" ? "all" : new Set(names.split(",")) };
}

/** What is wrong with an id that a person typed. */
export function idProblem(id: string): string | undefined {
    const asked = askedOf(id);
    const names = asked && asked.names !== "all" ? [...asked.names] : [];
    const bad = [asked?.bridge ?? id, ...names].find((name) => !IfName.safeParse(name).success);
    return bad === undefined
        ? undefined
        : `${JSON.stringify(bad)} is no name of an interface; write the bridge and its ports, such as br0/web0,web1 or br0/all`;
}

/** What an import names and nobody has. */
export const missing = (view: Replica, asked: Asked | undefined, members: ReadonlyMap<string, unknown>): string[] =>
    asked === undefined || asked.names === "all"
        ? []
        : [...asked.names]
              .filter((name) => !members.has(name) && !view.byName("Port", name))
              .map((name) => `${name}: there is no such port`);
