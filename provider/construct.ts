/**
 * Serves our components to programs of every language: the one place where components and provider meet.
 *
 * It does what the SDK's own server does (provider/server.js, `construct`), whose class takes a whole provider and cannot
 * be had alone; what it calls of the SDK's insides is named in `Insides` and held by a test against the real engine.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import * as pulumi from "@pulumi/pulumi";
import type { Alias } from "@pulumi/pulumi/proto/alias_pb";
import { ConstructResponse, type ConstructRequest } from "@pulumi/pulumi/proto/provider_pb";
import { resetOptions, serializeResourceProperties, setAllConfig } from "@pulumi/pulumi/runtime";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { SERVED } from "../components/served";
import { InputError } from "../schemas/problems";
import { HostError } from "./host/errors";
import { plainInputs } from "./plain-inputs";
import { withoutNulls } from "./without-nulls";

/** Left out of the SDK's types, and used by its own server in the same way. */
interface Insides {
    server: { deserializeInputs(inputs: Struct, dependencies: unknown): Promise<pulumi.Inputs> };
    resource: { hookBindingFromProto(hooks: unknown): pulumi.ResourceHookBinding | undefined };
    settings: { waitForRPCs(): Promise<void>; awaitFeatureSupport(): Promise<void> };
    state: { withLocalStorage<Result>(work: () => Promise<Result>): Promise<Result> };
}

/* eslint-disable @typescript-eslint/no-require-imports */
const insides = (): Insides => ({
    server: require("@pulumi/pulumi/provider/server") as Insides["server"],
    resource: require("@pulumi/pulumi/runtime/resource") as Insides["resource"],
    settings: require("@pulumi/pulumi/runtime/settings") as Insides["settings"],
    state: require("@pulumi/pulumi/runtime/state") as Insides["state"],
});
/* eslint-enable @typescript-eslint/no-require-imports */

/**
 * Registers a component and its children with the engine that asks.
 *
 * @param engine address of the engine
 * @throws HostError invalid with every problem of the arguments
 */
export function construct(request: ConstructRequest, engine: string | undefined): Promise<ConstructResponse> {
    const type = request.getType();
    const served = SERVED.get(type);
    if (!served)
        throw new HostError(
            "invalid",
            type,
            "there is no such component in kvmnet",
            `It has ${[...SERVED.keys()].join(", ")}.`,
        );
    const { server, settings, state } = insides();
    const subject = `${type.split(":").at(-1)} ${request.getName()}`;
    return untilRefused(async () =>
        state.withLocalStorage(async () => {
            const options = [request.getProject(), request.getStack(), request.getParallel()] as const;
            const organization = request.getOrganization();
            resetOptions(...options, engine ?? "", request.getMonitorendpoint(), request.getDryrun(), organization);
            await settings.awaitFeatureSupport();
            setAllConfig(Object.fromEntries(request.getConfigMap().toArray()), request.getConfigsecretkeysList());

            const given = await server.deserializeInputs(
                request.getInputs() ?? new Struct(),
                request.getInputdependenciesMap(),
            );
            const plain = await plainInputs(given, served.travelling, subject);
            const inputs = withoutNulls(plain, served.inputs) as pulumi.Inputs;
            const component = served.make(request.getName(), inputs, optionsOf(request));

            const response = new ConstructResponse();
            response.setUrn(await promised(component.resource.urn));
            const [outputs, dependencies] = await serializeResourceProperties(type, component.outputs);
            // What is absent is told as such: a preview takes what it is not told for unknown.
            for (const key of Object.keys(component.outputs)) outputs[key] ??= null;
            response.setState(Struct.fromJavaScript(outputs));
            for (const [key, resources] of dependencies) {
                const urns = new ConstructResponse.PropertyDependencies();
                urns.setUrnsList(await Promise.all([...resources].map(({ urn }) => promised(urn))));
                response.getStatedependenciesMap().set(key, urns);
            }
            await settings.waitForRPCs();
            return response;
        }),
    );
}

/** Refuses the component that is being made; what it has begun goes on beside it. */
const refusal = new AsyncLocalStorage<(error: unknown) => void>();

// The SDK leaves what fails in an `apply`, or while a child is registered, to the process: that would end all components.
process.on("unhandledRejection", (error) => {
    const refuse = refusal.getStore();
    if (!refuse) throw error;
    refuse(error);
});

/** The work, or the first failure of anything that it began. What is wrong with arguments is the caller's to mend. */
function untilRefused<Result>(work: () => Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
        const refuse = (error: unknown) =>
            reject(
                pulumi.RunError.isInstance(error) || error instanceof InputError
                    ? new Refused(error.message)
                    : (error as Error),
            );
        refusal.run(refuse, work).then(resolve, refuse);
    });
}

/** The arguments are wrong; the message says it all, and the engine adds the resource. */
class Refused extends Error {
    readonly kind = "invalid";
}

function optionsOf(request: ConstructRequest): pulumi.ComponentResourceOptions {
    const parent = request.getParent();
    const deletedWith = request.getDeletedwith();
    const timeouts = request.getCustomtimeouts();
    return {
        ...(parent ? { parent: new pulumi.DependencyResource(parent) } : {}),
        dependsOn: request.getDependenciesList().map((urn) => new pulumi.DependencyResource(urn)),
        protect: request.getProtect(),
        providers: Object.fromEntries(
            request
                .getProvidersMap()
                .toArray()
                .map(([name, reference]) => [name, new pulumi.DependencyProviderResource(reference)]),
        ),
        aliases: request.getAliasesList().map(aliasOf),
        ignoreChanges: request.getIgnorechangesList(),
        replaceOnChanges: request.getReplaceonchangesList(),
        retainOnDelete: request.getRetainondelete(),
        ...(timeouts && {
            customTimeouts: {
                create: timeouts.getCreate() || undefined,
                update: timeouts.getUpdate() || undefined,
                delete: timeouts.getDelete() || undefined,
            },
        }),
        ...(deletedWith ? { deletedWith: new pulumi.DependencyResource(deletedWith) } : {}),
        hooks: insides().resource.hookBindingFromProto(request.getResourceHooks()),
    };
}

/** The resource's former self, by URN or by what of it was other. */
function aliasOf(alias: Alias): pulumi.URN | pulumi.Alias {
    const spec = alias.getSpec();
    if (!spec) return alias.getUrn();
    const [name, type, project, stack] = [spec.getName(), spec.getType(), spec.getProject(), spec.getStack()];
    return {
        ...(name ? { name } : {}),
        ...(type ? { type } : {}),
        ...(project ? { project } : {}),
        ...(stack ? { stack } : {}),
        ...(spec.hasParenturn() ? { parent: spec.getParenturn() } : {}),
        ...(spec.getNoparent() ? { parent: pulumi.rootStackResource } : {}),
    };
}

const promised = <Value>(output: pulumi.Output<Value>): Promise<Value> =>
    (output as unknown as { promise(): Promise<Value> }).promise();
