/** JSON of `terraform show -json`: a plan or a state with the libvirt provider, in its 0.8 or 0.9 line. */
import { z } from "zod";
import { at } from "../../inputs";
import { maybe, NotKnown } from "../../known";
import type { PlacedResource } from "../finding";
import { placesIn, type ReadSource, Unreadable } from "../source";
import { boundedList, jsonOf, rewritten } from "./json";

const Values = z.record(z.string(), z.unknown());
type Values = z.output<typeof Values>;
const Change = z.object({
    address: z.string(),
    type: z.string(),
    mode: z.string().default("managed"),
    change: z.object({
        actions: z.array(z.string()),
        after: Values.nullish(),
        after_unknown: z.unknown().optional(),
        after_sensitive: z.unknown().optional(),
    }),
});
interface Module {
    resources?: { address: string; type: string; mode?: string; values?: Record<string, unknown> | null }[];
    child_modules?: Module[];
}
const Module: z.ZodType<Module> = z.lazy(() =>
    z.object({
        resources: z
            .array(
                z.object({
                    address: z.string(),
                    type: z.string(),
                    mode: z.string().optional(),
                    values: Values.nullish(),
                }),
            )
            .optional(),
        child_modules: z.array(Module).optional(),
    }),
);
const Shown = z.object({
    format_version: z.string(),
    resource_changes: z.array(Change).optional(),
    planned_values: z.object({ root_module: Module.optional() }).optional(),
    values: z.object({ root_module: Module.optional() }).optional(),
    configuration: z
        .object({
            provider_config: z
                .record(z.string(), z.object({ name: z.string().optional(), expressions: Values.optional() }))
                .optional(),
        })
        .optional(),
});

/** Terraform's types as @pulumi/libvirt has them: the same provider stands behind both. */
const TYPES: ReadonlyMap<string, string> = new Map([
    ["libvirt_domain", "libvirt:index/domain:Domain"],
    ["libvirt_network", "libvirt:index/network:Network"],
]);

export const readTerraform: ReadSource = (source) => {
    const { file, text } = source;
    const json = jsonOf(source);
    boundedList(file, at(json, "resource_changes"));
    const told = Shown.safeParse(json);
    if (!told.success) throw new Unreadable(`${file} is JSON, and not of \`terraform show -json\`.`);
    const { resource_changes: changes, planned_values, values, configuration } = told.data;
    const modules = [planned_values?.root_module, values?.root_module].flatMap((root) => (root ? [root] : []));
    const resources = changes
        ? changes.flatMap(({ change, ...resource }) =>
              change.after && !change.actions.every((action) => action === "delete")
                  ? [
                        {
                            ...resource,
                            values: withHoles(change.after, change.after_unknown, change.after_sensitive) as Values,
                        },
                    ]
                  : [],
          )
        : modules.flatMap(resourcesOf);
    const placeOf = placesIn(text);
    const position = (mark: string) => {
        const offset = text.indexOf(JSON.stringify(mark));
        return { file, ...(offset < 0 ? {} : placeOf(offset)) };
    };
    const ours = resources.flatMap(({ address, type, mode = "managed", values: given }): PlacedResource[] => {
        const is = TYPES.get(type);
        if (is === undefined || mode !== "managed") return [];
        const props = maybe(() => rewritten(given ?? {}, (value) => value, pulumiName));
        if (props instanceof NotKnown) throw new Unreadable(`${file} cannot be read: ${props.because}.`);
        return [{ type: is, name: address.replace(/^libvirt_\w+\./, ""), props, position: position(address) }];
    });
    const providers = Object.entries(configuration?.provider_config ?? {}).flatMap(
        ([key, { name = key, expressions }]): PlacedResource[] => {
            if (name !== "libvirt") return [];
            const uri = expressions?.uri;
            if (typeof uri !== "object" || uri === null) return [];
            const constant = (uri as Record<string, unknown>).constant_value;
            return [
                {
                    type: "pulumi:providers:libvirt",
                    name: key,
                    props: { uri: constant ?? new NotKnown("it is computed") },
                    position: position(key),
                },
            ];
        },
    );
    return [...ours, ...providers];
};

const resourcesOf = ({ resources = [], child_modules: children = [] }: Module): NonNullable<Module["resources"]> => [
    ...resources,
    ...children.flatMap(resourcesOf),
];

/** Lists that are looked at and have their plural with Pulumi alone (docs/resources/domain.md of 0.9.7, and `network_interface` of 0.8). */
const PLURALS: ReadonlyMap<string, string> = new Map([
    ["network_interface", "networkInterfaces"],
    ["vcpu_pin", "vcpuPins"],
    ["cell", "cells"],
]);

/** The other names differ by their case alone. */
const pulumiName = (name: string) =>
    PLURALS.get(name) ?? name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** What is true in the shadow trees is unknown, or not to be shown. */
function withHoles(value: unknown, unknown: unknown, sensitive: unknown): unknown {
    if (unknown === true) return new NotKnown("its value is not known yet");
    if (sensitive === true) return new NotKnown("its value is secret");
    if (typeof value !== "object" && value !== undefined) return value;
    const inner = (key: string | number) => withHoles(ownOf(value, key), ownOf(unknown, key), ownOf(sensitive, key));
    const keys = [...new Set([...Object.keys(value ?? {}), ...Object.keys(objectOf(unknown))])];
    if (Array.isArray(value ?? unknown)) return keys.map(inner);
    return value === null && keys.length === 0 ? null : Object.fromEntries(keys.map((key) => [key, inner(key)]));
}

const objectOf = (value: unknown): object => (typeof value === "object" && value !== null ? value : {});
const ownOf = (value: unknown, key: string | number): unknown =>
    Object.hasOwn(objectOf(value), key) ? (value as Record<string | number, unknown>)[key] : undefined;
