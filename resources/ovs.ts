/** Open vSwitch: `import { ovs } from "kvmnet"`. */
import { CustomResource, type CustomResourceOptions, type Output } from "@pulumi/pulumi";
import type { OvsBridge, OvsBridgeInput, OvsPort, OvsPortInput } from "../schemas/ovs";
import type { Inputs } from "./args";

export type BridgeArgs = Inputs<OvsBridgeInput>;
export type PortArgs = Inputs<OvsPortInput>;

/** A bridge of Open vSwitch, with its internal port up. Its id is its name. */
export class Bridge extends CustomResource {
    declare readonly name: Output<string>;
    declare readonly datapathType: Output<OvsBridge["datapathType"]>;
    declare readonly failMode: Output<OvsBridge["failMode"]>;
    declare readonly mac: Output<string | undefined>;
    /** Mark on the host that tells whose this is. */
    declare readonly owner: Output<string>;

    constructor(name: string, args: BridgeArgs, opts?: CustomResourceOptions) {
        super(
            "kvmnet:ovs:Bridge",
            name,
            { datapathType: undefined, failMode: undefined, mac: undefined, owner: undefined, ...args },
            opts,
        );
    }
}

/** A port of an Open vSwitch bridge: a tap or another device of the host, or an internal one. Its id is its name. */
export class Port extends CustomResource {
    declare readonly name: Output<string>;
    declare readonly bridge: Output<string>;
    declare readonly type: Output<OvsPort["type"]>;
    declare readonly vlanMode: Output<OvsPort["vlanMode"]>;
    declare readonly tag: Output<number | undefined>;
    declare readonly trunks: Output<string[] | undefined>;
    /** Mark on the host that tells whose this is. */
    declare readonly owner: Output<string>;

    constructor(name: string, args: PortArgs, opts?: CustomResourceOptions) {
        super(
            "kvmnet:ovs:Port",
            name,
            { type: undefined, vlanMode: undefined, tag: undefined, trunks: undefined, owner: undefined, ...args },
            opts,
        );
    }
}
