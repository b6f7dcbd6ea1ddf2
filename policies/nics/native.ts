/** The 0.9 line of @pulumi/libvirt: a Domain mirrors libvirt's XML. */
import { at, countAt, listAt, textAt } from "../inputs";
import { type Maybe, maybe, NotKnown } from "../known";
import { type GuestNic, UNSAID } from "./guest-nic";
import { guestSaidByArguments, nicSaidByArguments } from "./said";

/** NICs under `devices.interfaces`. */
export function nativeNics(props: unknown): Maybe<GuestNic>[] {
    const interfaces = listAt(props, "devices", "interfaces");
    if (interfaces instanceof NotKnown) return [new NotKnown("the domain's interfaces are not known yet")];
    const guest = {
        vcpus: countAt(UNSAID.vcpus, props, "vcpu"),
        arch: textAt(props, "os", "typeArch"),
        said: guestSaidByArguments(props),
    };
    return interfaces.map((nic, index) => ({
        guest,
        mac: lowerCase(textAt(nic, "mac", "address")),
        tap: textAt(nic, "target", "dev"),
        backend: backendOf(at(nic, "source")),
        model: textAt(nic, "model", "type"),
        queues: countAt(UNSAID.queues, nic, "driver", "queues"),
        rxRing: countAt(UNSAID.rxRing, nic, "driver", "rxQueueSize"),
        said: nicSaidByArguments(nic),
        written: { line: "native", index },
        index,
    }));
}

/** That line says the type of an interface by which key its source has. */
const backendOf = (source: unknown): Maybe<string | undefined> =>
    maybe(() => {
        if (source instanceof NotKnown) throw source;
        if (typeof source !== "object" || source === null) return undefined;
        const [kind] = Object.entries(source).find(([, value]) => value !== undefined && value !== null) ?? [];
        return kind?.toLowerCase();
    });

const lowerCase = (text: Maybe<string | undefined>) => (typeof text === "string" ? text.toLowerCase() : text);
