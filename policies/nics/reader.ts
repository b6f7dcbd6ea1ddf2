/** NICs of a Domain, in whichever line of @pulumi/libvirt it is written, or in libvirt's own XML. */
import { at, textAt } from "../inputs";
import type { Maybe } from "../known";
import type { Reader } from "../rule";
import { fileNics } from "./domain-xml";
import { atOf, type GuestNic, nameOf } from "./guest-nic";
import { nativeNics } from "./native";
import type { XmlElement } from "./outline";

/** A domain's XML; its property `domainXml` holds the text, or the outline of one that was parsed already. */
export const DOMAIN_XML = "libvirt:xml:Domain";

/** Domains whose NICs are kept by what they say: the engine shows each rule the same one anew. */
const KEPT = 32;
const kept = new Map<string, Maybe<GuestNic>[]>();

/** And by the object itself, where all rules are shown one. */
const keptOf = new WeakMap<object, Maybe<GuestNic>[]>();

export const guestNics: Reader<GuestNic> = {
    types: ["libvirt:index/domain:Domain", DOMAIN_XML],
    read(props) {
        if (typeof props !== "object" || props === null) return readByText(props);
        const before = keptOf.get(props);
        if (before) return before;
        const outline = at(props, "domainXml");
        const nics = isOutline(outline) ? fileNics(outline) : readByText(props);
        keptOf.set(props, nics);
        return nics;
    },
    name: nameOf,
    at: atOf,
};

function readByText(props: unknown): Maybe<GuestNic>[] {
    const text = textAt(props, "domainXml");
    const key = typeof text === "string" ? text : JSON.stringify(props);
    const before = kept.get(key);
    if (before) return before;
    const nics = typeof text === "string" ? fileNics(text) : isNative(props) ? nativeNics(props) : classicNics(props);
    if (kept.size >= KEPT) kept.delete([...kept.keys()][0] ?? "");
    kept.set(key, nics);
    return nics;
}

/** Loaded when it is needed: XPath and the DOM take longer to load than all that is needed without them. */
const classicNics: (props: unknown) => Maybe<GuestNic>[] = (props) =>
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- an import() would make every judgement a promise
    (require("./classic") as typeof import("./classic")).classicNics(props);

const isOutline = (value: unknown): value is XmlElement =>
    typeof value === "object" && value !== null && "attributes" in value && "span" in value;

/** Both lines have one type token; `devices` is there in the 0.9 line alone. */
const isNative = (props: unknown) => at(props, "devices") !== undefined;
