/** What one function answers: it only reads. */
import type { z } from "zod";
import type { Host } from "./host";

export interface HostFunction<Inputs extends object = object, Outputs extends object = object> {
    /** `kvmnet:host:getLinks`. */
    token: string;
    /** For the package schema and the reference page. */
    description: string;
    inputs: z.ZodType<Inputs> & { shape: z.core.$ZodShape };
    outputs: z.ZodType<Outputs> & { shape: z.core.$ZodShape };
    run(host: Host, args: Inputs): Promise<Outputs>;
}
