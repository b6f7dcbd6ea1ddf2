/** Which host a resource is built on: `new Provider("h1", { host: "lab://sample" })`. */
import { ProviderResource, type Input, type Output, type ResourceOptions } from "@pulumi/pulumi";

export interface ProviderArgs {
    /** `local` (this machine, the default), or `lab://NAME`. */
    host?: Input<string>;
}

export class Provider extends ProviderResource {
    declare readonly host: Output<string>;

    constructor(name: string, args: ProviderArgs = {}, opts?: ResourceOptions) {
        super("kvmnet", name, { ...args }, opts);
    }
}
