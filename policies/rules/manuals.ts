/** Manuals that rules point to, without the heading. */

/** A domain's XML. */
export const FORMATDOMAIN = "https://libvirt.org/formatdomain.html";

/** Open vSwitch's database. */
export const VSWITCHD_DB = "https://docs.openvswitch.org/en/stable/ref/ovs-vswitchd.conf.db.5/";

/** The provider behind @pulumi/libvirt. */
export const LIBVIRT_PROVIDER = "https://github.com/dmacvicar/terraform-provider-libvirt";
