/** What an example declares: it is run against Pulumi's mocks, and each request it makes of the engine is kept. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { compileFunction } from "node:vm";
import * as pulumi from "@pulumi/pulumi";
import type { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb";
import { transformSync } from "@swc/core";
import * as kvmnet from "../../components";
import type { Schema } from "./schema";

export interface Declared {
    type: string;
    name: string;
    /** As they are written; what comes from another resource is written as `${name.property}`. */
    inputs: Record<string, unknown>;
    /** Names of resources that it waits for without using a property of theirs. */
    dependsOn: string[];
    /** Name of the provider that it was given. */
    provider?: string;
}

export interface Called {
    token: string;
    inputs: Record<string, unknown>;
}

export interface Program {
    /** Resources that the example itself declares, in its order; what components make of them is not among them. */
    resources: Declared[];
    calls: Called[];
    /** What it exports. */
    outputs: Record<string, unknown>;
}

/** The part of Pulumi's mock monitor that is used here. */
interface Monitor {
    registerResource(request: RegisterResourceRequest, done: unknown): Promise<void>;
}

/** @param file a program in TypeScript that imports "kvmnet" @throws whatever the program throws */
export async function declaredBy(file: string, schema: Schema): Promise<Program> {
    const requests: RegisterResourceRequest[] = [];
    const calls: Called[] = [];
    await pulumi.runtime.setMocks(
        {
            newResource: ({ type, name, inputs }) => ({
                id: `\${${name}.id}`,
                state: stateOf(type, name, inputs as Record<string, unknown>, schema),
            }),
            call: ({ token, inputs }) => {
                calls.push({ token, inputs: inputs as Record<string, unknown> });
                const outputs = Object.keys(schema.functions[token]?.outputs.properties ?? {});
                return Object.fromEntries(outputs.map((key) => [key, `\${${variableOf(token)}.${key}}`]));
            },
        },
        "example",
        "dev",
    );
    const monitor = pulumi.runtime.getMonitor() as unknown as Monitor;
    const register = monitor.registerResource.bind(monitor);
    monitor.registerResource = (request, done) => {
        requests.push(request);
        return register(request, done);
    };
    const text = readFileSync(file, "utf8");
    const exported = run(file, text);
    await pulumi.runtime.disconnect();
    const outputs = (await settled(pulumi.output(exported))) as Record<string, unknown>;
    // They arrive in the order in which their inputs were known.
    const place = ({ name }: Declared) => text.indexOf(`"${name}"`);
    const resources = requests
        .filter((request) => !isChild(request))
        .map((request) => declared(request, schema))
        .sort((a, b) => place(a) - place(b));
    return { resources, calls, outputs };
}

/** `kvmnet:host:getLinks` is kept in the variable `links`. */
export function variableOf(token: string): string {
    const name = token.slice(token.lastIndexOf(":") + 1).replace(/^get/, "");
    return name.charAt(0).toLowerCase() + name.slice(1);
}

/** Every property is a reference to it, so that whoever uses one is seen to use it. */
function stateOf(type: string, name: string, inputs: Record<string, unknown>, { resources }: Schema) {
    const known = [...Object.keys(inputs), ...Object.keys(resources[type]?.properties ?? {})];
    return Object.fromEntries(known.map((key) => [key, `\${${name}.${key}}`]));
}

function run(file: string, text: string): Record<string, unknown> {
    const { code } = transformSync(text, {
        filename: file,
        swcrc: false,
        module: { type: "commonjs" },
        jsc: { parser: { syntax: "typescript" }, target: "es2023" },
    });
    const exported: Record<string, unknown> = {};
    const others = createRequire(resolve(file));
    const load = (name: string): unknown => (name === "kvmnet" ? kvmnet : others(name));
    (compileFunction(code, ["require", "exports"], { filename: file }) as (...args: unknown[]) => void)(load, exported);
    return { ...exported };
}

const settled = <Value>(output: pulumi.Output<Value>) => new Promise<Value>((done) => void output.apply(done));

const isChild = (request: RegisterResourceRequest) =>
    request.getParent() !== "" && !request.getParent().includes("::pulumi:pulumi:Stack::");

function declared(request: RegisterResourceRequest, { resources }: Schema): Declared {
    const order = Object.keys(resources[request.getType()]?.inputProperties ?? {});
    const used = new Set([...request.getPropertydependenciesMap().entries()].flatMap(([, urns]) => urns.getUrnsList()));
    const [, , , provider] = request.getProvider().split("::");
    return {
        type: request.getType(),
        name: request.getName(),
        inputs: Object.fromEntries(
            Object.entries(request.getObject()?.toJavaScript() ?? {}).sort(
                ([a], [b]) => order.indexOf(a) - order.indexOf(b),
            ),
        ),
        dependsOn: request
            .getDependenciesList()
            .filter((urn) => !used.has(urn))
            .map(nameOf),
        ...(provider ? { provider } : {}),
    };
}

const nameOf = (urn: string) => urn.slice(urn.lastIndexOf("::") + 2);
