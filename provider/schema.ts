/** The package schema, made from the zod objects: what SDKs of other languages, `pulumi import` and docs are made from. */
import { z } from "zod";
import { DEFAULT_HOST, ProviderConfig } from "./config";
import { RESOURCES, type AnyResource } from "./resources";

interface PropertySpec {
    type?: string;
    items?: PropertySpec;
    description?: string;
    default?: unknown;
    willReplaceOnChanges?: boolean;
}

interface JsonSchema {
    type?: string | string[];
    description?: string;
    default?: unknown;
    items?: JsonSchema;
    properties?: Record<string, JsonSchema>;
    required?: string[];
}

/** @see https://www.pulumi.com/docs/iac/guides/building-extending/packages/schema/ */
export function packageSchema(version: string): object {
    const config = objectOf(ProviderConfig);
    const host = { type: "string", description: config.properties.host?.description, default: DEFAULT_HOST };
    return {
        name: "kvmnet",
        displayName: "kvmnet",
        version,
        description: "Bridges, Open vSwitch switches and taps of KVM hosts.",
        keywords: ["kvm", "libvirt", "openvswitch", "networking", "category/infrastructure"],
        license: "Apache-2.0",
        meta: { moduleFormat: "(.*)" },
        config: { variables: { host } },
        provider: {
            description: "Where resources are built.",
            properties: { host },
            inputProperties: { host },
        },
        resources: Object.fromEntries(
            [...RESOURCES.values()].map((resource) => [resource.type, resourceSpec(resource)]),
        ),
        language: {
            nodejs: { respectSchemaVersion: true },
            python: { respectSchemaVersion: true, pyproject: { enabled: true } },
            go: { respectSchemaVersion: true },
            csharp: { respectSchemaVersion: true },
        },
    };
}

function resourceSpec(resource: AnyResource): object {
    const { properties, required } = objectOf(resource.schema);
    const cost: Record<string, string> = resource.cost;
    const inputs = Object.fromEntries(
        Object.entries(properties).map(([key, property]) => [
            key,
            { ...property, ...(cost[key] === "replace" ? { willReplaceOnChanges: true } : {}) },
        ]),
    );
    const always = Object.keys(properties).filter(
        (key) => required.includes(key) || properties[key]?.default !== undefined,
    );
    return {
        description: resource.description,
        inputProperties: inputs,
        requiredInputs: required,
        properties: {
            ...Object.fromEntries(
                Object.entries(properties).map(([key, { default: _, ...property }]) => [key, property]),
            ),
            owner: { type: "string", description: OWNER },
        },
        required: [...new Set([...always, ...(resource.derived ?? []), "owner"])],
    };
}

const OWNER =
    "Mark on the host that tells whose this is; empty on an object that was imported without one, until its next update.";

function objectOf(schema: z.ZodType): { properties: Record<string, PropertySpec>; required: string[] } {
    const { properties = {}, required = [] } = z.toJSONSchema(schema, {
        io: "input",
        unrepresentable: "any",
    }) as JsonSchema;
    return {
        properties: Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, propertyOf(value)])),
        required,
    };
}

/** No unions: an entry of a VLAN list, which TypeScript may write as a number, is text in every other language. */
function propertyOf({ type, items, description, default: preset }: JsonSchema): PropertySpec {
    const known = typeof type === "string" ? type : "string";
    return {
        type: known,
        ...(known === "array" ? { items: items ? propertyOf(items) : { type: "string" } } : {}),
        ...(description ? { description } : {}),
        ...(preset === undefined ? {} : { default: preset }),
    };
}
