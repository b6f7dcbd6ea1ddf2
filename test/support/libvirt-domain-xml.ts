/**
 * The domain XML that version 0.8.3 of the libvirt provider writes, before the stylesheet (libvirt/domain_def.go).
 *
 * @param disks sources of its disks; each is raw, as the line takes a file for it, whatever its name says (disk_def.go)
 */
export function providerDomainXml(macs: string[], disks: string[] = []): string {
    const interfaces = macs.map(
        (mac) => `    <interface>
      <mac address="${mac}"></mac>
      <model type="virtio"></model>
    </interface>`,
    );
    const drives = disks.map(
        (source) => `    <disk device="disk">
      <driver name="qemu" type="raw"></driver>
      ${source}
    </disk>
`,
    );
    return `<domain type="qemu">
  <name>web-1</name>
  <description></description>
  <memory unit="MiB">256</memory>
  <vcpu>4</vcpu>
  <os>
    <type arch="x86_64" machine="pc-q35-7.2">hvm</type>
    <kernel>/boot/vmlinuz</kernel>
    <initrd>/boot/initrd</initrd>
    <cmdline>console=ttyS0</cmdline>
  </os>
  <features>
    <pae></pae>
    <acpi></acpi>
    <apic></apic>
  </features>
  <cpu></cpu>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
${drives.join("")}${interfaces.join("\n")}
    <channel type="unix">
      <target type="virtio" name="org.qemu.guest_agent.0"></target>
    </channel>
    <graphics type="spice" autoport="yes"></graphics>
    <rng model="virtio">
      <backend model="random">/dev/urandom</backend>
    </rng>
  </devices>
</domain>`;
}
