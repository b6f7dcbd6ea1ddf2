/** A domain or network before and after: only a preview tells both, and the engine shows a policy pack the later one alone. */
import { at, textAt } from "../inputs";
import type { Maybe } from "../known";
import type { Reader } from "../rule";
import type { GuestNic } from "./guest-nic";
import { guestNics } from "./reader";

/** What the linter makes of a step that changes a domain or network; no program and no state holds such a resource. */
export const CHANGE = "kvmnet:lint:Change";

export interface DomainChange {
    /** Whether the preview replaces the domain, rather than calling it an update. */
    replaces: boolean;
    /** Line of @pulumi/libvirt that it is written in. */
    from: "classic" | "native";
    to: "classic" | "native";
    before: Maybe<GuestNic>[];
    after: Maybe<GuestNic>[];
}

const lineOf = (props: unknown) => (at(props, "devices") === undefined ? "classic" : "native");

/** Changes of domains. */
export const domainChanges: Reader<DomainChange> = {
    types: [CHANGE],
    read(props) {
        if (textAt(props, "kind") !== "domain") return [];
        const [before, after] = [at(props, "before"), at(props, "after")];
        return [
            {
                replaces: at(props, "replaces") === true,
                from: lineOf(before),
                to: lineOf(after),
                before: guestNics.read(before),
                after: guestNics.read(after),
            },
        ];
    },
    name: () => "its NICs",
};

/** The NIC of the same address, else that of the same place. */
export function formerOf(nic: GuestNic, before: readonly Maybe<GuestNic>[]): GuestNic | undefined {
    const nics = before.filter((one): one is GuestNic => "index" in one);
    return (
        nics.find(({ mac }) => typeof mac === "string" && mac === nic.mac) ??
        nics.find(({ index }) => index === nic.index)
    );
}
