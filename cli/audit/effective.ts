/** A running guest's XML with the values that it really has, so that the rules for domain XML judge those. */
import { DOMParser, type Element, XMLSerializer } from "@xmldom/xmldom";
import { deviceOf, type QemuNic } from "./qemu-line";

/** What QEMU gives a virtio NIC that it is told nothing of (hw/net/virtio-net.c) [descriptors]. */
const RING = 256;

/**
 * @param xml   what `virsh dumpxml` prints of a running guest
 * @param nics  what QEMU's command line says; a NIC that it does not name stays as libvirt has it
 * @param vcpus virtual CPUs that are plugged in now [count]; undefined where nobody said
 * @throws Error where it is no XML
 */
export function effectiveXml(xml: string, nics: readonly QemuNic[], vcpus: number | undefined): string {
    const document = new DOMParser({ onError: refuse }).parseFromString(xml, "application/xml");
    const root = document.documentElement;
    const devices = root && childOf(root, "devices");
    for (const element of devices ? childrenOf(devices, "interface") : []) {
        const said = (child: string, attribute: string) =>
            childOf(element, child)?.getAttribute(attribute) || undefined;
        const nic = deviceOf(nics, {
            alias: said("alias", "name"),
            mac: said("mac", "address"),
            model: said("model", "type"),
            queues: Number(said("driver", "queues") ?? 1),
        });
        if (nic) write(element, nic);
    }
    const count = root && childOf(root, "vcpu");
    if (count && vcpus !== undefined) count.textContent = String(vcpus);
    return new XMLSerializer().serializeToString(document);
}

function write(element: Element, { model, queues, rxRing = RING, txRing, backend, vhost }: QemuNic): void {
    part(element, "model").setAttribute("type", model);
    if (model !== "virtio") return;
    const driver = part(element, "driver");
    driver.setAttribute("queues", String(queues));
    driver.setAttribute("rx_queue_size", String(rxRing));
    if (txRing !== undefined) driver.setAttribute("tx_queue_size", String(txRing));
    if (backend === "tap") driver.setAttribute("name", vhost ? "vhost" : "qemu");
}

/** The child of that name, made where it is missing. */
function part(element: Element, name: string): Element {
    const there = childOf(element, name);
    if (there) return there;
    const fresh = element.ownerDocument?.createElement(name);
    if (!fresh) throw new Error("an element of no document has no parts");
    element.appendChild(fresh);
    return fresh;
}

const childOf = (element: Element, name: string) => childrenOf(element, name)[0];

const childrenOf = (element: Element, name: string): Element[] =>
    Array.from(element.childNodes).filter((node): node is Element => node.nodeType === 1 && node.nodeName === name);

function refuse(_level: string, message: string): never {
    throw new Error(message);
}
