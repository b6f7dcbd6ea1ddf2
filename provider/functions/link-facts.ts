/** What can be told of any link, from the kernel, its hardware and who else manages it. */
import type { LinkFacts } from "../../schemas/facts";
import type { Host } from "../host";
import type { ChannelsSeen, Rings } from "../host/ethtool";
import type { Hardware } from "../host/hardware";
import type { Link } from "../host/links";
import { managersOf, readClaims } from "../host/managers";
import { ownerFrom } from "../owner";

interface Seen {
    hardware?: Hardware;
    rings?: Rings;
    channels?: ChannelsSeen;
}

/** @param seen what was read of a link's hardware, by its name */
export async function linkFacts(host: Host, links: Link[], seen: (name: string) => Seen): Promise<LinkFacts[]> {
    const [all, claims] = await Promise.all([host.links(), readClaims(host)]);
    return links.map((link) => {
        const { name, index, kind, mac, mtu, up, flags, master } = link;
        const { hardware, rings, channels } = seen(name);
        const { driver, busAddress, speed, duplex, numaNode, pcie } = hardware ?? {};
        const managers = managersOf(claims, link, all);
        const some = {
            kind,
            mac,
            master,
            owner: ownerFrom(link.alias)?.mark,
            managers: managers.length > 0 ? managers : undefined,
            driver,
            busAddress,
            speed,
            duplex,
            numaNode,
            pcie,
            rings: hasKeys(rings) ? rings : undefined,
            channels: hasKeys(channels?.most) ? channels : undefined,
        };
        return {
            name,
            index,
            mtu,
            up,
            carrier: flags.includes("LOWER_UP"),
            ...Object.fromEntries(Object.entries(some).filter(([, value]) => value !== undefined)),
        };
    });
}

const hasKeys = (bag: object | undefined) => bag !== undefined && Object.keys(bag).length > 0;
