/** libvirt's domain XML, as `virsh dumpxml` writes it. */
import { LOOKED_AT } from "../../nics/domain-xml";
import { childOf } from "../../nics/outline";
import { DOMAIN_XML } from "../../nics/reader";
import type { ReadSource } from "../source";
import { rootOf } from "./xml";

export const readDomain: ReadSource = (source) => {
    const domain = rootOf(source, "domain", LOOKED_AT);
    const name = childOf(domain, "name")?.text.trim() || source.file;
    const { line, column } = domain;
    return [{ type: DOMAIN_XML, name, props: { domainXml: domain }, position: { file: source.file, line, column } }];
};
