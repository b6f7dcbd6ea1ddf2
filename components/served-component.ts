/** How a component is offered to programs of every language. */
import type { ComponentResource, ComponentResourceOptions, Inputs } from "@pulumi/pulumi";
import { z } from "zod";
import { IfName, VlanId } from "../schemas/units";

/** A component for every language. */
export interface ServedComponent {
    description: string;
    /** For the package schema; the component judges its arguments itself. */
    inputs: z.ZodObject;
    outputs: z.ZodObject;
    /**
     * Where another resource's output may stand, `*` for any key (`nics.*.switch`); all else decides what is made and is
     * known in a preview.
     */
    travelling: readonly string[];
    /** Arguments that another component tells of itself: its output may stand there where a preview knows it, as its value. */
    toldByOthers: readonly string[];
    make(name: string, args: Inputs, opts: ComponentResourceOptions): { resource: ComponentResource; outputs: Inputs };
}

export const OPTIONAL_NAME = "Name on the host; absent means the logical name, shortened where it must be.";

/** What something is plugged into, by names: other languages hand over no components. */
export const Plug = {
    switch: IfName.optional().describe("Open vSwitch bridge to plug into, by its name on the host."),
    vlan: VlanId.optional().describe("Access VLAN on the switch [802.1Q id]."),
    bridge: IfName.optional().describe("Linux bridge to plug into, by its name on the host."),
};
