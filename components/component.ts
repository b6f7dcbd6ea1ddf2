/** What all components share: arguments checked before anything is registered, and children named and adjustable. */
import * as pulumi from "@pulumi/pulumi";
import type { z } from "zod";
import { cheaply } from "../resources/cheap-traces";
import { InputError, parsed, type Problem } from "../schemas/problems";
import type { Scope } from "./names";

/** Last word for the user on one child: a patch, or a pure function of the inputs we chose. */
export type Transform<Inputs> = Partial<Inputs> | ((inputs: Inputs) => Inputs);

/** What a child is made with. */
export type Child<Inputs, Options> = readonly [name: string, inputs: Inputs, opts: Options & { parent: Component }];

/** A component of ours; its children carry its name and are its children in the engine too. */
export abstract class Component extends cheaply(pulumi.ComponentResource) {
    readonly #name: string;

    /** @param args what the engine and policies see of the arguments: plain, checked, without resource objects */
    constructor(kind: string, name: string, args: pulumi.Inputs, opts?: pulumi.ComponentResourceOptions) {
        super(`kvmnet:index:${kind}`, name, args, opts);
        this.#name = name;
    }

    /** Constructor arguments of a child: prefixed name, transformed inputs, us as the parent. */
    protected child<
        Inputs extends object,
        Options extends pulumi.ComponentResourceOptions | pulumi.CustomResourceOptions =
            pulumi.ComponentResourceOptions,
    >(role: string, inputs: Inputs, by?: Transform<Inputs>, opts?: Options): Child<Inputs, Options> {
        return [`${this.#name}-${role}`, transformed(inputs, by), { ...(opts ?? ({} as Options)), parent: this }];
    }
}

/**
 * The arguments as the schema's complete output.
 *
 * @param ofParts what was found wrong in arguments that the schema leaves to others
 * @throws pulumi.RunError with every problem; Pulumi prints its message alone, without a stack trace
 */
export function parseArgs<Schema extends z.ZodType>(
    schema: Schema,
    args: unknown,
    subject: string,
    ofParts?: readonly Problem[],
): z.output<Schema> {
    return told(() => parsed(schema, args, subject, ofParts));
}

/** Runs `work`; bad input found in it is told by Pulumi as a message, without a stack trace. */
export function told<Result>(work: () => Result): Result {
    try {
        return work();
    } catch (error) {
        if (error instanceof InputError) throw new pulumi.RunError(error.message);
        throw error;
    }
}

/** The stack that runs: what tells its guests from those of other stacks. */
export const thisStack = (): Scope => ({ project: pulumi.getProject(), stack: pulumi.getStack() });

function transformed<Inputs extends object>(inputs: Inputs, by?: Transform<Inputs>): Inputs {
    if (typeof by === "function") return by(inputs);
    return { ...inputs, ...by };
}
