/** What is exempted in one run of the pack: from its config, and from what resources carry. */
import { readFileSync } from "node:fs";
import { isAbsolute } from "node:path";
import { type Exemptible, Exemptions, exemptionsIn, type Problem, readExemptions, today } from "./exemptions";
import type { Finding } from "./rule";
import { exemptionOf } from "../schemas/exemption";

/** Config of the policy `exemption-valid`. */
export const EXEMPTION_CONFIG = {
    properties: {
        file: {
            type: "string" as const,
            description: "Absolute path of a file of exemptions, as `kvmnet lint --exemptions` reads it.",
        },
        list: {
            type: "array" as const,
            items: { type: "object" as const },
            description: "Exemptions: rule, resource (a pattern), reason, until.",
        },
        forbidden: {
            type: "array" as const,
            items: { type: "string" as const },
            description: 'Rules that nobody may be exempted from, wherever that is written; "*" is every one.',
        },
    },
};

interface Config {
    file?: unknown;
    list?: unknown;
    forbidden?: unknown;
}

/** A resource as the SDK hands it to policies. */
interface Judged {
    type: string;
    name: string;
    urn: string;
    opts?: { additionalSecretOutputs?: string[] };
}

export class Accepted {
    readonly #rules: ReadonlySet<string>;
    #exemptions: Exemptions;
    #config: string | undefined;
    /** Rules that judged anything. */
    readonly #asked = new Set<string>();
    /** Subject and rule to reason, each once however often it is judged. */
    readonly #exempted = new Map<string, string>();

    constructor(rules: Iterable<string>) {
        this.#rules = new Set(rules);
        this.#exemptions = this.#of([], []);
    }

    /** Takes the config over, the first time that it is told. @returns sentences about what is wrong with it */
    configure(config: Config): string[] {
        const told = JSON.stringify(config);
        if (this.#config === told) return [];
        this.#config = told;
        try {
            const { file, list, forbidden = [] } = config;
            if (file !== undefined && !(typeof file === "string" && isAbsolute(file)))
                throw new Error(
                    "The file of exemptions is an absolute path: the engine runs a pack in a folder of its own.",
                );
            const listed = [
                ...(file === undefined ? [] : readExemptions(file, readFileSync(file, "utf8"))),
                ...(list === undefined ? [] : exemptionsIn("The list of exemptions", list)),
            ];
            const forbiddenRules = Array.isArray(forbidden) ? forbidden.map(String) : [];
            this.#exemptions = this.#of(listed, forbiddenRules);
            return [...this.#strangersIn(forbiddenRules), ...this.#wrongListed()];
        } catch (error) {
            return [`The config of exemptions cannot be read. ${(error as Error).message}`];
        }
    }

    /** A misspelt rule would be exempted from as before, and nobody would know. */
    #strangersIn(forbidden: string[]): string[] {
        return forbidden
            .filter((id) => id !== "*" && !this.#rules.has(id))
            .map(
                (id) =>
                    `Exemptions are forbidden from a rule that there is not: ${JSON.stringify(id)}.\nName a rule of this pack, or "*" for every one.`,
            );
    }

    #wrongListed(): string[] {
        return this.#exemptions
            .wrongListed()
            .map(({ exemption, found, set }) => `The exemption for ${exemption.resource} ${found}.\n${set}`);
    }

    /** A rule judges: its exemptions can be used from now on. */
    asked(rule: string): void {
        this.#asked.add(rule);
    }

    /** The reason for which a finding is accepted. What could not be decided is not accepted by anybody. */
    reasonFor(rule: string, resource: Judged, finding: Finding): string | undefined {
        if (finding.kind === "undecided") return undefined;
        const names = namesOf(resource, finding.subject);
        const reason = this.#exemptions.of(rule, { ...exemptible(resource), names })?.exemption.reason;
        if (reason !== undefined) this.#exempted.set(`${rule} for ${names[0]}`, reason);
        return reason;
    }

    wrongOn(resource: Judged): Problem[] {
        return this.#exemptions.wrongOn(exemptible(resource));
    }

    unused(resources: Judged[]): { sentence: string; urn?: string }[] {
        const carriers = resources.filter(({ opts }) => opts?.additionalSecretOutputs?.some(exemptionOf));
        return this.#exemptions
            .unused(carriers.map(exemptible), (rule) => this.#asked.has(rule))
            .map(({ exemption, resource }) => ({
                sentence: `The exemption from ${exemption.rule} for ${exemption.resource} meets no finding.\nRemove it.`,
                ...(resource?.urn === undefined ? {} : { urn: resource.urn }),
            }));
    }

    /** One sentence, or undefined where nothing is exempted. */
    summary(): string | undefined {
        const told = [...this.#exempted].map(([what, reason]) => `${what}: ${reason}`);
        if (told.length === 0) return undefined;
        return `${told.length} ${told.length === 1 ? "finding is" : "findings are"} exempted:\n${told.join("\n")}`;
    }

    #of(listed: ReturnType<typeof readExemptions>, forbidden: string[]): Exemptions {
        return new Exemptions({ today: today(), rules: this.#rules, forbidden, listed });
    }
}

const exemptible = (resource: Judged): Exemptible => ({
    urn: resource.urn,
    marks: resource.opts?.additionalSecretOutputs ?? [],
    names: namesOf(resource),
});

/** `Domain web, NIC 1`, `Domain web`, `web`: the most exact first. */
function namesOf({ type, name }: Judged, subject = ""): string[] {
    const owner = `${type.split(":").at(-1)} ${name}`;
    return [...(subject ? [`${owner}, ${subject}`] : []), owner, name];
}
