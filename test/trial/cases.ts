/** What a case of the trial is: a configuration of somebody else, described again by us in a few lines. */

export interface Case {
    /** Repository and path of what it describes. */
    origin: string;
    /** What it is, and what it is for. */
    about: string;
    /** As a linter gets it. */
    file: string;
    text: string;
    /** Rules that refuse it by the profile `default`, and why each is right. */
    mandatory: Readonly<Record<string, string>>;
    /** Rules that remark on it; a later rule may remark on more. */
    advisory: readonly string[];
    /** What a rule once said of it wrongly, and no longer does. */
    mended?: string;
}

export interface GuestWords {
    type?: string;
    arch?: string;
    vcpus?: number;
    /** More of the domain, before its devices. */
    head?: string;
    devices?: string;
}

/** A guest by libvirt's XML. */
export const guest = (
    nics: string[],
    { type = "kvm", arch = "x86_64", vcpus = 2, head = "", devices = "" }: GuestWords = {},
) => ({
    file: "guest.xml",
    text: `<domain type='${type}'>
  <name>guest</name>
  <vcpu>${vcpus}</vcpu>
  <os><type arch='${arch}'>hvm</type></os>
  ${head}
  <devices>
    ${nics.join("\n    ")}
    ${devices}
  </devices>
</domain>
`,
});

/** @param inside its parts; a MAC address of its own comes first */
export const nic = (type: string, address: string, ...inside: string[]) =>
    `<interface type='${type}'><mac address='${address}'/>${inside.join("")}</interface>`;

/** A program's preview with one domain, in the 0.8 or the 0.9 line of the libvirt provider. */
export const program = (inputs: object, more: { type: string; inputs: object }[] = []) => ({
    file: "preview.json",
    text: JSON.stringify({
        steps: [{ type: "libvirt:index/domain:Domain", inputs }, ...more].map((resource, index) => ({
            op: "create",
            newState: { urn: `urn:pulumi:dev::trial::${resource.type}::it-${index}`, ...resource },
        })),
    }),
});

export const NO_MODEL = "libvirt makes it an rtl8139";
export const EVERY_VLAN = "libvirt adds its port without a VLAN, so the guest hears and says every one of the switch";
