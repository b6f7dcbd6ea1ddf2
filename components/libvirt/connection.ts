/** Where a program's guests are made. */
import * as pulumi from "@pulumi/pulumi";
import { type HostRef, libvirtUri } from "../../schemas/host-ref";

/** Set to `true`, a preview gets by without the host: a pull request's runner has none. */
const WITHOUT_HOST = "KVMNET_WITHOUT_HOST";

/**
 * URI of the host's libvirt. In a preview without the host it is not known yet: the engine then asks nothing of the
 * libvirt provider, which would else connect to plan a guest. Policies see every argument all the same.
 */
export function libvirtConnection(host: HostRef): pulumi.Input<string> {
    if (pulumi.runtime.isDryRun() && process.env[WITHOUT_HOST] === "true")
        return pulumi.output(pulumi.unknown as unknown as string);
    return libvirtUri(host);
}
