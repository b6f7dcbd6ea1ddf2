/** Judges resources by policies without an engine, as the SDK's server does with what the engine sends it. */
import { type PolicyPackArgs, type ResourceValidationArgs, unknownCheckingProxy } from "@pulumi/policy";
import { runtime } from "@pulumi/pulumi";
import type { Resource } from "./inputs";
import type { Level } from "./rule";

/** Stands in inputs for a value that is not known during preview. */
export const NOT_KNOWN_YET: string = runtime.unknownValue;

export interface Violation {
    policy: string;
    /** Logical name of the resource. */
    resource: string;
    level: string;
    message: string;
}

/** Levels and thresholds as in a file for `--policy-pack-config`. */
export type Config = Record<string, { enforcementLevel?: Level } & Record<string, unknown>>;

/** What the policies report of each resource; the ones about whole stacks come last. */
export async function runPolicy(
    { policies }: Pick<PolicyPackArgs, "policies">,
    resources: Resource[],
    config: Config = {},
): Promise<Violation[]> {
    const violations: Violation[] = [];
    const reporter =
        (policy: PolicyPackArgs["policies"][number], resource: string) => (said: string | Partial<Override>) => {
            const own = typeof said === "string" ? { message: `${policy.description}\n${said}` } : said;
            const level = config[policy.name]?.enforcementLevel ?? policy.enforcementLevel ?? "advisory";
            violations.push({
                policy: policy.name,
                resource,
                level: own.enforcementLevel ?? level,
                message: own.message ?? policy.description,
            });
        };
    const stackReporter =
        (policy: PolicyPackArgs["policies"][number], all: Resource[]) =>
        (said: string | (Partial<Override> & { urn?: string }), urn?: string) => {
            const about = typeof said === "string" ? urn : said.urn;
            reporter(policy, all.find((resource) => urnOf(resource) === about)?.name ?? "")(said);
        };
    const enabled = policies.filter(({ name }) => config[name]?.enforcementLevel !== "disabled");
    for (const resource of resources)
        for (const policy of enabled) {
            if (!("validateResource" in policy)) continue;
            await unlessNotApplicable(async () => {
                for (const validate of [policy.validateResource ?? []].flat())
                    await validate(argumentsFor(resource, config[policy.name]), reporter(policy, resource.name));
            });
        }
    for (const policy of enabled) {
        if (!("validateStack" in policy)) continue;
        const seen = resources.map((resource) => ({
            ...argumentsFor(resource),
            dependencies: [],
            propertyDependencies: {},
        }));
        const args = {
            resources: seen,
            stackTags: new Map(),
            getConfig: <T>() => ({ ...config[policy.name], enforcementLevel: undefined }) as T,
            notApplicable,
        };
        await unlessNotApplicable(async () => policy.validateStack(args, stackReporter(policy, resources)));
    }
    return violations;
}

interface Override {
    message: string;
    enforcementLevel: string;
}

function argumentsFor({ type, name, props }: Resource, config: object = {}): ResourceValidationArgs {
    return {
        type,
        name,
        props: checked(props as object),
        urn: urnOf({ type, name }),
        opts: {
            protect: false,
            ignoreChanges: [],
            aliases: [],
            customTimeouts: NO_TIMEOUTS,
            additionalSecretOutputs: [],
        },
        stackTags: new Map(),
        isType: () => false,
        asType: () => undefined,
        getConfig: <T>() => ({ ...config, enforcementLevel: undefined }) as T,
        notApplicable,
    };
}

const urnOf = ({ type, name }: { type: string; name: string }) => `urn:pulumi:test::test::${type}::${name}`;

/** As the SDK's server hands inputs to policies; the SDK leaves the type of this export out. */
const checked = unknownCheckingProxy as (props: object) => Record<string, unknown>;

const NO_TIMEOUTS = { createSeconds: 0, updateSeconds: 0, deleteSeconds: 0 };

class NotApplicable extends Error {}

function notApplicable(reason?: string): never {
    throw new NotApplicable(reason);
}

async function unlessNotApplicable(work: () => Promise<void> | void): Promise<void> {
    try {
        await work();
    } catch (error) {
        if (!(error instanceof NotApplicable)) throw error;
    }
}
