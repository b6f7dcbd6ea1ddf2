/**
 * Serves our components to programs of every language: the one place where components and provider meet.
 *
 * It does what the SDK's own server does (provider/server.js, `construct`), whose class takes a whole provider and cannot
 * be had alone; what it calls of the SDK's insides is named in `Insides` and held by a test against the real engine.
 */
import * as pulumi from "@pulumi/pulumi";
import { ConstructResponse, type ConstructRequest } from "@pulumi/pulumi/proto/provider_pb";
import { resetOptions, serializeResourceProperties, setAllConfig } from "@pulumi/pulumi/runtime";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { SERVED } from "../components/served";
import { HostError } from "./host/errors";

/** Left out of the SDK's types, and used by its own server in the same way. */
interface Insides {
    server: { deserializeInputs(inputs: Struct, dependencies: unknown): Promise<pulumi.Inputs> };
    settings: { waitForRPCs(): Promise<void>; awaitFeatureSupport(): Promise<void> };
    state: { withLocalStorage<Result>(work: () => Promise<Result>): Promise<Result> };
}

/* eslint-disable @typescript-eslint/no-require-imports */
const insides = (): Insides => ({
    server: require("@pulumi/pulumi/provider/server") as Insides["server"],
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
    return state.withLocalStorage(async () => {
        const options = [request.getProject(), request.getStack(), request.getParallel()] as const;
        const organization = request.getOrganization();
        resetOptions(...options, engine ?? "", request.getMonitorendpoint(), request.getDryrun(), organization);
        await settings.awaitFeatureSupport();
        setAllConfig(Object.fromEntries(request.getConfigMap().toArray()), request.getConfigsecretkeysList());

        const inputs = await server.deserializeInputs(
            request.getInputs() ?? new Struct(),
            request.getInputdependenciesMap(),
        );
        const component = made(() => served.make(request.getName(), inputs, optionsOf(request)));

        const response = new ConstructResponse();
        response.setUrn(await promised(component.resource.urn));
        const [outputs, dependencies] = await serializeResourceProperties(type, component.outputs);
        response.setState(Struct.fromJavaScript(outputs));
        for (const [key, resources] of dependencies) {
            const urns = new ConstructResponse.PropertyDependencies();
            urns.setUrnsList(await Promise.all([...resources].map(({ urn }) => promised(urn))));
            response.getStatedependenciesMap().set(key, urns);
        }
        await settings.waitForRPCs();
        return response;
    });
}

/** What is wrong with the arguments is the caller's to mend, not a fault of ours. */
function made<Component>(make: () => Component): Component {
    try {
        return make();
    } catch (error) {
        if (pulumi.RunError.isInstance(error)) throw new Refused(error.message);
        throw error;
    }
}

/** The arguments are wrong; the message says it all, and the engine adds the resource. */
class Refused extends Error {
    readonly kind = "invalid";
}

function optionsOf(request: ConstructRequest): pulumi.ComponentResourceOptions {
    const parent = request.getParent();
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
        aliases: request.getAliasesList().flatMap((alias) => (alias.hasUrn() ? [alias.getUrn()] : [])),
        ignoreChanges: request.getIgnorechangesList(),
        replaceOnChanges: request.getReplaceonchangesList(),
        retainOnDelete: request.getRetainondelete(),
    };
}

const promised = <Value>(output: pulumi.Output<Value>): Promise<Value> =>
    (output as unknown as { promise(): Promise<Value> }).promise();
