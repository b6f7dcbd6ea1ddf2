import type * as pulumi from "@pulumi/pulumi";
import { host } from "../resources";
import { LinuxBridge as LinuxBridgeSchema, type LinuxBridgeInput } from "../schemas/links";
import { Component, parseArgs, type Transform } from "./component";
import { ifName } from "./names";

export interface LinuxBridgeArgs extends Omit<LinuxBridgeInput, "name"> {
    /** Name on the host; absent means the logical name, shortened where it must be. */
    name?: string;
    transform?: { bridge?: Transform<host.BridgeArgs> };
}

/** A Linux bridge on the host; it carries no address of the host. */
export class LinuxBridge extends Component {
    /** Name of the bridge on the host. */
    readonly bridgeName: pulumi.Output<string>;

    /** @throws pulumi.RunError with everything wrong in the arguments */
    constructor(name: string, { transform, ...args }: LinuxBridgeArgs = {}, opts?: pulumi.ComponentResourceOptions) {
        const settings = parseArgs(
            LinuxBridgeSchema,
            { ...args, name: args.name ?? ifName(name) },
            `LinuxBridge ${name}`,
        );
        super("LinuxBridge", name, settings, opts);

        const bridge = new host.Bridge(...this.child("bridge", settings, transform?.bridge));

        this.bridgeName = bridge.name;
        this.registerOutputs({ bridgeName: this.bridgeName });
    }
}
