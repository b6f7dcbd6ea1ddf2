/** NICs of a Domain, in whichever line of @pulumi/libvirt it is written. */
import { at, textAt } from "../inputs";
import type { Maybe } from "../known";
import type { Reader } from "../rule";
import { classicNics, xmlNics } from "./classic";
import { atOf, type GuestNic, nameOf } from "./guest-nic";
import { nativeNics } from "./native";

/** A domain's XML in a file; its property `domainXml` holds the text. */
export const DOMAIN_XML = "libvirt:xml:Domain";

/** Domains whose NICs are kept: every rule asks for the same, and several resources may be judged at a time. */
const KEPT = 32;

const kept = new Map<string, Maybe<GuestNic>[]>();

export const guestNics: Reader<GuestNic> = {
    types: ["libvirt:index/domain:Domain", DOMAIN_XML],
    read(props) {
        const text = textAt(props, "domainXml");
        const key = typeof text === "string" ? text : JSON.stringify(props);
        const before = kept.get(key);
        if (before) return before;
        const nics =
            typeof text === "string" ? xmlNics(text) : isNative(props) ? nativeNics(props) : classicNics(props);
        if (kept.size >= KEPT) kept.delete([...kept.keys()][0] ?? "");
        kept.set(key, nics);
        return nics;
    },
    name: nameOf,
    at: atOf,
};

/** Both lines have one type token; `devices` is there in the 0.9 line alone. */
const isNative = (props: unknown) => at(props, "devices") !== undefined;
