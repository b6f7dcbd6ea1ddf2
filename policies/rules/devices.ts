/** Rules for devices of the host that are handed to guests, for names, and for what a domain says beside its NICs. */
import type { Resource } from "../inputs";
import { known, NotKnown } from "../known";
import { type GuestNic, toChange } from "../nics/guest-nic";
import { guests } from "../nics/guests";
import { DOMAIN_XML, guestNics } from "../nics/reader";
import type { NicField, Said } from "../nics/said";
import { type Fault, rule } from "../rule";
import { domainFile, tunedDomain } from "./examples";
import { FORMATDOMAIN } from "./manuals";

const vfManaged = rule({
    id: "vf-managed",
    title: "libvirt itself takes a passed-through NIC from the host, and gives it back.",
    severity: "medium",
    level: { default: "advisory" },
    why: "Without managed=yes the device must be bound to vfio-pci by hand before each start, else the guest does not start; after it ends the host does not have it back.",
    sources: ["libvirt formatdomain, PCI Passthrough: managed"],
    url: `${FORMATDOMAIN}#pci-passthrough`,
    tags: ["sriov"],
    appliesTo: guestNics,
    parameters: {},
    judge(nic) {
        if (known(nic.backend) !== "hostdev") return undefined;
        const managed = known(nic.said("managed"));
        if (managed === "yes" || managed === "true") return undefined;
        const isOfNetwork = nic.label !== undefined || known(nic.said("network")) !== undefined;
        return {
            found: "its device is not managed by libvirt",
            set: isOfNetwork
                ? 'Write <forward mode="hostdev" managed="yes"> in its network.'
                : toChange(nic, "managed", "yes"),
        };
    },
    fix: "Set managed to yes.",
    examples: {
        good: [
            tunedDomain({ managed: true, source: { hostdev: {} } }),
            tunedDomain({ model: { type: "virtio" }, driver: { queues: 4, rxQueueSize: 1024 } }),
        ],
        bad: [tunedDomain({ managed: false, source: { hostdev: {} } }), tunedDomain({ source: { hostdev: {} } })],
    },
});

const teamed = (transient: object, persistent: object = {}) =>
    tunedDomain(
        {},
        {
            devices: {
                interfaces: [
                    {
                        mac: { address: "52:54:00:12:34:56" },
                        model: { type: "virtio" },
                        driver: { queues: 4, rxQueueSize: 1024 },
                        alias: { name: "ua-net0" },
                        teaming: { type: "persistent" },
                        ...persistent,
                    },
                    {
                        mac: { address: "52:54:00:12:34:56" },
                        managed: true,
                        source: { hostdev: {} },
                        teaming: { type: "transient", persistent: "ua-net0" },
                        ...transient,
                    },
                ],
            },
        },
    );

/** The virtio NIC that the other of its pair names, or what is wrong with that. @throws NotKnown */
function partnerOf(said: Said<NicField>, all: readonly GuestNic[]): { partner?: GuestNic; fault?: Fault } {
    const alias = known(said("teamingPartner"));
    if (alias === undefined || !alias.startsWith("ua-"))
        return {
            fault: {
                found: "the transient NIC of its pair names no alias that begins with ua-",
                set: 'Give the virtio NIC an alias such as "ua-net0", and name it in persistent of the other.',
            },
        };
    const partner = all.find((one) => known(one.said("alias")) === alias);
    if (partner) return { partner };
    return { fault: { found: `no NIC has the alias ${alias} of its pair`, set: "Give it to the virtio NIC." } };
}

/** The same pair in XML, whose transient half is a plain device of the host. */
const teamedDevice = (alias: string): Resource => {
    const file = domainFile(
        `<model type="virtio"/><driver name="vhost" queues="4" rx_queue_size="1024"/><alias name="ua-net0"/><teaming type="persistent"/>`,
    );
    const { domainXml } = file.props as { domainXml: string };
    const device = `<hostdev mode="subsystem" type="pci" managed="yes"><source><address domain="0x0000" bus="0x42" slot="0x02" function="0x5"/></source><teaming type="transient" persistent="${alias}"/></hostdev>`;
    return { ...file, props: { domainXml: domainXml.replace("</devices>", `${device}</devices>`) } };
};

const teamingMac = rule({
    id: "teaming-mac",
    title: "The two NICs of a failover pair have one MAC address, and find each other.",
    severity: "high",
    level: { default: "mandatory" },
    why: "The guest's failover driver joins the virtio NIC and the virtual function that have the same MAC address; libvirt joins them by the alias of the virtio NIC, which must begin with ua-. Otherwise the guest has two NICs, and loses its network when the function is taken away for a migration.",
    sources: [
        "libvirt formatdomain, Teaming a virtio/hostdev NIC pair",
        "kernel Documentation/networking/net_failover.rst",
    ],
    url: `${FORMATDOMAIN}#teaming-a-virtio-hostdev-nic-pair`,
    tags: ["sriov", "migration"],
    proof: { notShown: "It takes a NIC with virtual functions, which no lab has." },
    appliesTo: guests,
    parameters: {},
    judge({ nics, devices }) {
        const all = nics.map((nic) => known(nic));
        for (const nic of all) {
            if (known(nic.said("teaming")) !== "transient") continue;
            const { partner, fault } = partnerOf(nic.said, all);
            if (fault) return fault;
            if (known(partner?.mac) !== known(nic.mac))
                return {
                    found: "the two NICs of its pair have different MAC addresses",
                    set: "Give both the same.",
                };
        }
        // The address of a plain device is its own, and stands nowhere here.
        for (const { said } of devices()) {
            const { fault } = known(said("teaming")) === "transient" ? partnerOf(said, all) : {};
            if (fault) return fault;
        }
        return undefined;
    },
    fix: "Give both NICs the same MAC address, and the virtio NIC an alias that begins with ua-.",
    examples: {
        good: [teamed({}), teamedDevice("ua-net0")],
        bad: [
            teamed({ mac: { address: "52:54:00:12:34:57" } }),
            teamed({ teaming: { type: "transient", persistent: "net0" } }),
            teamed({ teaming: { type: "transient", persistent: "ua-net1" } }),
            teamedDevice("net0"),
            teamedDevice("ua-net1"),
        ],
    },
});

const vhostuserHugepages = rule({
    id: "vhostuser-hugepages",
    title: "A guest with vhost-user has its memory in huge pages.",
    severity: "low",
    level: { default: "advisory" },
    why: "A DPDK switch walks the guest's memory for each packet: in pages of 4 KiB it misses the translation cache all the time, and Open vSwitch asks for a file of hugetlbfs.",
    sources: ["Open vSwitch, topics/dpdk/vhost-user: memory-backend-file on hugetlbfs"],
    url: `${FORMATDOMAIN}#memory-backing`,
    tags: ["dpdk", "memory"],
    appliesTo: guests,
    parameters: {},
    judge({ nics, said }) {
        if (!nics.some((nic) => known(known(nic).backend) === "vhostuser")) return undefined;
        if (known(said("hugepages")) !== undefined) return undefined;
        return {
            found: "it has a vhost-user NIC, and memory in small pages",
            set: "Set memoryBacking.memoryHugePages (XML: <memoryBacking><hugepages/></memoryBacking>).",
        };
    },
    fix: "Back the guest's memory by huge pages.",
    examples: {
        good: [
            tunedDomain(
                {
                    model: { type: "virtio" },
                    driver: { queues: 4, rxQueueSize: 1024 },
                    source: { vhostUser: { dev: "vhu0" } },
                },
                { memoryBacking: { memoryAccess: { mode: "shared" }, memoryHugePages: {} } },
            ),
        ],
        bad: [
            tunedDomain(
                {
                    model: { type: "virtio" },
                    driver: { queues: 4, rxQueueSize: 1024 },
                    source: { vhostUser: { dev: "vhu0" } },
                },
                { memoryBacking: { memoryAccess: { mode: "shared" } } },
            ),
        ],
    },
});

const withDisks = (disks: object[]): Resource => {
    const { props, ...domain } = tunedDomain({ model: { type: "virtio" } }, { ioThreads: 2 });
    const { devices, ...said } = props as { devices: object };
    return { ...domain, props: { ...said, devices: { ...devices, disks } } };
};

const iothreadNic = rule({
    id: "iothread-nic",
    title: "I/O threads are there for disks that use them.",
    severity: "low",
    level: { default: "advisory" },
    why: "libvirt's I/O threads serve disks and controllers that name them; no NIC is served by one. Threads that no disk names do nothing.",
    sources: ["libvirt formatdomain, IOThreads Allocation"],
    url: `${FORMATDOMAIN}#iothreads-allocation`,
    tags: ["cpu"],
    appliesTo: guests,
    parameters: {},
    judge({ said }) {
        if (known(said("iothreads")) === undefined) return undefined;
        const users = [said("diskIothread"), said("controllerIothread")].map(known);
        if (users.some((user) => user !== undefined)) return undefined;
        return {
            found: "it has I/O threads, and no disk and no controller names one",
            set: "Name one in the driver of a disk, or take iothreads away: NICs have none.",
        };
    },
    fix: "Name an I/O thread in a disk's driver, or remove iothreads.",
    examples: {
        good: [
            tunedDomain({ model: { type: "virtio" }, driver: { queues: 4, rxQueueSize: 1024 } }),
            domainFile('<model type="virtio"/><driver name="vhost" queues="4" rx_queue_size="1024"/>'),
            withDisks([{}, { driver: { ioThread: 1 } }]),
        ],
        bad: [
            withDisks([{}, { driver: { name: "qemu" } }]),
            domainFile(
                '<model type="virtio"/><driver name="vhost" queues="4" rx_queue_size="1024"/>',
                "<iothreads>2</iothreads>",
            ),
        ],
    },
});

const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}$/;

const nameCharset = rule({
    id: "sec-name-charset",
    title: "Names of links are short and plain.",
    severity: "high",
    level: { default: "mandatory" },
    why: "The kernel takes names such as `x;id` and `-x`, which are commands and options in somebody's script; it refuses more than 15 bytes, and all and default are its own settings. Open vSwitch's database takes any.",
    sources: ["Linux net/core/dev.c, dev_valid_name", "tried: `ip link add 'x;id' type bridge` works"],
    url: `${FORMATDOMAIN}#overriding-the-target-element`,
    tags: ["security", "names"],
    proof: { file: "test/live/bad-nics.spec.ts", shows: "a link is made under a name that is a command" },
    appliesTo: guestNics,
    parameters: {},
    judge(nic) {
        const names = {
            target: known(nic.tap),
            bridge: known(nic.said("bridge")),
            // Of vDPA it is the path of a character device.
            link: known(nic.backend) === "direct" ? known(nic.said("device")) : undefined,
        };
        for (const [what, name] of Object.entries(names))
            if (name !== undefined && (!NAME.test(name) || ["all", "default"].includes(name)))
                return {
                    found: `the name of its ${what} is no plain one of 1 to 15 characters`,
                    set: "Use letters, digits, _ . and -, and begin with a letter, digit or _.",
                };
        return undefined;
    },
    fix: "Use 1 to 15 letters, digits, _ . and -.",
    examples: {
        good: [
            tunedDomain({
                model: { type: "virtio" },
                driver: { queues: 4, rxQueueSize: 1024 },
                target: { dev: "tap-web0.123456" },
            }),
        ],
        bad: [
            tunedDomain({ target: { dev: "tap0123456789012" } }),
            tunedDomain({ source: { bridge: { bridge: "x;id" } } }),
            tunedDomain({ source: { direct: { dev: "-x", mode: "bridge" } } }),
        ],
    },
});

const secretPlain = rule({
    id: "sec-secret-plain",
    title: "No password stands in a file that is shared.",
    severity: "critical",
    level: { default: "mandatory" },
    why: "A password in domain XML is in the repository, in every copy of it, and in each log that shows the file. (What a program hands over is not judged: a policy is shown secrets and plain values alike.)",
    sources: ["libvirt formatdomain, Graphical framebuffers: passwd appears in clear text", "pulumi/pulumi#2862"],
    url: `${FORMATDOMAIN}#graphical-framebuffers`,
    tags: ["security", "secret"],
    proof: { notShown: "There is nothing to run: whoever reads the file has the password." },
    appliesTo: { ...guests, types: [DOMAIN_XML] },
    parameters: {},
    judge({ said }) {
        const password = said("graphicsPassword");
        if (password === undefined || password instanceof NotKnown) return undefined;
        return {
            found: "its screen has a password in clear text",
            set: "Take passwd away and reach the screen through SSH, or set the password by `virsh update-device` from a secret store.",
        };
    },
    fix: "Keep passwords out of domain XML.",
    examples: {
        good: [domainFile('<model type="virtio"/><driver name="vhost" queues="4" rx_queue_size="1024"/>')],
        bad: [
            {
                type: DOMAIN_XML,
                name: "web",
                props: {
                    domainXml:
                        '<domain type="kvm"><name>web</name><vcpu>1</vcpu><devices><graphics type="vnc" listen="127.0.0.1" passwd="x"/></devices></domain>',
                },
            },
            {
                type: DOMAIN_XML,
                name: "web",
                props: {
                    domainXml:
                        '<domain type="kvm"><name>web</name><vcpu>1</vcpu><devices><interface type="bridge"><source bridge="br0"/><model type="virtio"/><driver name="vhost" rx_queue_size="1024"/></interface><graphics type="vnc" listen="127.0.0.1" passwd="x"/></devices></domain>',
                },
            },
        ],
    },
});

export const deviceRules = [vfManaged, teamingMac, vhostuserHugepages, iothreadNic, nameCharset, secretPlain];
