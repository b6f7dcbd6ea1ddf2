/** libvirt's network XML, as `virsh net-dumpxml` writes it. */
import { childOf, childrenOf, type XmlElement } from "../../nics/outline";
import { NETWORK_XML } from "../../nics/reader";
import type { PlacedResource } from "../finding";
import type { ReadSource } from "../source";
import { rootOf } from "./xml";

export const readNetwork: ReadSource = (source) => {
    const { file } = source;
    const network = rootOf(source, "network");
    const placed = (type: string, name: string, at: XmlElement, props: object): PlacedResource => ({
        type,
        name,
        props,
        position: { file, line: at.line, column: at.column },
    });
    const name = childOf(network, "name")?.text.trim() || file;
    const bridge = childOf(network, "bridge");
    const link = bridge?.attributes.name;
    const addresses = childrenOf(network, "ip").flatMap((ip) => {
        const { address, prefix, netmask } = ip.attributes;
        const length = prefix ?? (netmask === undefined ? undefined : prefixOf(netmask));
        return address === undefined || length === undefined || link === undefined
            ? []
            : [
                  placed("kvmnet:host:Address", `${link} ${address}`, ip, {
                      link,
                      address: `${address}/${length}`,
                  }),
              ];
    });
    return [placed(NETWORK_XML, name, network, { networkXml: network }), ...addresses];
};

/** 255.255.255.0 as 24; undefined for what is no mask. */
function prefixOf(netmask: string): number | undefined {
    const parts = netmask.split(".").map(Number);
    if (parts.length !== 4 || parts.some((part) => !Number.isInteger(part) || part < 0 || part > 255)) return undefined;
    const bits = parts.map((part) => part.toString(2).padStart(8, "0")).join("");
    return /^1*0*$/.test(bits) ? bits.replaceAll("0", "").length : undefined;
}
