/** Waits until the switch has found the other end of patches: it tells so a moment after both are there. */
import type { Host } from "../host";
import { untilTold } from "../host/until-told";
import { faultOf } from "./ovs-fault";

export const untilPatched = (host: Host, names: string[]): Promise<void> =>
    untilTold(host, (view) => names.every((name) => faultOf(view.byName("Interface", name), view) === undefined));
