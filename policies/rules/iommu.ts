/** A rule about devices that are handed to guests, and what keeps them from the host's memory. */
import { countAt, type Resource } from "../inputs";
import { known } from "../known";
import { isHandedPciDevice } from "../nics/host-devices";
import { guestNics } from "../nics/reader";
import { stackRule } from "../stack-rule";
import { domainFile, made, tunedDomain } from "./examples";

/** What an audit tells of the host's IOMMU: its groups of devices. */
export const IOMMU = "kvmnet:lint:Iommu";

const host = (groups: number): Resource => made("lint:Iommu", { name: "iommu", groups });
const virtualFunction = tunedDomain({ managed: true, source: { hostdev: {} } });
const NIC = '<model type="virtio"/><driver name="vhost" queues="4" rx_queue_size="1024"/>';
const withDevice = (type: string): Resource => {
    const file = domainFile(NIC);
    const { domainXml } = file.props as { domainXml: string };
    const device = `<hostdev mode="subsystem" type="${type}" managed="yes"/>`;
    return { ...file, props: { domainXml: domainXml.replace("</devices>", `${device}</devices>`) } };
};

const noIommuPassthrough = stackRule({
    id: "sec-no-iommu-passthrough",
    title: "A guest is handed a device only where an IOMMU confines it.",
    severity: "critical",
    level: { default: "mandatory" },
    why: "A device reads and writes memory by itself (DMA). Without an IOMMU between, the guest that drives it reaches all memory of the host and of its neighbours.",
    sources: ["kernel Documentation/driver-api/vfio.rst", "libvirt formatdomain, Host device assignment"],
    url: "https://docs.kernel.org/driver-api/vfio.html",
    tags: ["sriov", "security"],
    proof: { notShown: "It takes a device to hand over on a host without an IOMMU, which no lab has." },
    parameters: {},
    judge(stack, each) {
        const [iommu] = stack.of(IOMMU);
        if (!iommu) return;
        for (const type of guestNics.types)
            for (const resource of stack.of(type))
                each(resource, "its devices", () => {
                    const groups = countAt(0, iommu.props, "groups");
                    if (typeof groups === "number" && groups > 0) return undefined;
                    if (!isHandedPciDevice(resource.props)) return undefined;
                    known(groups);
                    return {
                        found: "one of them is a device of the host, which has no IOMMU that is on",
                        set: "Switch the IOMMU on in the firmware (VT-d, AMD-Vi) and by the kernel's command line (intel_iommu=on), or give the guest a virtio NIC.",
                    };
                });
    },
    fix: "Switch the host's IOMMU on, or do not hand devices to guests.",
    examples: {
        good: [
            [host(14), virtualFunction],
            [host(0), domainFile(NIC)],
            [host(0), withDevice("usb")],
            [virtualFunction],
        ],
        bad: [
            [host(0), virtualFunction],
            [host(0), withDevice("pci")],
        ],
    },
});

export const iommuRules = [noIommuPassthrough];
