/** The domain that the 0.8 line writes before its stylesheet, as far as a stylesheet for NICs reads it. */
import { at, countAt, listAt, textAt } from "../inputs";
import { known, type Maybe, maybe, NotKnown } from "../known";
import { UNSAID } from "./guest-nic";
import { UNREADABLE } from "./outline";
import { emptyDocument } from "./xml";

/** Stands for the address that the provider makes up where none is given: no stylesheet can know it. */
const MADE_UP_MAC = "made up by the provider";

/**
 * @returns  XML with what the provider takes from the arguments; of devices, NICs and the screen
 * @throws   NotKnown where even the number of NICs is open
 * @see      terraform-provider-libvirt v0.8.3, libvirt/domain.go (setNetworkInterfaces, setGraphics), resource_libvirt_domain.go (Create)
 */
export function classicXml(props: unknown): Document {
    const document = emptyDocument();
    const under = (
        parent: Node,
        name: string,
        attributes: Record<string, Maybe<string | undefined>> = {},
        text = "",
    ) => {
        const element = document.createElement(name);
        for (const [key, value] of Object.entries(attributes)) {
            if (value !== undefined) element.setAttribute(key, value instanceof NotKnown ? UNREADABLE : value);
        }
        if (text) element.appendChild(document.createTextNode(text));
        return parent.appendChild(element);
    };
    const written = (value: Maybe<string | number | undefined>) =>
        value instanceof NotKnown ? UNREADABLE : String(value ?? "");

    const domain = under(document, "domain", { type: maybe(() => known(textAt(props, "type")) ?? "kvm") });
    under(domain, "name", {}, written(textAt(props, "name")));
    under(domain, "vcpu", {}, written(countAt(UNSAID.vcpus, props, "vcpu")));
    const os = under(domain, "os");
    under(os, "type", { arch: textAt(props, "arch"), machine: textAt(props, "machine") }, "hvm");
    const devices = under(domain, "devices");

    for (const nic of known(listAt(props, "networkInterfaces"))) {
        const { type, source } = sourceOf(nic);
        const element = under(devices, "interface", { type });
        const mac = textAt(nic, "mac");
        under(element, "mac", { address: typeof mac === "string" ? mac.toUpperCase() : (mac ?? MADE_UP_MAC) });
        if (source) under(element, "source", source);
        under(element, "model", { type: "virtio" });
    }
    const arch = textAt(props, "arch");
    const screens = listAt(props, "graphics");
    const screen = screens instanceof NotKnown ? screens : screens[0];
    if (screen !== undefined && !(typeof arch === "string" && WITHOUT_SCREEN.test(arch))) {
        const element = under(devices, "graphics", { type: textAt(screen, "type") });
        const type = textAt(screen, "listenType");
        const address = maybe(() => known(type) && (known(textAt(screen, "listenAddress")) ?? "127.0.0.1"));
        if (type === "address" || type instanceof NotKnown) under(element, "listen", { type, address });
    }
    return document;
}

/** On these the provider leaves the screen out. */
const WITHOUT_SCREEN = /^(aarch64|s390x|ppc64.*)$/;

/** What the NIC is plugged into; the first of these that is set wins, as in the provider. */
function sourceOf(nic: unknown): { type?: string; source?: Record<string, Maybe<string | undefined>> } {
    const given = (name: string) => at(nic, name) !== undefined && at(nic, name) !== null && at(nic, name) !== "";
    if (nic instanceof NotKnown) return { type: UNREADABLE };
    if (given("networkName")) return { type: "network", source: { network: textAt(nic, "networkName") } };
    // The provider asks libvirt for the network's name.
    if (given("networkId")) return { type: "network", source: { network: UNREADABLE } };
    if (given("bridge")) return { type: "bridge", source: { bridge: textAt(nic, "bridge") } };
    for (const [name, mode] of [
        ["vepa", "vepa"],
        ["private", "private"],
        ["macvtap", "bridge"],
        ["passthrough", "passthrough"],
    ] as const)
        if (given(name)) return { type: "direct", source: { dev: textAt(nic, name), mode } };
    return {};
}
