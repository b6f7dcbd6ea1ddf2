/** The ports of a set over which somebody is connected to the host, and those that may take such a connection up. */
import type { PortOfSet } from "../../schemas/ovs-port-set";
import type { Host } from "../host";
import { keepPlugged } from "./operator-guard";
import { keepThrough } from "./ovs-port-path";
import type { Member } from "./ovs-set-here";
import type { Item } from "./ovs-set-items";

/** The link of the host that a port plugs in: neither the switch nor the set makes it. */
export const devicesOf = (name: string, { type = "system", tap }: PortOfSet): string[] =>
    type === "system" && !tap ? [name] : [];

/** The links of those that do not say that they may take an operator's path. */
export const untoldOf = (ports: readonly [string, PortOfSet][]): string[] =>
    ports.flatMap(([name, port]) => (port.takesOperatorPath ? [] : devicesOf(name, port)));

/** Before members are unplugged. @throws HostError refused where an operator's connection runs over one */
export async function keepAllPlugged(host: Host, subject: string, members: readonly Member[]): Promise<void> {
    await keepPlugged(
        host,
        subject,
        {},
        members.flatMap(({ name, rows, tap, takesOperatorPath }) => (rows && !tap && !takesOperatorPath ? [name] : [])),
    );
}

/** Before ports that stay are changed. @throws HostError refused where an operator's connection runs over one, and no longer would */
export async function keepAllThrough(
    host: Host,
    subject: string,
    bridge: string,
    items: readonly Item[],
): Promise<void> {
    await keepThrough(
        host,
        subject,
        {},
        items.flatMap(({ want, member, remade }) =>
            member?.tap || !member?.rows || want.takesOperatorPath
                ? []
                : [
                      {
                          // One that somebody has moved goes from there, whatever it carries.
                          was: { ...(member.state ?? want), name: member.name },
                          want,
                          moves: remade || member.holder?.name !== bridge,
                      },
                  ],
        ),
    );
}
