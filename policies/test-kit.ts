/**
 * Judges resources by policies without an engine, as the SDK's server does with what the engine sends it: for
 * specifications of policy packs, this one and others in the same API.
 */
import { type PolicyPackArgs, type ResourceValidationArgs, unknownCheckingProxy } from "@pulumi/policy";
import { runtime } from "@pulumi/pulumi";

/** Stands in inputs for a value that is not known during preview. */
export const NOT_KNOWN_YET: string = runtime.unknownValue;

/** A resource as a program declares it. */
export interface TestResource {
    type: string;
    /** Logical name in the program. */
    name: string;
    props: unknown;
    /** Absent makes one of type and name. */
    urn?: string;
    /** URN of the provider that makes it; absent is none. */
    provider?: string;
    /** Options that policies see, such as `additionalSecretOutputs` and `parent`. */
    options?: Partial<ResourceValidationArgs["opts"]>;
}

export interface Violation {
    policy: string;
    /** Logical name of the resource; empty where it is about none. */
    resource: string;
    /** `advisory` or `mandatory`, as the engine would take it. */
    level: string;
    message: string;
}

/** A policy that said of a resource that it does not apply, and why. */
export interface NotApplied {
    policy: string;
    resource: string;
    reason: string;
}

/** Levels and thresholds as in a file for `--policy-pack-config`. */
export type Config = Record<string, { enforcementLevel?: string } & Record<string, unknown>>;

type Policy = PolicyPackArgs["policies"][number];
type Pack = Pick<PolicyPackArgs, "policies">;

/** What the policies report of each resource; the ones about whole stacks come last. */
export const runPolicy = async (pack: Pack, resources: TestResource[], config: Config = {}): Promise<Violation[]> =>
    (await runPack(pack, resources, config)).violations;

/** The same, with what said that it does not apply, as an exempted finding does. */
export async function runPack(
    { policies }: Pack,
    resources: TestResource[],
    config: Config = {},
): Promise<{ violations: Violation[]; notApplied: NotApplied[] }> {
    const violations: Violation[] = [];
    const notApplied: NotApplied[] = [];
    const levelOf = (policy: Policy) => config[policy.name]?.enforcementLevel ?? policy.enforcementLevel ?? "advisory";
    const reporter = (policy: Policy, nameOf: (urn?: string) => string) => (said: Said, urn?: string) => {
        const own = typeof said === "string" ? { message: `${policy.description}\n${said}`, urn } : said;
        violations.push({
            policy: policy.name,
            resource: nameOf(own.urn ?? urn),
            level: own.enforcementLevel ?? levelOf(policy),
            message: own.message ?? policy.description,
        });
    };
    const applied = async (policy: Policy, resource: string, work: () => Promise<void> | void) => {
        try {
            await work();
        } catch (error) {
            if (!(error instanceof NotApplicable)) throw error;
            notApplied.push({ policy: policy.name, resource, reason: error.message });
        }
    };
    const enabled = policies.filter((policy) => levelOf(policy) !== "disabled");
    for (const resource of resources)
        for (const policy of enabled)
            if ("validateResource" in policy && concerns(policy.validateResource, resource.type))
                await applied(policy, resource.name, async () => {
                    for (const validate of [policy.validateResource ?? []].flat())
                        await validate(
                            argumentsFor(resource, config[policy.name]),
                            reporter(policy, () => resource.name),
                        );
                });
    const named = (urn?: string) => resources.find((resource) => urnOf(resource) === urn)?.name ?? "";
    for (const policy of enabled)
        if ("validateStack" in policy)
            await applied(policy, "", async () =>
                policy.validateStack(stackArguments(resources, config[policy.name]), reporter(policy, named)),
            );
    return { violations, notApplied };
}

/** A violation as the SDK lets it be reported. */
type Said = string | { message?: string; urn?: string; enforcementLevel?: string };

/** The SDK asks a validation that is marked with a type only about resources of that type. */
const concerns = (validation: unknown, type: string) =>
    ((validation as { __pulumiType?: string } | undefined)?.__pulumiType ?? type) === type;

function stackArguments(resources: TestResource[], config: object = {}) {
    return {
        resources: resources.map((resource) => ({
            ...argumentsFor(resource),
            dependencies: [],
            propertyDependencies: {},
        })),
        stackTags: new Map<string, string>(),
        getConfig: <T>() => ({ ...config, enforcementLevel: undefined }) as T,
        notApplicable,
    };
}

function argumentsFor(resource: TestResource, config: object = {}): ResourceValidationArgs {
    const { type, name, props, options, provider } = resource;
    return {
        type,
        ...(provider === undefined ? {} : { provider: providerOf(provider) }),
        name,
        props: checked(props as object),
        urn: urnOf(resource),
        opts: {
            protect: false,
            ignoreChanges: [],
            aliases: [],
            customTimeouts: NO_TIMEOUTS,
            additionalSecretOutputs: [],
            ...options,
        },
        stackTags: new Map(),
        isType: () => false,
        asType: () => undefined,
        getConfig: <T>() => ({ ...config, enforcementLevel: undefined }) as T,
        notApplicable,
    };
}

/** What the SDK tells policies of a provider. */
const providerOf = (urn: string) => ({
    urn,
    type: urn.split("::")[2]?.split("$").at(-1) ?? "",
    name: urn.split("::").slice(3).join("::"),
    props: {},
});

const urnOf = ({ urn, type, name }: TestResource) => urn ?? `urn:pulumi:test::test::${type}::${name}`;

/** As the SDK's server hands inputs to policies; the SDK leaves the type of this export out. */
const checked = unknownCheckingProxy as (props: object) => Record<string, unknown>;

const NO_TIMEOUTS = { createSeconds: 0, updateSeconds: 0, deleteSeconds: 0 };

class NotApplicable extends Error {}

function notApplicable(reason?: string): never {
    throw new NotApplicable(reason);
}
