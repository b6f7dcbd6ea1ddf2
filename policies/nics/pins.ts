/** CPUs that a guest's vCPUs are pinned to one by one; a list for several is the host's choice and no promise. */
import { cpuSetOf } from "../../schemas/cpu-list";
import { at, listAt, textAt } from "../inputs";
import { known, NotKnown } from "../known";
import { childrenOf, keptPlaces, parseOutline, UNREADABLE, type XmlElement } from "./outline";

const PINS = keptPlaces(["cputune/vcpupin@cpuset"]);

/** @param props of a domain: arguments of the 0.9 line, or libvirt's XML. @throws NotKnown */
export function pinnedCpus(props: unknown): number[] {
    return listsOf(props).flatMap((list) => {
        const cpus = cpuSetOf(list);
        return cpus?.length === 1 ? cpus : [];
    });
}

function listsOf(props: unknown): string[] {
    const domain = at(props, "domainXml");
    if (typeof domain === "object" && domain !== null && "children" in domain) return listsOfXml(domain as XmlElement);
    const text = known(textAt(props, "domainXml"));
    if (text !== undefined) return listsOfXml(parseOutline(text, "the file", PINS));
    return known(listAt(props, "cpuTune", "vcpuPins")).map((pin) => known(textAt(pin, "cpuSet")) ?? "");
}

const listsOfXml = (domain: XmlElement): string[] =>
    childrenOf(domain, "cputune")
        .flatMap((tune) => childrenOf(tune, "vcpupin"))
        .map(({ attributes }) => {
            const list = attributes.cpuset ?? "";
            if (list.includes(UNREADABLE)) throw new NotKnown("its pinning is not known yet");
            return list;
        });
