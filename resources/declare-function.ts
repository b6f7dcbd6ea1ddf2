/** Makes the two forms of a function from its schemas: one that answers now, one that takes and gives outputs. */
import { runtime, type InvokeOptions, type InvokeOutputOptions, type Output } from "@pulumi/pulumi";
import type { z } from "zod";
import type { Inputs } from "./args";

interface Forms<Arguments extends z.ZodType, Result extends z.ZodType> {
    now: (args: z.input<Arguments>, opts?: InvokeOptions) => Promise<z.output<Result>>;
    later: (args: Inputs<z.input<Arguments>>, opts?: InvokeOutputOptions) => Output<z.output<Result>>;
}

/** @param token `kvmnet:ovs:getOvs` */
export const declareFunction = <Arguments extends z.ZodType, Result extends z.ZodType>(
    token: string,
): Forms<Arguments, Result> => ({
    now: (args, opts = {}) => runtime.invoke(token, args as object, opts),
    later: (args, opts = {}) => runtime.invokeOutput<z.output<Result>>(token, args, opts),
});
