/** XML files of libvirt: one root, nothing declared. */
import { maybe, NotKnown } from "../../known";
import { type Kept, parseOutline, type XmlElement } from "../../nics/outline";
import { type Source, Unreadable } from "../source";

/** @throws Unreadable where it is no such XML */
export function rootOf({ file, text }: Source, name: string, kept?: Kept): XmlElement {
    const root = maybe(() => parseOutline(text, file, kept));
    if (root instanceof NotKnown) throw new Unreadable(`${root.because}.`);
    if (root.name !== name)
        throw new Unreadable(`${file} is XML of <${root.name.slice(0, 60)}>; <domain> and <network> are read.`);
    return root;
}
