/** Properties and types as Markdown tables. */
import { partsOf, type ObjectType, type Property, type Schema } from "./schema";

/** Whether the table tells what a change of each property costs. */
type Told = "with changes" | "without changes";

export function propertyTable(
    properties: Record<string, Property>,
    required: string[],
    schema: Schema,
    told: Told,
): string {
    const changes = told === "with changes";
    const head = ["Property", "Type", "Default", ...(changes ? ["A change"] : []), "What it is"];
    const rows = Object.entries(properties).map(([name, property]) => [
        `\`${name}\``,
        typeWords(property, schema),
        defaultWords(property, required.includes(name)),
        ...(changes ? [property.willReplaceOnChanges ? "replaces" : "live"] : []),
        whatItIs(property),
    ]);
    return table(head, rows);
}

export function outputTable(properties: Record<string, Property>, schema: Schema): string {
    const rows = Object.entries(properties).map(([name, property]) => [
        `\`${name}\``,
        typeWords(property, schema),
        whatItIs(property),
    ]);
    return table(["Property", "Type", "What it is"], rows);
}

/** Object types that these properties refer to, and those that they refer to in turn, each once. */
export function typesIn(properties: Record<string, Property>, schema: Schema): Map<string, ObjectType> {
    const found = new Map<string, ObjectType>();
    const visit = (property: Property): void => {
        for (const inner of [property.items, property.additionalProperties, ...(property.oneOf ?? [])])
            if (inner) visit(inner);
        const token = tokenOf(property);
        const type = token === undefined ? undefined : schema.types[token];
        if (token === undefined || !type?.properties || found.has(token)) return;
        found.set(token, type);
        Object.values(type.properties).forEach(visit);
    };
    Object.values(properties).forEach(visit);
    return found;
}

export const titleOf = (token: string) => partsOf(token).name;

function typeWords(property: Property, schema: Schema): string {
    const { type, items, additionalProperties, oneOf } = property;
    const token = tokenOf(property) ?? oneOf?.map(tokenOf).find(Boolean);
    const named = token === undefined ? undefined : schema.types[token];
    if (named?.enum) return named.enum.map(({ value }) => `\`${String(value)}\``).join(" or ");
    if (token !== undefined) return `[${titleOf(token)}](#${titleOf(token).toLowerCase()})`;
    if (oneOf) return oneOf.map((one) => typeWords(one, schema)).join(" or ");
    if (type === "array") return `list of ${items ? typeWords(items, schema) : "string"}`;
    if (type === "object") return `map of ${additionalProperties ? typeWords(additionalProperties, schema) : "string"}`;
    return type ?? "";
}

const tokenOf = ({ $ref }: Property) => $ref?.replace("#/types/", "");

function defaultWords(property: Property, required: boolean): string {
    if (required) return "required";
    return property.default === undefined ? "" : `\`${JSON.stringify(property.default)}\``;
}

const whatItIs = ({ description = "", secret }: Property) => `${description}${secret ? " Kept secret." : ""}`;

/** What may stand in a cell: one line, and no bar of its own. */
const cell = (text: string) => text.replaceAll("\n", " ").replaceAll("|", "\\|").replaceAll("<", "&lt;");

function table(head: string[], rows: string[][]): string {
    const line = (cells: string[]) => `| ${cells.map(cell).join(" | ")} |`;
    return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
