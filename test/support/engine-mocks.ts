/** Pulumi's mocks, keeping what a program would register: each resource with its type, name, inputs and parent. */
import * as pulumi from "@pulumi/pulumi";

export interface Registered {
    type: string;
    name: string;
    inputs: Record<string, unknown>;
}

/** Begins a run under mocks. Every custom resource answers with its inputs, as ours do in a preview. */
export async function mockedEngine(config: Record<string, string> = {}) {
    const registered: Registered[] = [];
    await pulumi.runtime.setMocks(
        {
            newResource({ type, name, inputs }) {
                registered.push({ type, name, inputs: inputs as Record<string, unknown> });
                return { id: `${name}-id`, state: inputs as Record<string, unknown> };
            },
            call: () => ({}),
        },
        "kvmnet-sample",
        "lab",
    );
    pulumi.runtime.setAllConfig(config);
    return {
        registered,
        /** The one resource of this name. */
        named(name: string): Registered {
            const found = registered.filter((one) => one.name === name);
            if (found.length !== 1) throw new Error(`${found.length} resources are called ${name}, of ${names(registered)}`);
            return found[0]!;
        },
        /** Each resource's type by its name. */
        types: () => Object.fromEntries(registered.map(({ name, type }) => [name, type])),
    };
}

/** The value of an output once everything it waits for is there. */
export const valueOf = <Value>(output: pulumi.Output<Value>): Promise<Value> =>
    new Promise((resolve) => output.apply((value) => resolve(value as Value)));

/** Waits until everything that was begun is registered. */
export async function settled(resource: pulumi.Resource): Promise<void> {
    await valueOf(resource.urn);
    await pulumi.runtime.disconnect();
}

const names = (registered: Registered[]) => registered.map(({ name }) => name).join(", ");
