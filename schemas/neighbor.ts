/** An entry of the neighbour table (ARP, NDP) that stays, in the words of ip-neighbour(8). */
import { z } from "zod";
import { IpAddress, LinkName } from "./ip-text";
import { toggle } from "./link-parts";
import { withCrossCheck } from "./named";
import { takesOperatorPath } from "./operator-path";
import { Mac } from "./units";

const Fields = z.strictObject({
    link: LinkName.describe("Link that the neighbour is on; a change replaces the entry."),
    address: IpAddress.describe("IPv4 or IPv6 address of the neighbour; a change replaces the entry."),
    mac: Mac.optional().describe("MAC address that packets for it go to; none with proxy. Changes live."),
    proxy: toggle("proxy")
        .default(false)
        .describe(
            "Whether this host answers for the address on the link, instead of knowing its MAC address (proxy ARP, proxy NDP; the latter needs the sysctl net.ipv6.conf.LINK.proxy_ndp). A change replaces the entry.",
        ),
    takesOperatorPath: takesOperatorPath(
        "may give another MAC address to the other end of an SSH connection to the host, or to the router to it",
    ),
});

export const Neighbor = withCrossCheck(Fields, ({ mac, proxy }, say) => {
    if (proxy === true && mac !== undefined) say(["mac"], "this host answers with its own MAC address; leave mac out");
    if (proxy === false && mac === undefined) say(["mac"], "an entry needs the neighbour's mac, or proxy: true");
});
export type Neighbor = z.output<typeof Neighbor>;
