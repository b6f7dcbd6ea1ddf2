/** Makes the class of a resource from its schema: inputs as they are written, outputs as they are known. */
import { CustomResource, type CustomResourceOptions, type Output } from "@pulumi/pulumi";
import type { z } from "zod";
import type { Inputs } from "./args";
import { cheapTraces } from "./cheap-traces";

type Declared = z.ZodType & { shape: z.core.$ZodShape };

/** What every resource of ours has beside its properties. */
interface Marked {
    /** Mark on the host that tells whose this is. */
    owner: string;
    /** Which object of the host this is: the UUID of a row, the index of a link. */
    objectId: string;
}

type Outputs<State> = { readonly [Key in keyof State]-?: Output<State[Key]> };

/** An instance: a resource whose properties are outputs. */
export type Made<Schema extends Declared, More extends Declared = never> = CustomResource &
    Outputs<z.output<Schema> & ([More] extends [never] ? unknown : z.output<More>) & Marked>;

/** Arguments of a resource's constructor. */
export type Args<Schema extends Declared> = Inputs<z.input<Schema>>;

/**
 * @param token `kvmnet:ovs:Bridge`
 * @param outputs what the host alone decides
 */
export function declare<Schema extends Declared, More extends Declared = never>(
    token: string,
    schema: Schema,
    outputs?: More,
): new (name: string, args: Args<Schema>, opts?: CustomResourceOptions) => Made<Schema, More> {
    const keys = [...Object.keys(schema.shape), ...Object.keys(outputs?.shape ?? {}), "owner", "objectId"];
    const absent = Object.fromEntries(keys.map((key) => [key, undefined]));
    const made = class extends CustomResource {
        constructor(name: string, args: Args<Schema>, opts?: CustomResourceOptions) {
            const end = cheapTraces();
            try {
                super(token, name, { ...absent, ...args }, opts);
            } finally {
                end();
            }
        }
    };
    return made as unknown as new (
        name: string,
        args: Args<Schema>,
        opts?: CustomResourceOptions,
    ) => Made<Schema, More>;
}
