/** What a domain says of a NIC and of its guest, field by field, as text: one table for libvirt's XML and for the 0.9 line. */
import { at } from "../inputs";
import { type Maybe, NotKnown } from "../known";
import type { XmlElement } from "./outline";

interface Place {
    /** Child elements under the interface or domain, then `@` and the attribute; without `@` whether the element is there. */
    xml: string;
    /**
     * Path in the 0.9 line's arguments, which mirror the XML (terraform-provider-libvirt, docs/resources/domain.md); 0 is
     * any element of a list, * any key of an object.
     */
    native: string;
}

/** Fields of `<interface>`. */
const NIC = {
    model: { xml: "model@type", native: "model.type" },
    queues: { xml: "driver@queues", native: "driver.queues" },
    rxRing: { xml: "driver@rx_queue_size", native: "driver.rxQueueSize" },
    txRing: { xml: "driver@tx_queue_size", native: "driver.txQueueSize" },
    driver: { xml: "driver@name", native: "driver.name" },
    packed: { xml: "driver@packed", native: "driver.packed" },
    rss: { xml: "driver@rss", native: "driver.rss" },
    rssHashReport: { xml: "driver@rss_hash_report", native: "driver.rssHashReport" },
    hostCsum: { xml: "driver/host@csum", native: "driver.host.csum" },
    hostGso: { xml: "driver/host@gso", native: "driver.host.gso" },
    hostTso4: { xml: "driver/host@tso4", native: "driver.host.tso4" },
    hostTso6: { xml: "driver/host@tso6", native: "driver.host.tso6" },
    mrgRxbuf: { xml: "driver/host@mrg_rxbuf", native: "driver.host.mrgRxBuf" },
    guestCsum: { xml: "driver/guest@csum", native: "driver.guest.csum" },
    guestTso4: { xml: "driver/guest@tso4", native: "driver.guest.tso4" },
    guestTso6: { xml: "driver/guest@tso6", native: "driver.guest.tso6" },
    mtu: { xml: "mtu@size", native: "mtu.size" },
    teaming: { xml: "teaming@type", native: "teaming.type" },
    bridge: { xml: "source@bridge", native: "source.bridge.bridge" },
    network: { xml: "source@network", native: "source.network.network" },
    device: { xml: "source@dev", native: "source.direct.dev" },
    directMode: { xml: "source@mode", native: "source.direct.mode" },
    socketMode: { xml: "source@mode", native: "source.vhostUser.chardev.unix.mode" },
    socketPath: { xml: "source@path", native: "source.vhostUser.chardev.unix.path" },
    reconnect: { xml: "source/reconnect@enabled", native: "source.vhostUser.chardev.unix.reconnect.enabled" },
    openVSwitch: { xml: "virtualport@type", native: "virtualPort.params.openVSwitch" },
    vlanTrunk: { xml: "vlan@trunk", native: "vlan.trunk" },
    vlanTag: { xml: "vlan/tag@id", native: "vlan.tags.0.id" },
    inAverage: { xml: "bandwidth/inbound@average", native: "bandwidth.inbound.average" },
    inPeak: { xml: "bandwidth/inbound@peak", native: "bandwidth.inbound.peak" },
    inFloor: { xml: "bandwidth/inbound@floor", native: "bandwidth.inbound.floor" },
    outAverage: { xml: "bandwidth/outbound@average", native: "bandwidth.outbound.average" },
    outPeak: { xml: "bandwidth/outbound@peak", native: "bandwidth.outbound.peak" },
    filter: { xml: "filterref@filter", native: "filterRef.filter" },
    filterParameter: { xml: "filterref/parameter@name", native: "filterRef.parameters.0.name" },
    trustGuestRxFilters: { xml: "@trustGuestRxFilters", native: "trustGuestRxFilters" },
    managed: { xml: "@managed", native: "managed" },
    targetManaged: { xml: "target@managed", native: "target.managed" },
    alias: { xml: "alias@name", native: "alias.name" },
    teamingPartner: { xml: "teaming@persistent", native: "teaming.persistent" },
} satisfies Record<string, Place>;
export type NicField = keyof typeof NIC;

/** Fields of `<domain>` that rules for NICs need. */
const GUEST = {
    type: { xml: "@type", native: "type" },
    /** Libvirt's number of a guest while it runs. */
    runningId: { xml: "@id", native: "domainId" },
    memoryAccess: { xml: "memoryBacking/access@mode", native: "memoryBacking.memoryAccess.mode" },
    cellAccess: { xml: "cpu/numa/cell@memAccess", native: "cpu.numa.cells.0.memAccess" },
    hugepages: { xml: "memoryBacking/hugepages", native: "memoryBacking.memoryHugePages" },
    vcpuPin: { xml: "cputune/vcpupin@cpuset", native: "cpuTune.vcpuPins.0.cpuSet" },
    emulatorPin: { xml: "cputune/emulatorpin@cpuset", native: "cpuTune.emulatorPin.cpuSet" },
    memoryNodes: { xml: "numatune/memory@nodeset", native: "numaTune.memory.nodeset" },
    placement: { xml: "vcpu@placement", native: "vcpuPlacement" },
    graphicsListen: { xml: "devices/graphics@listen", native: "devices.graphics.0.*.listen" },
    graphicsListener: {
        xml: "devices/graphics/listen@address",
        native: "devices.graphics.0.*.listeners.0.address.address",
    },
    graphicsPassword: { xml: "devices/graphics@passwd", native: "devices.graphics.0.*.passwd" },
    iothreads: { xml: "iothreads", native: "ioThreads" },
    diskIothread: { xml: "devices/disk/driver@iothread", native: "devices.disks.0.driver.ioThread" },
    controllerIothread: { xml: "devices/controller/driver@iothread", native: "devices.controllers.0.driver.ioThread" },
} satisfies Record<string, Place>;
export type GuestField = keyof typeof GUEST;

/** Where in `<domain>` such fields stand. */
export const GUEST_PLACES: readonly string[] = Object.values(GUEST).map(({ xml }) => xml);

/** Answers of what is written. An element or object that is merely there reads `present`. */
export interface Said<Field extends string> {
    /** The first text of a field; undefined where nothing is said. */
    (field: Field): Maybe<string | undefined>;
    /** Every text of a field that may stand several times. */
    all: (field: Field) => Maybe<string>[];
}

/** Of fields that stand once. */
export const saidOnce = <Field extends string>(one: (field: Field) => Maybe<string | undefined>): Said<Field> =>
    Object.assign((field: Field) => one(field), {
        all: (field: Field) => [one(field)].filter((text) => text !== undefined),
    });

/** What the first says of several that says anything of a field. */
export const firstOf = <Field extends string>(several: (field: Field) => readonly Said<Field>[]): Said<Field> => {
    const speaker = (field: Field) => several(field).find((said) => said(field) !== undefined);
    return Object.assign((field: Field) => speaker(field)?.(field), {
        all: (field: Field) => speaker(field)?.all(field) ?? [],
    });
};

/** The first is asked for most of the time, so what comes after it is not looked for. */
const saidBy = <Field extends string>(each: (field: Field) => Iterable<Maybe<string>>): Said<Field> =>
    Object.assign(
        (field: Field) => {
            const [first] = each(field);
            return first;
        },
        { all: (field: Field) => [...each(field)] },
    );

export const nicSaidByXml = (element: XmlElement, unreadable: string): Said<NicField> =>
    saidByXml(NIC_STEPS, element, unreadable);
export const guestSaidByXml = (element: XmlElement, unreadable: string): Said<GuestField> =>
    saidByXml(GUEST_STEPS, element, unreadable);
export const nicSaidByArguments = (nic: unknown): Said<NicField> => saidByArguments(NIC_STEPS, nic);
export const guestSaidByArguments = (domain: unknown): Said<GuestField> => saidByArguments(GUEST_STEPS, domain);

/** Where a person writes the field: `driver.txQueueSize`, or `<driver tx_queue_size="...">`. */
export const placeOf = (field: NicField, line: "classic" | "native" | "xml"): string => {
    const { xml, native } = NIC[field];
    if (line === "native") return native;
    const [path = "", attribute] = xml.split("@");
    const element = path.split("/").at(-1) || "interface";
    return attribute ? `<${element} ${attribute}="...">` : `<${element}>`;
};

/** A place taken apart: the names of its elements and its attribute, and its path in arguments. */
interface Steps {
    elements: readonly string[];
    attribute: string | undefined;
    native: readonly (string | number)[];
}

function stepsOf({ xml, native }: Place): Steps {
    const [path = "", attribute] = xml.split("@");
    return {
        elements: path.split("/").filter(Boolean),
        attribute,
        native: native.split(".").map((part) => (/^\d+$/.test(part) ? Number(part) : part)),
    };
}

/** Once for all: every rule asks of every NIC. */
const takenApart = <Field extends string>(places: Record<Field, Place>) =>
    Object.fromEntries(Object.entries<Place>(places).map(([field, place]) => [field, stepsOf(place)])) as Record<
        Field,
        Steps
    >;
const NIC_STEPS = takenApart<NicField>(NIC);
const GUEST_STEPS = takenApart<GuestField>(GUEST);

/** The elements below an interface and the attribute of the last in which the field stands. */
export const xmlStepsOf = (field: NicField): Pick<Steps, "elements" | "attribute"> => NIC_STEPS[field];

/** The elements that stand at a path and say it, whichever of their parents are there several times. */
function* elementsAt(root: XmlElement, steps: Steps, from = 0): Generator<XmlElement> {
    const name = steps.elements[from];
    if (name === undefined) {
        if (steps.attribute === undefined || steps.attribute in root.attributes) yield root;
        return;
    }
    for (const child of root.children) if (child.name === name) yield* elementsAt(child, steps, from + 1);
}

const saidByXml = <Field extends string>(
    places: Record<Field, Steps>,
    root: XmlElement,
    unreadable: string,
): Said<Field> =>
    saidBy(function* (field) {
        const steps = places[field];
        for (const element of elementsAt(root, steps)) {
            const text = steps.attribute === undefined ? "present" : element.attributes[steps.attribute];
            if (text) yield text.includes(unreadable) ? new NotKnown(`its ${field} is not known yet`) : text;
        }
    });

const isSaid = (found: unknown) => found !== undefined && found !== null && found !== "";

/** What is said at a path. */
function* valuesAt(root: unknown, path: readonly (string | number)[]): Generator {
    const many = path.findIndex((step) => typeof step === "number" || step === "*");
    if (many < 0) {
        const found = at(root, ...path);
        if (isSaid(found)) yield found;
        return;
    }
    const several = at(root, ...path.slice(0, many));
    if (several instanceof NotKnown) yield several;
    else if (typeof several === "object" && several !== null && Array.isArray(several) === (path[many] !== "*"))
        for (const one of Object.values(several)) yield* valuesAt(one, path.slice(many + 1));
}

const saidByArguments = <Field extends string>(places: Record<Field, Steps>, root: unknown): Said<Field> =>
    saidBy(function* (field) {
        for (const found of valuesAt(root, places[field].native))
            if (found instanceof NotKnown || typeof found === "string") yield found;
            else yield typeof found === "object" ? "present" : JSON.stringify(found);
    });
