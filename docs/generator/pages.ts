/** The reference: one page for every resource and function of the schema, and an index of them. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { declaredBy } from "./program";
import { partsOf, readSchema, type Function, type Properties, type Resource, type Schema } from "./schema";
import { outputTable, propertyTable, titleOf, typesIn } from "./tables";
import { yamlOf, yamlText } from "./yaml";

/** Examples lie in the pages' neighbour folder, one file a page. */
export const EXAMPLES = join("docs", "examples");
export const REFERENCE = join("docs", "reference");

/** An example in both forms that a page shows. */
interface Example {
    typescript: string;
    yaml: string;
}

/** File of a token's example below {@link EXAMPLES}, without its ending. */
export function exampleOf(token: string): string {
    const { module, name } = partsOf(token);
    return `${module}-${name}`;
}

/** @returns each page's text by its path below {@link REFERENCE} @throws Error that names every missing example */
export async function referencePages(root: string): Promise<Map<string, string>> {
    const schema = readSchema(root);
    const all = { ...schema.resources, ...schema.functions };
    const missing = Object.keys(all).filter((token) => !existsSync(exampleFile(root, token)));
    if (missing.length > 0)
        throw new Error(
            `Write an example for each of these: ${missing.map((token) => exampleFile(".", token)).join(", ")}.`,
        );
    const pages = new Map<string, string>();
    for (const [token, described] of Object.entries(all)) {
        const example = await readExample(root, token, schema);
        const text =
            "inputs" in described
                ? functionPage(token, described, example, schema)
                : resourcePage(token, described, example, schema);
        pages.set(pageOf(token), `${WRITTEN}\n\n${text}`);
    }
    return pages.set("README.md", `${WRITTEN}\n\n${index(schema)}`);
}

const WRITTEN = "<!-- Written by `npm run docs` from the package schema and docs/examples: change those instead. -->";

const exampleFile = (root: string, token: string) => join(root, EXAMPLES, `${exampleOf(token)}.ts`);

async function readExample(root: string, token: string, schema: Schema): Promise<Example> {
    const file = exampleFile(root, token);
    return { typescript: readFileSync(file, "utf8"), yaml: await exampleYaml(file, schema) };
}

/** An example in YAML: derived from its TypeScript, unless it is written beside it, as that of a component must be. */
export async function exampleYaml(file: string, schema: Schema): Promise<string> {
    const written = file.replace(/\.ts$/, ".yaml");
    return existsSync(written) ? readFileSync(written, "utf8") : yamlText(yamlOf(await declaredBy(file, schema)));
}

const pageOf = (token: string) => {
    const { module, name } = partsOf(token);
    return `${module === "index" ? "components" : module}/${name}.md`;
};

function resourcePage(token: string, resource: Resource, example: Example, schema: Schema): string {
    const { inputProperties, requiredInputs = [], properties, isComponent } = resource;
    const { text, imported } = described(resource.description);
    const outputs = Object.fromEntries(Object.entries(properties).filter(([key]) => !(key in inputProperties)));
    return sections([
        `# ${nameOf(token)}`,
        text,
        examples(example),
        "## Inputs",
        isComponent
            ? propertyTable(inputProperties, requiredInputs, schema, "without changes")
            : `${CHANGES}\n\n${propertyTable(inputProperties, requiredInputs, schema, "with changes")}`,
        "## Outputs",
        isComponent ? "" : "Every input, with what the host holds, and:",
        Object.keys(outputs).length > 0 ? outputTable(outputs, schema) : "",
        nested(inputProperties, outputs, schema),
        imported,
    ]);
}

const CHANGES =
    "A change that is live updates the object where it is; one that replaces removes the object and makes it anew.";

function functionPage(
    token: string,
    { description, inputs, outputs }: Function,
    example: Example,
    schema: Schema,
): string {
    const takes = inputs.properties ?? {};
    const gives = outputs.properties ?? {};
    return sections([
        `# ${nameOf(token)}`,
        `${description} Unlike a resource, a function asks the host in a preview, too.`,
        examples(example),
        "## Inputs",
        Object.keys(takes).length > 0
            ? propertyTable(takes, inputs.required ?? [], schema, "without changes")
            : "None.",
        "## Outputs",
        outputTable(gives, schema),
        nested(takes, gives, schema),
    ]);
}

const sections = (parts: string[]) => `${parts.filter(Boolean).join("\n\n")}\n`;

/** As programs write it: `ovs.Port`, and a component without its module. */
function nameOf(token: string): string {
    const { module, name } = partsOf(token);
    return module === "index" ? name : `${module}.${name}`;
}

/** The schema carries the line of `pulumi import` at the end of the description, and behind it what is to be said of the id. */
function described(description: string): { text: string; imported: string } {
    const [, text = description, line = "", id = "", note] =
        /^(.*?)\n\nImport: `(pulumi import \S+ NAME ([^`]*))`(?:, (.*))?\.$/s.exec(description) ?? [];
    return {
        text,
        imported: sections([
            line ? `## Import\n\n\`\`\`sh\n${line}\n\`\`\`` : "",
            note ? `The id is \`${id}\`, ${note}.` : "",
        ]).trim(),
    };
}

const examples = ({ typescript, yaml }: Example) =>
    `## Example\n\n\`\`\`ts\n${typescript.trim()}\n\`\`\`\n\nThe same in YAML:\n\n\`\`\`yaml\n${yaml.trim()}\n\`\`\``;

/** The types of inputs tell what may be left out; those of outputs alone are only read. */
function nested(inputs: Properties, outputs: Properties, schema: Schema): string {
    const given = typesIn(inputs, schema);
    const all = new Map([...given, ...typesIn(outputs, schema)]);
    if (all.size === 0) return "";
    const each = [...all].map(([token, { description = "", properties = {}, required = [] }]) =>
        sections([
            `### ${titleOf(token)}`,
            description,
            given.has(token)
                ? propertyTable(properties, required, schema, "without changes")
                : outputTable(properties, schema),
        ]).trim(),
    );
    return ["## Types", ...each].join("\n\n");
}

function index(schema: Schema): string {
    const tokens = [...Object.entries(schema.resources), ...Object.entries(schema.functions)];
    const modules = Object.entries(MODULES).map(([module, title]) => {
        const rows = tokens
            .filter(([token]) => partsOf(token).module === module)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([token, { description }]) => `- [${nameOf(token)}](${pageOf(token)}): ${firstSentence(description)}`);
        return rows.length > 0 ? `## ${title}\n\n${rows.join("\n")}` : "";
    });
    return sections([
        "# Reference",
        'Everything that `import * as kvmnet from "kvmnet"` gives. Every other language has it after `npx kvmnet schema > kvmnet.json` and `pulumi package add ./kvmnet.json`, with the plugin named under `plugins:` in `Pulumi.yaml`; YAML needs that alone. `pulumi install --no-plugins` sets a fresh clone up.',
        ...modules,
        "## Provider",
        schema.provider.description,
        propertyTable(schema.provider.inputProperties, [], schema, "without changes"),
    ]);
}

const MODULES: Record<string, string> = {
    ovs: "Open vSwitch",
    host: "Links and addresses of the host",
    index: "Components",
};

const firstSentence = (text: string) => /^.*?\.(?=\s|$)/s.exec(text)?.[0] ?? text;
