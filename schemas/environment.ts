/** A whole environment as one object: switches, management bridges, and the guests behind them. */
import { z } from "zod";
import { checkBridge, LinuxBridgeFields } from "./linux-bridge";
import { entriesOf, has, named, withCrossCheck } from "./named";
import { Switch } from "./ovs-switch";
import { HostPath, IfName, Label, VlanId } from "./units";
import { checkNic, VirtioNic } from "./virtio-nic";

const EnvironmentNic = VirtioNic.extend({
    switch: IfName.optional().describe("Open vSwitch switch of this environment that the NIC is plugged into."),
    vlan: z
        .union([VlanId, Label], { error: "a NIC's VLAN is a name out of the switch's vlans, or an id from 1 to 4094" })
        .optional()
        .describe("VLAN of the port: a name out of the switch's `vlans`, or an id."),
    bridge: IfName.optional().describe("Linux bridge of this environment that the NIC is plugged into."),
});

/** What a guest boots. */
export const Boot = z.strictObject({
    kernel: HostPath.describe("Kernel image on the host."),
    initrd: HostPath.describe("Initramfs on the host."),
    cmdline: z
        .string("a kernel command line is text")
        .default("")
        .describe("More words for the kernel command line, in their order."),
});

/** How much of a machine a guest is. */
export const GuestSize = z.strictObject({
    vcpus: z
        .int("vcpus is a whole number from 1 to 512")
        .min(1, "a guest has 1 to 512 vCPUs")
        .max(512, "a guest has 1 to 512 vCPUs")
        .default(1)
        .describe("Virtual CPUs [count]."),
    memoryMiB: z
        .int("memoryMiB is a whole number of MiB")
        .min(64, "a guest needs at least 64 MiB")
        .max(16_777_216, "a guest has at most 16 TiB")
        .default(256)
        .describe("Memory [MiB]."),
});

const Guest = GuestSize.extend({
    boot: Boot.optional().describe("Kernel to boot; absent boots the lab's own guest, which only a lab has."),
    nics: named(Label, EnvironmentNic, "nics maps names to NICs, such as { data: { switch: ..., vlan: ... } }")
        .default({})
        .describe("NICs by name, in the order the guest sees them."),
});

const Parts = z.strictObject(
    {
        switches: named(IfName, Switch, "switches maps names to Open vSwitch switches")
            .default({})
            .describe("Open vSwitch switches by name."),
        bridges: named(
            IfName,
            withCrossCheck(LinuxBridgeFields.omit({ name: true }), checkBridge),
            "bridges maps names to Linux bridges",
        )
            .default({})
            .describe("Linux bridges by name; none carries an address of the host."),
        guests: named(Label, Guest, "guests maps names to guests").default({}).describe("Guests by name."),
    },
    {
        error: ({ input }) =>
            `${input === undefined ? "nothing is said here: " : ""}an environment is an object with switches, bridges and guests`,
    },
);

/** @see parsed for how problems are told */
export const Environment = withCrossCheck(Parts, ({ switches, bridges, guests }, say) => {
    for (const [name] of entriesOf(bridges))
        if (has(switches, name))
            say(["bridges", name], "a switch has the same name; bridges and switches share one name space, rename one");

    const macs = new Map<unknown, string>();
    for (const [guest, { nics }] of entriesOf(guests))
        for (const [key, nic] of entriesOf(nics)) {
            const path = ["guests", guest, "nics", key];
            checkNic(nic, path, say);
            if ((nic.switch === undefined) === (nic.bridge === undefined))
                say(path, "a NIC is plugged into exactly one of switch and bridge; set one of them");
            if (nic.bridge !== undefined) {
                if (!has(bridges, nic.bridge))
                    say([...path, "bridge"], `no such bridge; declared are: ${listed(bridges)}`);
                if (nic.vlan !== undefined)
                    say(
                        [...path, "vlan"],
                        "a NIC on a Linux bridge has no VLAN here; plug it into a switch or remove vlan",
                    );
            }
            if (nic.switch !== undefined) {
                const vlans = switches?.[nic.switch]?.vlans;
                if (!has(switches, nic.switch))
                    say([...path, "switch"], `no such switch; declared are: ${listed(switches)}`);
                else if (nic.vlan === undefined)
                    say(
                        [...path, "vlan"],
                        `a NIC on a switch needs its VLAN, else it carries every one; declared are: ${listed(vlans)}`,
                    );
                else if (typeof nic.vlan === "string" && !has(vlans, nic.vlan))
                    say([...path, "vlan"], `no such VLAN in switch ${nic.switch}; declared are: ${listed(vlans)}`);
            }
            if (typeof nic.mac !== "string") continue;
            const mac = nic.mac.toLowerCase();
            const twin = macs.get(mac);
            if (twin) say([...path, "mac"], `${twin} has the same MAC address; every NIC needs its own`);
            else macs.set(mac, `guests.${guest}.nics.${key}`);
        }
});
export type Environment = z.output<typeof Environment>;
export type EnvironmentInput = z.input<typeof Environment>;

const listed = (things: object | undefined) => Object.keys(things ?? {}).join(", ") || "none";
