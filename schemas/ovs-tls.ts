/** What makes TLS of Open vSwitch work (ovs-vswitchd.conf.db(5), table SSL): a host has one. */
import { z } from "zod";
import { toggle } from "./link-parts";
import { HostPath } from "./units";

/** Key, certificate and authority for connections to controllers and managers: files on the host, never their content. */
export const OvsTls = z.strictObject({
    privateKey: HostPath.describe("PEM file on the host with the switch's private key. Changes live."),
    certificate: HostPath.describe("PEM file on the host with the certificate of that key. Changes live."),
    caCert: HostPath.describe(
        "PEM file on the host with the certificate of the authority that the other side must have. Changes live.",
    ),
    bootstrapCaCert: toggle("bootstrapCaCert")
        .default(false)
        .describe(
            "Take the authority's certificate from the first connection and write it to caCert where that file is missing; whoever sits in between then is believed ever after. Changes live.",
        ),
});
export type OvsTls = z.output<typeof OvsTls>;
