/** The package schema, made from the zod objects: what SDKs of other languages, `pulumi import` and docs are made from. */
import { z } from "zod";
import { SERVED } from "../components/served";
import type { ServedComponent } from "../components/served-component";
import { DEFAULT_HOST, ProviderConfig } from "./config";
import type { HostFunction } from "./function";
import { FUNCTIONS } from "./functions";
import { RESOURCES, type AnyResource } from "./resources";

interface PropertySpec {
    type?: string;
    $ref?: string;
    oneOf?: PropertySpec[];
    items?: PropertySpec;
    additionalProperties?: PropertySpec;
    description?: string;
    default?: unknown;
    willReplaceOnChanges?: boolean;
    replaceOnChanges?: boolean;
    secret?: boolean;
    language?: { csharp: { name: string } };
}

interface ObjectSpec {
    properties: Record<string, PropertySpec>;
    required: string[];
}

interface JsonSchema {
    type?: string | string[];
    description?: string;
    default?: unknown;
    items?: JsonSchema;
    enum?: unknown[];
    minimum?: number;
    maximum?: number;
    properties?: Record<string, JsonSchema>;
    additionalProperties?: JsonSchema | boolean;
    required?: string[];
    /** Name of a nested object's type, from its zod object's `.meta({ token: "ovs:PortOfSet" })`. */
    token?: string;
}

/** Types that properties refer to, gathered while they are described. */
type Types = Map<string, object>;

/** @see https://www.pulumi.com/docs/iac/guides/building-extending/packages/schema/ */
export function packageSchema(version: string): object {
    const types: Types = new Map();
    const config = objectOf(ProviderConfig, "index:Provider", types);
    const host = { type: "string", description: config.properties.host?.description, default: DEFAULT_HOST };
    const resources = [...RESOURCES.values()].map((resource) => [resource.type, resourceSpec(resource, types)]);
    const components = [...SERVED].map(([token, component]) => [token, componentSpec(token, component, types)]);
    const functions = [...FUNCTIONS.values()].map((one) => [one.token, functionSpec(one, types)]);
    return {
        name: "kvmnet",
        displayName: "kvmnet",
        version,
        description: "Bridges, Open vSwitch switches, taps and the rest of the networking of KVM hosts.",
        keywords: ["kvm", "libvirt", "openvswitch", "networking", "category/infrastructure"],
        license: "Apache-2.0",
        meta: { moduleFormat: "(.*)" },
        config: { variables: { host } },
        provider: {
            description: "Where resources are built.",
            properties: { host },
            inputProperties: { host },
        },
        resources: Object.fromEntries([...resources, ...components]) as object,
        functions: Object.fromEntries(functions) as object,
        types: Object.fromEntries([...types].sort(([a], [b]) => (a < b ? -1 : 1))),
        language: {
            nodejs: { packageName: "kvmnet", respectSchemaVersion: true },
            python: { respectSchemaVersion: true, pyproject: { enabled: true } },
            go: { respectSchemaVersion: true },
            csharp: { respectSchemaVersion: true },
        },
    };
}

function resourceSpec(resource: AnyResource, types: Types): object {
    const place = resource.type.replace(/^kvmnet:/, "");
    const { properties, required } = objectOf(resource.schema, place, types);
    const outputs = resource.outputs ? objectOf(resource.outputs, place, types) : { properties: {}, required: [] };
    const cost: Record<string, string> = resource.cost;
    const secret = (key: string) => (resource.secrets?.includes(key as never) ? { secret: true } : {});
    const inputs = Object.fromEntries(
        Object.entries(properties).map(([key, property]) => [
            key,
            { ...property, ...secret(key), ...(cost[key] === "replace" ? { willReplaceOnChanges: true } : {}) },
        ]),
    );
    const state = Object.entries(properties).map(([key, { default: _, ...property }]) => [
        key,
        { ...property, ...secret(key), ...(cost[key] === "replace" ? { replaceOnChanges: true } : {}) },
    ]);
    const always = Object.keys(properties).filter(
        (key) => required.includes(key) || properties[key]?.default !== undefined,
    );
    return {
        description: described(resource),
        inputProperties: inputs,
        requiredInputs: required,
        properties: {
            ...Object.fromEntries(state),
            ...outputs.properties,
            owner: { type: "string", description: OWNER },
            objectId: { type: "string", description: OBJECT_ID },
        } as Record<string, PropertySpec>,
        required: [...new Set([...always, ...(resource.derived ?? []), ...outputs.required, "owner"])],
    };
}

/**
 * What decides which children there are is plain, so that a preview shows them all; but for what other components tell,
 * which languages with types would have no way to hand over.
 */
function componentSpec(token: string, component: ServedComponent, types: Types) {
    const { description, inputs, outputs, travelling, toldByOthers } = component;
    const place = token.replace(/^kvmnet:/, "");
    const { properties, required } = objectOf(inputs, place, types);
    const maybeOutputs = new Set([...travelling, ...toldByOthers]);
    const given = Object.entries(properties).map(([key, property]) => [
        key,
        maybeOutputs.has(key) || maybeOutputs.has(`${key}.*`) ? property : { ...property, plain: true },
    ]);
    const told = objectOf(outputs, place, types);
    return {
        isComponent: true,
        description,
        inputProperties: Object.fromEntries(given) as object,
        requiredInputs: required,
        properties: told.properties,
        required: told.required,
    };
}

const described = ({ type, description, idForm = "INTERFACE", idNote }: AnyResource) =>
    `${description}\n\nImport: \`pulumi import ${type} NAME ${idForm}\`${idNote ? `, ${idNote}` : ""}.`;

const OWNER =
    "Mark on the host that tells whose this is; empty on an object that was imported without one, until its next update.";
const OBJECT_ID =
    "Which object of the host this is, whatever its name: the UUID of a row, the boot of the host and the index of a link.";

function functionSpec({ token, description, inputs, outputs }: HostFunction, types: Types): object {
    const place = token.replace(/^kvmnet:/, "");
    const object = (schema: z.ZodType) => {
        const { properties, required } = objectOf(schema, place, types);
        return { type: "object", properties, required };
    };
    return { description, inputs: object(inputs), outputs: object(outputs) };
}

function objectOf(schema: z.ZodType, place: string, types: Types): ObjectSpec {
    return specOf(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as JsonSchema, place, types);
}

function specOf({ properties = {}, required = [] }: JsonSchema, place: string, types: Types): ObjectSpec {
    return {
        properties: Object.fromEntries(
            Object.entries(properties).map(([key, value]) => [
                key,
                { ...propertyOf(value, place + capital(key), types), ...namedFor(key, place) },
            ]),
        ),
        required,
    };
}

/** C# has no property named as its class (CS0542): the address of an `Address` is its `AddressValue` there. */
const namedFor = (key: string, place: string): Pick<PropertySpec, "language"> =>
    capital(key) === place.split(":").at(-1) ? { language: { csharp: { name: `${capital(key)}Value` } } } : {};

/** @param place where it stands, which names an enum: `ovs:BridgeDatapathType` */
function propertyOf(json: JsonSchema, place: string, types: Types): PropertySpec {
    const { description, default: preset } = json;
    const told = [description, boundsOf(json)].filter(Boolean).join(" ");
    return {
        ...typeOf(json, place, types),
        ...(told ? { description: told } : {}),
        // An object's default is its fields' defaults.
        ...(preset === undefined || typeof preset === "object" ? {} : { default: preset }),
    };
}

/** No unions: what TypeScript may write as a number too (a rate, an entry of a VLAN list) is text in every other language. */
function typeOf(json: JsonSchema, place: string, types: Types): PropertySpec {
    const { type, items, additionalProperties, properties, token } = json;
    if (type === "array") return { type, items: items ? propertyOf(items, place, types) : { type: "string" } };
    if (type === "object" && properties) {
        const name = `kvmnet:${token ?? place}`;
        const { properties: inner, required } = specOf(json, token ?? place, types);
        types.set(name, {
            type,
            properties: inner,
            required,
            ...(json.description ? { description: json.description } : {}),
        });
        return { $ref: `#/types/${name}` };
    }
    if (type === "object")
        return {
            type,
            additionalProperties:
                typeof additionalProperties === "object"
                    ? propertyOf(additionalProperties, place, types)
                    : { type: "string" },
        };
    if (type === "string" && json.enum) {
        const name = `kvmnet:${place}`;
        types.set(name, { type, enum: json.enum.map((value) => ({ value })) });
        // Each language then takes the plain word as well as the name of the enum.
        return { type, oneOf: [{ type }, { type, $ref: `#/types/${name}` }] };
    }
    return { type: typeof type === "string" ? type : "string" };
}

/** Bounds as a sentence: the schema has no field for them. */
function boundsOf({ minimum, maximum, description = "" }: JsonSchema): string {
    const told = (bound: number | undefined): bound is number =>
        bound !== undefined && Math.abs(bound) < Number.MAX_SAFE_INTEGER;
    if (told(minimum) && told(maximum))
        return description.includes(`${minimum} to ${maximum}`) ? "" : `From ${minimum} to ${maximum}.`;
    if (told(minimum)) return minimum === 0 ? "" : `At least ${minimum}.`;
    return told(maximum) ? `At most ${maximum}.` : "";
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
