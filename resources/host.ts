/** Links of the kernel: `import { host } from "kvmnet"`. */
import { CustomResource, type CustomResourceOptions, type Output } from "@pulumi/pulumi";
import type { BridgePortInput, LinuxBridgeInput, TapInput } from "../schemas/links";
import type { Inputs } from "./args";

export type BridgeArgs = Inputs<LinuxBridgeInput>;
export type BridgePortArgs = Inputs<BridgePortInput>;
export type TapArgs = Inputs<TapInput>;

/** A bridge of the Linux kernel, up, with a MAC address that stays. Its id is its name. */
export class Bridge extends CustomResource {
    declare readonly name: Output<string>;
    declare readonly mac: Output<string>;
    declare readonly mtu: Output<number>;
    declare readonly stp: Output<boolean>;
    /** Mark on the host that tells whose this is. */
    declare readonly owner: Output<string>;

    constructor(name: string, args: BridgeArgs, opts?: CustomResourceOptions) {
        super(
            "kvmnet:host:Bridge",
            name,
            { mac: undefined, mtu: undefined, stp: undefined, owner: undefined, ...args },
            opts,
        );
    }
}

/** A link plugged into a Linux bridge. Its id is the link's name. */
export class BridgePort extends CustomResource {
    declare readonly name: Output<string>;
    declare readonly bridge: Output<string>;
    /** Mark on the host that tells whose this is. */
    declare readonly owner: Output<string>;

    constructor(name: string, args: BridgePortArgs, opts?: CustomResourceOptions) {
        super("kvmnet:host:BridgePort", name, { owner: undefined, ...args }, opts);
    }
}

/** A persistent tap, up, for a guest's NIC to open. Its id is its name. */
export class Tap extends CustomResource {
    declare readonly name: Output<string>;
    declare readonly multiQueue: Output<boolean>;
    declare readonly vnetHdr: Output<boolean>;
    declare readonly mtu: Output<number>;
    /** Mark on the host that tells whose this is. */
    declare readonly owner: Output<string>;

    constructor(name: string, args: TapArgs, opts?: CustomResourceOptions) {
        super(
            "kvmnet:host:Tap",
            name,
            { multiQueue: undefined, vnetHdr: undefined, mtu: undefined, owner: undefined, ...args },
            opts,
        );
    }
}
