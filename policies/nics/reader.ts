/** NICs of a Domain, in whichever line of @pulumi/libvirt it is written, or in libvirt's own XML. */
import { at, textAt } from "../inputs";
import { type Maybe, NotKnown } from "../known";
import type { Reader } from "../rule";
import { fileNics } from "./domain-xml";
import { atOf, type GuestNic, nameOf } from "./guest-nic";
import { nativeNics } from "./native";
import { networkNics } from "./network-xml";
import type { XmlElement } from "./outline";
import { PROXMOX_VM, type ProxmoxVm, proxmoxNics } from "./proxmox";

/** A domain's XML; its property `domainXml` holds the text, or the outline of one that was parsed already. */
export const DOMAIN_XML = "libvirt:xml:Domain";

/** A network's XML; its property `networkXml` holds the outline. */
export const NETWORK_XML = "libvirt:xml:Network";

/** Types that files have, and no program that Pulumi runs. */
const OF_FILES: readonly string[] = [DOMAIN_XML, NETWORK_XML, PROXMOX_VM];

/** Whether the engine ever shows a resource of that type: what stands in files, and changes, it does not. */
export const isOfPrograms = (type: string): boolean => !OF_FILES.includes(type) && !type.startsWith("kvmnet:lint:");

/** Domains whose NICs are kept by what they say: the engine shows each rule the same one anew. */
const KEPT = 32;
const kept = new Map<string, Maybe<GuestNic>[]>();

/** And by the object itself, where all rules are shown one. */
const keptOf = new WeakMap<object, Maybe<GuestNic>[]>();

export const guestNics: Reader<GuestNic> = {
    types: ["libvirt:index/domain:Domain", ...OF_FILES],
    read(props) {
        if (props instanceof NotKnown) return [props];
        if (typeof props !== "object" || props === null) return readByText(props);
        const before = keptOf.get(props);
        if (before) return before;
        const nics = nicsOfFile(props) ?? readByText(props);
        keptOf.set(props, nics);
        return nics;
    },
    name: nameOf,
    at: atOf,
};

/** What a reader of the linter parsed already; undefined for anything else. */
function nicsOfFile(props: object): Maybe<GuestNic>[] | undefined {
    const [domain, network] = [at(props, "domainXml"), at(props, "networkXml")];
    if (isOutline(domain))
        return fileNics(domain, at(props, "networks") as ReadonlyMap<string, XmlElement> | undefined);
    if (isOutline(network)) return networkNics(network);
    const vm = at(props, "proxmoxVm");
    return vm === undefined ? undefined : proxmoxNics(vm as ProxmoxVm);
}

function readByText(props: unknown): Maybe<GuestNic>[] {
    const text = textAt(props, "domainXml");
    const key = typeof text === "string" ? text : JSON.stringify(props);
    const before = kept.get(key);
    if (before) return before;
    const nics =
        typeof text === "string" ? fileNics(text) : isNative(props) ? nativeNics(props) : lateClassicNics(props);
    if (kept.size >= KEPT) kept.delete([...kept.keys()][0] ?? "");
    kept.set(key, nics);
    return nics;
}

/** Loaded when it is needed: XPath and the DOM take longer to load than all that is needed without them. */
function lateClassicNics(props: unknown): Maybe<GuestNic>[] {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- an import() would make every judgement a promise
    const { classicNics } = require("./classic") as typeof import("./classic");
    return classicNics(props);
}

/** Whether that is an element of XML that was parsed already. */
export const isOutline = (value: unknown): value is XmlElement =>
    typeof value === "object" && value !== null && "attributes" in value && "span" in value;

/** Both lines have one type token; `devices` is there in the 0.9 line alone. */
const isNative = (props: unknown) => at(props, "devices") !== undefined;
