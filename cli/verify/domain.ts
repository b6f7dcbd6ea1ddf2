/** What libvirt says of a guest's NICs. */
import { DOMParser, type Element } from "@xmldom/xmldom";

/** A NIC as the domain's XML has it; what it does not say is absent. */
export interface XmlNic {
    mac: string;
    /** What QEMU calls the device, while the guest runs. */
    alias?: string;
    model?: string;
    /** Backend driver that is named: vhost or qemu. */
    driver?: string;
    queues: number;
    rxRing?: number;
    txRing?: number;
    mtu?: number;
    tap?: string;
}

/** NICs out of what `virsh dumpxml` prints. */
export function nicsOfXml(text: string): XmlNic[] {
    const document = new DOMParser().parseFromString(text, "text/xml");
    return Array.from(document.getElementsByTagName("interface")).map((nic) => {
        const child = (name: string): Element | undefined => nic.getElementsByTagName(name)[0];
        const number = (element: string, attribute: string) => {
            const value = child(element)?.getAttribute(attribute);
            return value ? Number(value) : undefined;
        };
        const said = (element: string, attribute: string) => child(element)?.getAttribute(attribute) || undefined;
        return {
            mac: (said("mac", "address") ?? "").toLowerCase(),
            alias: said("alias", "name"),
            model: said("model", "type"),
            driver: said("driver", "name"),
            queues: number("driver", "queues") ?? 1,
            rxRing: number("driver", "rx_queue_size"),
            txRing: number("driver", "tx_queue_size"),
            mtu: number("mtu", "size"),
            tap: said("target", "dev"),
        };
    });
}
