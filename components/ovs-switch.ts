import * as pulumi from "@pulumi/pulumi";
import type { z } from "zod";
import { ovs } from "../resources";
import { Switch } from "../schemas/environment";
import { IfName } from "../schemas/units";
import { Component, parseArgs, type Transform } from "./component";
import { ifName } from "./names";

const OvsSwitchSchema = Switch.extend({ name: IfName });

export interface OvsSwitchArgs extends z.input<typeof Switch> {
    /** Name on the host; absent means the logical name, shortened where it must be. */
    name?: string;
    transform?: { bridge?: Transform<ovs.BridgeArgs> };
}

/** A virtual switch on the host: one Open vSwitch bridge whose VLANs have names. */
export class OvsSwitch extends Component {
    /** Name of the bridge on the host. */
    readonly bridgeName: pulumi.Output<string>;
    /** VLAN ids by name. */
    readonly vlans: Readonly<Record<string, number>>;
    readonly #subject: string;

    /** @throws pulumi.RunError with everything wrong in the arguments */
    constructor(name: string, { transform, ...args }: OvsSwitchArgs = {}, opts?: pulumi.ComponentResourceOptions) {
        const subject = `OvsSwitch ${name}`;
        const settings = parseArgs(OvsSwitchSchema, { ...args, name: args.name ?? ifName(name) }, subject);
        super("OvsSwitch", name, settings, opts);
        const { vlans, ...inputs } = settings;

        const bridge = new ovs.Bridge(...this.child("bridge", inputs, transform?.bridge));

        this.#subject = subject;
        this.vlans = vlans;
        this.bridgeName = bridge.name;
        this.registerOutputs({ bridgeName: this.bridgeName, vlans });
    }

    /** The id of a VLAN given by its name here or by id. @throws pulumi.RunError that lists the names there are */
    vlan(nameOrId: string | number): number {
        if (typeof nameOrId === "number") return nameOrId;
        if (Object.hasOwn(this.vlans, nameOrId)) return this.vlans[nameOrId]!;
        const names = Object.keys(this.vlans).join(", ") || "none";
        throw new pulumi.RunError(
            `${this.#subject}: no VLAN is called ${JSON.stringify(nameOrId)}; declared are: ${names}.`,
        );
    }
}
