/** The package schema as its readers see it: what of it the pages tell. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageSchema } from "../../provider/schema";

export interface Property {
    type?: string;
    $ref?: string;
    oneOf?: Property[];
    items?: Property;
    additionalProperties?: Property;
    description?: string;
    default?: unknown;
    willReplaceOnChanges?: boolean;
    secret?: boolean;
}

export type Properties = Record<string, Property>;

export interface ObjectType {
    description?: string;
    properties?: Properties;
    required?: string[];
    enum?: { value: unknown }[];
}

export interface Resource {
    isComponent?: boolean;
    description: string;
    inputProperties: Properties;
    requiredInputs?: string[];
    properties: Properties;
}

export interface Function {
    description: string;
    inputs: ObjectType;
    outputs: ObjectType;
}

export interface Schema {
    provider: { description: string; inputProperties: Properties };
    resources: Record<string, Resource>;
    functions: Record<string, Function>;
    types: Record<string, ObjectType>;
}

export function readSchema(root: string): Schema {
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
    return JSON.parse(JSON.stringify(packageSchema(version))) as Schema;
}

/** `kvmnet:ovs:Port` in its parts: module `ovs`, name `Port`. */
export function partsOf(token: string): { module: string; name: string } {
    const [, module = "", name = ""] = token.split(":");
    return { module, name };
}
