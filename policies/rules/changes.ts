/** Rules for what a change does: to guests that run, and on the way from line 0.8 of @pulumi/libvirt to 0.9. */
import { at, type Resource, textAt } from "../inputs";
import { known } from "../known";
import { CHANGE, domainChanges, type DomainChange, formerOf } from "../nics/change";
import { type GuestNic, isVirtio, modelOf, nameOf } from "../nics/guest-nic";
import { type Reader, rule } from "../rule";
import { tunedClassic, tunedDomain } from "./examples";
import { LIBVIRT_PROVIDER } from "./manuals";
import { NOT_RUN } from "./provider-line";

const UPDATE = "terraform-provider-libvirt 0.9, internal/provider/domain_resource.go, Update";

const change = (before: Resource, after: Resource, more: object = {}): Resource => ({
    type: CHANGE,
    name: before.name,
    props: { kind: "domain", before: before.props, after: after.props, ...more },
});

/** What of a NIC its guest meets at start alone, by the names that people know. */
const AT_START = {
    model: (nic: GuestNic) => known(modelOf(nic)),
    queues: (nic: GuestNic) => known(nic.queues),
    "RX ring": (nic: GuestNic) => known(nic.rxRing),
    "TX ring": (nic: GuestNic) => known(nic.said("txRing")),
    MTU: (nic: GuestNic) => known(nic.said("mtu")),
    MAC: (nic: GuestNic) => known(nic.mac),
};

/** What differs, as `queues 1 to 4`. @throws NotKnown */
const differences = (before: GuestNic, after: GuestNic): string[] =>
    Object.entries(AT_START).flatMap(([what, of]) => {
        const [was, is] = [of(before), of(after)];
        return was === is ? [] : [`${what} ${was ?? "unset"} to ${is ?? "unset"}`];
    });

const nicChangeRestarts = rule({
    id: "nic-change-restarts",
    title: "A change that restarts a guest is told before it is made.",
    severity: "medium",
    level: { default: "advisory" },
    why: "A guest meets the model, queues, rings, MTU and address of its NIC when it starts. Line 0.9 of the libvirt provider stops the guest for any change of its domain though the preview says update; 0.8 changes some things in the definition only, and the guest sees them after its next start.",
    sources: [
        UPDATE,
        "terraform-provider-libvirt 0.8.3, libvirt/resource_libvirt_domain.go",
        "oxidecomputer/propolis#930: a guest cannot grow its ring",
    ],
    url: LIBVIRT_PROVIDER,
    tags: ["nic", "change"],
    appliesTo: domainChanges,
    parameters: {},
    judge({ before, after, replaces, from, to }) {
        // On the way to another line all is written anew: that is for the rules of migration.
        if (from !== to) return undefined;
        const told = after.flatMap((one) => {
            const nic = known(one);
            const former = formerOf(nic, before);
            const differ = former ? differences(former, nic) : ["it is new"];
            return differ.length > 0 ? [`${nameOf(nic)}: ${differ.join(", ")}`] : [];
        });
        if (told.length === 0) return undefined;
        const how = replaces
            ? "replaces the guest"
            : to === "native"
              ? "stops and starts the guest"
              : "reaches the guest at its next start";
        return {
            found: `this change ${how} (${told.slice(0, 4).join("; ")})`,
            set: "Plan it for when the guest may be off. VLAN, limits and mirrors of kvmnet's ports change while it runs.",
        };
    },
    fix: "Plan the change for when the guest may be off.",
    examples: {
        good: [
            change(tunedDomain({}), tunedDomain({})),
            change(tunedDomain({ vlan: { tags: [{ id: 10 }] } }), tunedDomain({ vlan: { tags: [{ id: 20 }] } })),
        ],
        bad: [
            change(tunedDomain({}), tunedDomain({ driver: { queues: 2, rxQueueSize: 1024 } })),
            change(tunedDomain({}), tunedDomain({ mtu: { size: 9000 } }), { replaces: true }),
        ],
    },
});

/** NICs that come by a change from line 0.8 to line 0.9: only that way is judged by these rules. */
function* crossing({ from, to, before, after }: DomainChange): Generator<{ nic: GuestNic; former: GuestNic }> {
    if (from !== "classic" || to !== "native") return;
    for (const nic of after.map(known)) {
        const former = formerOf(nic, before);
        if (former) yield { nic, former };
    }
}

const migrateModel = rule({
    id: "migrate-model-default",
    title: "A NIC that was virtio by line 0.8 says so in line 0.9.",
    severity: "high",
    level: { default: "mandatory" },
    why: "Line 0.8 of the libvirt provider wrote virtio for every NIC. Line 0.9 writes what it is told: the same NIC without a model becomes rtl8139 on x86, of the 10/100 Mb/s class.",
    sources: [
        "terraform-provider-libvirt 0.8.3, libvirt/domain.go, setNetworkInterfaces",
        "libvirt qemu_postparse.c, qemuDomainDefaultNetModel",
    ],
    url: LIBVIRT_PROVIDER,
    tags: ["migration", "nic"],
    proof: {
        file: "test/live/guests.spec.ts",
        shows: "show what tuning is: rtl8139 without queues where nobody named a model, and virtio with 4 queues and a ring of 1024",
    },
    appliesTo: domainChanges,
    parameters: {},
    judge(one) {
        for (const { nic, former } of crossing(one)) {
            if (!isVirtio(former)) continue;
            const model = known(modelOf(nic));
            if (model !== undefined && model !== "virtio" && known(nic.model) === undefined)
                return {
                    found: `${nameOf(nic)} was virtio and becomes ${model}`,
                    set: `Set devices.interfaces[${nic.index}].model.type to "virtio".`,
                };
        }
        return undefined;
    },
    fix: 'Set model.type to "virtio" on every NIC.',
    examples: {
        good: [
            change(tunedClassic(""), tunedDomain({ target: { dev: "tap-web0" } })),
            change(tunedDomain({ mtu: { size: 1500 } }), tunedDomain({ mtu: { size: 1500 } })),
        ],
        bad: [change(tunedClassic(""), tunedDomain({ model: {}, target: { dev: "tap-web0" } }))],
    },
});

/** What a stylesheet of line 0.8 may have written, and line 0.9 has fields for. */
const BY_STYLESHEET = {
    queues: (nic: GuestNic) => (known(nic.queues) === 1 ? undefined : known(nic.queues)),
    rx_queue_size: (nic: GuestNic) => (known(nic.rxRing) === 256 ? undefined : known(nic.rxRing)),
    mtu: (nic: GuestNic) => known(nic.said("mtu")),
    vlan: (nic: GuestNic) => known(nic.said("vlanTag")),
    virtualport: (nic: GuestNic) => (known(nic.said("openVSwitch")) === undefined ? undefined : "openvswitch"),
    "bandwidth inbound": (nic: GuestNic) => known(nic.said("inAverage")),
    "bandwidth outbound": (nic: GuestNic) => known(nic.said("outAverage")),
    target: (nic: GuestNic) => known(nic.tap),
};

const migrateXsltLost = rule({
    id: "migrate-xslt-lost",
    title: "What a stylesheet wrote in line 0.8 stands in the fields of line 0.9.",
    severity: "high",
    level: { default: "mandatory" },
    why: "Line 0.9 has no xml.xslt. What only the stylesheet wrote is gone without an error: a VLAN that is lost puts a guest into another network, and lost queues make it slow.",
    sources: ["terraform-provider-libvirt 0.9, docs/resources/domain.md has no xml block"],
    url: LIBVIRT_PROVIDER,
    tags: ["migration", "xslt"],
    proof: NOT_RUN,
    appliesTo: domainChanges,
    parameters: {},
    judge(one) {
        for (const { nic, former } of crossing(one)) {
            const lost = Object.entries(BY_STYLESHEET).filter(
                ([, of]) => of(former) !== undefined && of(nic) === undefined,
            );
            if (lost.length > 0)
                return {
                    found: `${nameOf(nic)} loses ${lost.map(([what, of]) => `${what} ${of(former)}`).join(", ")}`,
                    set: `Set these in devices.interfaces[${nic.index}].`,
                };
        }
        return undefined;
    },
    fix: "Write what the stylesheet wrote into devices.interfaces.",
    examples: {
        good: [
            change(
                tunedClassic('<model type="virtio"/><driver queues="4" rx_queue_size="1024"/>'),
                tunedDomain({ target: { dev: "tap-web0" } }),
            ),
        ],
        bad: [
            change(
                tunedClassic(
                    '<model type="virtio"/><driver queues="4" rx_queue_size="1024"/><vlan><tag id="10"/></vlan>',
                ),
                tunedDomain({ target: { dev: "tap-web0" } }),
            ),
            change(
                tunedClassic('<model type="virtio"/><driver queues="4"/>'),
                tunedDomain({ driver: { queues: undefined }, target: { dev: "tap-web0" } }),
            ),
        ],
    },
});

const networkChanges: Reader<{ fields: string[]; replaces: boolean }> = {
    types: [CHANGE],
    read(props) {
        if (textAt(props, "kind") !== "network") return [];
        const [before, after] = [at(props, "before"), at(props, "after")];
        const keys = new Set(
            [before, after].flatMap((value) => Object.keys(typeof value === "object" && value !== null ? value : {})),
        );
        const fields = [...keys].filter((key) => JSON.stringify(at(before, key)) !== JSON.stringify(at(after, key)));
        return [
            {
                fields: fields.filter((key) => !["autostart", "__defaults"].includes(key)),
                replaces: at(props, "replaces") === true,
            },
        ];
    },
    name: () => "its fields",
};

const network = (before: object, after: object, replaces = false): Resource => ({
    type: CHANGE,
    name: "net",
    props: { kind: "network", before, after, replaces },
});

const migrateNetworkReplace = rule({
    id: "migrate-network-replace",
    title: "A network of libvirt that guests use is not replaced under them.",
    severity: "high",
    level: { default: "advisory" },
    why: "Since mid-2026 line 0.9 of the libvirt provider replaces a network for each change but autostart: it is destroyed and made anew, and running guests stay plugged into a bridge that is gone until they start again.",
    sources: ["dmacvicar/terraform-provider-libvirt#1331", "dmacvicar/terraform-provider-libvirt#389, #468, #784"],
    url: `${LIBVIRT_PROVIDER}/pull/1331`,
    tags: ["migration", "network", "change"],
    appliesTo: networkChanges,
    parameters: {},
    judge({ fields, replaces }) {
        if (fields.length === 0) return undefined;
        return {
            found: `${replaces ? "the network is replaced" : "the network changes, which line 0.9 does by replacing it"} (${fields.sort().join(", ")})`,
            set: "Stop its guests first, or plug guests into kvmnet's bridges, which change while they run.",
        };
    },
    fix: "Change the network while its guests are off.",
    examples: {
        good: [network({ name: "n", autostart: false }, { name: "n", autostart: true })],
        bad: [
            network({ name: "n", bridge: "virbr1" }, { name: "n", bridge: "virbr2" }),
            network({ name: "n", domain: "a" }, { name: "n", domain: "b" }, true),
        ],
    },
});

export const changeRules = [nicChangeRestarts, migrateModel, migrateXsltLost, migrateNetworkReplace];
