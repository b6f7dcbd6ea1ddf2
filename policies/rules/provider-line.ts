/** Rules for the version of the libvirt provider, and for the words of its line. */
import { at, type Resource, textAt } from "../inputs";
import { known, maybe, NotKnown } from "../known";
import { stackRule } from "../stack-rule";
import { tunedClassic, tunedDomain } from "./examples";
import { LIBVIRT_PROVIDER } from "./manuals";

export const NOT_RUN = {
    notShown: "Line 0.9 of the provider is not run here: its documentation is what is known of it.",
};

/** The version of the libvirt provider that a program's providers are of; they are all of one where it is installed once. */
function versionOf({ props }: Resource): string | undefined {
    const text = textAt(props, "version");
    const version = typeof text === "string" ? /^\d+\.\d+\.\d+/.exec(text)?.[0] : undefined;
    return version === BRIDGE ? undefined : version;
}

/** Of the bridge to Terraform's providers: the engine shows a provider behind it with the bridge's version, not its own. */
const BRIDGE = "0.9.0";

const provider = (version: string): Resource => ({
    type: "pulumi:providers:libvirt",
    name: "host",
    props: { version, uri: "qemu:///system" },
});

const providerPin = stackRule({
    id: "provider-pin",
    title: "The libvirt provider is of a version that does what the program says.",
    severity: "high",
    level: { default: "mandatory" },
    why: "In 0.9.0 to 0.9.4 the id of a VLAN cannot be set: it is read-only, and the guest's frames go untagged. 0.9.8 brought a regression of its own.",
    sources: [
        "dmacvicar/terraform-provider-libvirt#1236 and commit 83e11563",
        "dmacvicar/terraform-provider-libvirt#1341",
    ],
    url: `${LIBVIRT_PROVIDER}/issues/1236`,
    tags: ["migration", "vlan"],
    proof: NOT_RUN,
    parameters: {},
    judge(stack, each) {
        const providers = stack.of("pulumi:providers:libvirt");
        if (providers.length === 0) return;
        const tagged = maybe(() =>
            stack.nics().some(({ nic }) => nic.written.line === "native" && known(nic.said("vlanTag")) !== undefined),
        );
        for (const resource of providers)
            each(resource, "its version", () => {
                const version = versionOf(resource);
                if (version === "0.9.8")
                    return { found: "it is 0.9.8", set: "Pin another 0.9 version that you have tried.", remark: true };
                if (version === undefined || !/^0\.9\.[0-4]$/.test(version)) return undefined;
                if (tagged instanceof NotKnown) throw tagged;
                return tagged
                    ? {
                          found: `it is ${version}, and a NIC has a VLAN id, which that version cannot set`,
                          set: "Pin 0.9.5 or newer.",
                      }
                    : undefined;
            });
    },
    fix: "Pin 0.9.5 or newer, and try it before.",
    examples: {
        good: [
            [provider("0.9.5"), tunedDomain({ vlan: { tags: [{ id: 10 }] } })],
            [provider("0.9.4"), tunedDomain({})],
            [provider("0.8.3")],
        ],
        bad: [
            [provider("0.9.4"), tunedDomain({ vlan: { tags: [{ id: 10 }] } })],
            [provider("0.9.1"), tunedDomain({ vlan: { tags: [{ id: 10 }] } })],
        ],
    },
});

const migrateXsltGone = stackRule({
    id: "migrate-xslt-gone",
    title: "A domain is written in the words of the provider's line.",
    severity: "high",
    level: { default: "mandatory" },
    why: "Line 0.9 of the libvirt provider knows neither networkInterfaces nor xml.xslt, and line 0.8 no devices: fields of the other line are refused, or left out where types are not checked.",
    sources: ["terraform-provider-libvirt 0.8.3 and 0.9, documentation of libvirt_domain"],
    url: LIBVIRT_PROVIDER,
    tags: ["migration", "xslt"],
    proof: NOT_RUN,
    parameters: {},
    judge(stack, each) {
        const lines = new Set(
            stack
                .of("pulumi:providers:libvirt")
                .flatMap((one) => versionOf(one)?.split(".").slice(0, 2).join(".") ?? []),
        );
        const [line] = lines;
        if (lines.size !== 1 || (line !== "0.8" && line !== "0.9")) return;
        for (const resource of stack.of("libvirt:index/domain:Domain"))
            each(resource, "its fields", () => {
                const foreign = (line === "0.9" ? ["networkInterfaces", "xml"] : ["devices"]).filter(
                    (key) => at(resource.props, key) !== undefined,
                );
                if (foreign.length === 0) return undefined;
                return {
                    found: `it has ${foreign.join(" and ")}, which line ${line} of the provider does not know`,
                    set:
                        line === "0.9"
                            ? "Write its NICs into devices.interfaces."
                            : "Write its NICs into networkInterfaces and xml.xslt.",
                };
            });
    },
    fix: "Write the domain in the words of the installed line.",
    examples: {
        good: [
            [
                provider("0.8.3"),
                tunedClassic('<model type="virtio"/><driver name="vhost" queues="4" rx_queue_size="1024"/>'),
            ],
            [provider("0.9.5"), tunedDomain({})],
            [
                provider(BRIDGE),
                tunedClassic('<model type="virtio"/><driver name="vhost" queues="4" rx_queue_size="1024"/>'),
            ],
        ],
        bad: [
            [provider("0.9.5"), tunedClassic('<model type="virtio"/><driver queues="4" rx_queue_size="1024"/>')],
            [provider("0.8.3"), tunedDomain({})],
        ],
    },
});

export const providerLineRules = [providerPin, migrateXsltGone];
