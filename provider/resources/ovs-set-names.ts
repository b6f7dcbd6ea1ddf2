/** Names of a set's ports that somebody else has. */
import type { PortOfSet } from "../../schemas/ovs-port-set";
import type { Host } from "../host";
import { HostError } from "../host/errors";
import type { Link } from "../host/links";
import { keyOf, textOf } from "../host/ovsdb/columns";
import type { Replica } from "../host/ovsdb/replica";
import { belonging, OWNER_KEY } from "../owner";
import { heldBy } from "./ovs-held";
import { isMadeBySwitch } from "./ovs-link-up";
import { listed, type Member, type SetHere } from "./ovs-set-here";

/** All of them at once, and whose they are. @throws HostError conflict */
export function refuseTaken(
    host: Host,
    subject: string,
    view: Replica,
    links: ReadonlyMap<string, Link>,
    touched: readonly [string, PortOfSet][],
    here: SetHere | undefined,
): void {
    const taken = touched.flatMap(([name, { tap }]) => {
        const member = here?.members.get(name);
        if (!member?.rows) {
            const port = view.byName("Port", name);
            const on = port && (textOf(view.holderOf(port)?.name) ?? "no bridge");
            if (port) return [`a port ${name} is on ${on}${ofWhom(keyOf(port.external_ids, OWNER_KEY))}`];
            const held = heldBy(view, name);
            if (held !== undefined) return [held];
        }
        return tap && !member?.tap && !isOfSwitch(member) && links.has(name)
            ? [`a link ${name} is on ${host.where}${ofWhom(links.get(name)?.alias)}`]
            : [];
    });
    if (taken.length === 0) return;
    throw new HostError(
        "conflict",
        subject,
        `not all names of its ports are free: ${listed(taken)}`,
        "These are left alone, and nothing was changed. Choose other names; or take an interface out of the other port first; or, to take ports over, import them as a set of their own " +
            "with `pulumi import kvmnet:ovs:PortSet NAME BRIDGE/PORT,PORT`.",
    );
}

function ofWhom(mark: string | undefined): string {
    const whose = belonging(mark);
    return whose === undefined ? "" : `, and ${whose}`;
}

/** Whether the switch has made the link of a port that is there. */
const isOfSwitch = (member: Member | undefined): boolean => isMadeBySwitch(member?.rows?.links[0]);
