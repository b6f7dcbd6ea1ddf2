/** Rules for the model of a guest's NIC. */
import { known } from "../known";
import { modelOf, toSet } from "../nics/guest-nic";
import { guestNics } from "../nics/reader";
import { rule } from "../rule";
import { classicDomain, tunedClassic, tunedDomain, vhostUserDomain } from "./examples";
import { FORMATDOMAIN } from "./manuals";

const nicModelExplicit = rule({
    id: "nic-model-explicit",
    title: "A guest's NIC says which model it is.",
    severity: "high",
    level: { default: "mandatory" },
    why:
        "Where nobody names a model, libvirt takes rtl8139 on x86: a NIC of the 10/100 Mb/s class that QEMU emulates " +
        "register by register, with one queue and no offloads.",
    sources: [
        "libvirt src/qemu/qemu_postparse.c, qemuDomainDefaultNetModel",
        "terraform-provider-libvirt 0.8 always writes virtio; 0.9 writes only what it is told",
    ],
    url: `${FORMATDOMAIN}#setting-the-nic-model`,
    tags: ["nic", "performance"],
    proof: {
        file: "test/live/guests.spec.ts",
        shows: "show what tuning is: rtl8139 without queues where nobody named a model, and virtio with 4 queues and a ring of 1024",
    },
    appliesTo: guestNics,
    parameters: {},
    judge(nic) {
        if (known(nic.model) !== undefined || known(modelOf(nic)) !== "rtl8139") return undefined;
        return { found: "it has no model, so libvirt takes rtl8139", set: toSet(nic, "model", "virtio") };
    },
    fix: 'Name the model "virtio", or another one on purpose where the guest has no virtio driver.',
    examples: {
        good: [tunedDomain({ model: { type: "virtio" } }), tunedClassic('<model type="virtio"/>'), vhostUserDomain({})],
        bad: [
            tunedDomain({ model: {}, source: { bridge: { bridge: "br0" } } }),
            classicDomain('<driver name="vhost" queues="4" rx_queue_size="1024"/>'),
        ],
    },
});

/** Models that no guest of this century needs, and those of a generation later (Nova, SUPPORTED_VIF_MODELS). */
const OLDEST = /^(ne2k_\w+|pcnet|rtl8139|i8255\w+)$/;
const OLDER = /^(e1000e?|igb|vmxnet3)$/;

const nicModelLegacy = rule({
    id: "nic-model-legacy",
    title: "A guest's NIC is no emulation of old hardware.",
    severity: "high",
    level: { default: "mandatory", "legacy-lab": "advisory" },
    why:
        "An emulated NIC traps into QEMU for each register: rtl8139, pcnet and ne2k are of the 10/100 Mb/s class, e1000 and its kin " +
        "of the 1 Gb/s class. What the guest is told is no cap, but one report saw 2 Mbit/s in one direction. These models also " +
        "have the longest record of escapes from guests.",
    sources: ["Nova SUPPORTED_VIF_MODELS", "xcp-ng/xcp#27", "CVE-2015-5165, CVE-2015-7504"],
    url: `${FORMATDOMAIN}#setting-the-nic-model`,
    tags: ["nic", "performance", "security"],
    proof: {
        file: "test/live/guests.spec.ts",
        shows: "show what tuning is: rtl8139 without queues where nobody named a model, and virtio with 4 queues and a ring of 1024",
    },
    appliesTo: guestNics,
    parameters: {
        newer: {
            describe: "Whether e1000, e1000e, igb and vmxnet3 count too: 1 stops them, 0 tells of them.",
            value: { default: 0, security: 1 },
            minimum: 0,
            maximum: 1,
        },
    },
    judge(nic, { newer }) {
        const model = known(nic.model);
        if (model === undefined || !(OLDEST.test(model) || OLDER.test(model))) return undefined;
        // A device of the host that is passed through is what it is, whatever model stands there.
        if (known(nic.backend) === "hostdev") return undefined;
        const fault = { found: `its model is ${model}`, set: toSet(nic, "model", "virtio") };
        return OLDEST.test(model) || newer ? fault : { ...fault, remark: true };
    },
    fix: "Use virtio. Where the guest has no driver for it, exempt the NIC with that reason.",
    examples: {
        good: [tunedDomain({ model: { type: "virtio" } }), tunedClassic('<model type="virtio"/>')],
        bad: [tunedDomain({ model: { type: "rtl8139" } }), tunedClassic('<model type="pcnet"/>')],
    },
});

export const modelRules = [nicModelExplicit, nicModelLegacy];
