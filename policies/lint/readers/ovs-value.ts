/** Values of Open vSwitch's database as rows hold them, and the two ways in which they are written. */

type Atom = string | number | boolean;
export type OvsValue = Atom | Atom[] | Map<Atom, Atom>;

/** A row, with the line where it is written. */
export interface OvsRow {
    uuid: string;
    columns: Map<string, OvsValue>;
    line: number;
}

/** Rows of each table by their UUID. */
export type OvsTables = Map<string, Map<string, OvsRow>>;

/** From the wire's JSON (RFC 7047, 5.1); undefined for what is none. */
export function valueOfJson(json: unknown): OvsValue | undefined {
    if (!Array.isArray(json)) return atomOf(json);
    const [kind, content] = json as unknown[];
    if (kind === "set" && Array.isArray(content)) return content.flatMap((one) => atomOf(one) ?? []);
    if (kind === "map" && Array.isArray(content)) return new Map(content.flatMap(pairOf));
    return atomOf(json);
}

function atomOf(json: unknown): Atom | undefined {
    if (Array.isArray(json)) {
        const [kind, id] = json as unknown[];
        return (kind === "uuid" || kind === "named-uuid") && typeof id === "string" ? id : undefined;
    }
    return typeof json === "string" || typeof json === "number" || typeof json === "boolean" ? json : undefined;
}

function pairOf(json: unknown): [Atom, Atom][] {
    if (!Array.isArray(json)) return [];
    const [key, value] = json.map(atomOf);
    return key === undefined || value === undefined ? [] : [[key, value]];
}

/** One token of the text form: a quoted string, a bracket, a sign, or a bare word. */
const TOKEN = /\s*("(?:[^"\\]|\\.)*"|[[\]{},=]|[^\s[\]{},="]+)/y;

/** Reads the cells of one line of `ovsdb-client dump`: `da1d... [] {a=b} "x" 10`. @returns undefined where it is no such line */
export function valuesOfLine(line: string): OvsValue[] | undefined {
    const tokens: string[] = [];
    const end = line.trimEnd().length;
    TOKEN.lastIndex = 0;
    while (TOKEN.lastIndex < end) {
        const match = TOKEN.exec(line);
        if (!match) return undefined;
        tokens.push(match[1] ?? "");
    }
    const values: OvsValue[] = [];
    let at = 0;
    while (at < tokens.length) {
        const token = tokens[at++] ?? "";
        if (token !== "[" && token !== "{") {
            values.push(atomOfText(token));
            continue;
        }
        const close = tokens.indexOf(token === "[" ? "]" : "}", at);
        if (close < 0) return undefined;
        const inner = tokens.slice(at, close);
        at = close + 1;
        values.push(token === "[" ? listOf(inner) : mapOf(inner));
    }
    return values;
}

const listOf = (tokens: string[]): Atom[] => tokens.filter((token) => token !== ",").map(atomOfText);

function mapOf(tokens: string[]): Map<Atom, Atom> {
    const parts = tokens.filter((token) => token !== "," && token !== "=").map(atomOfText);
    return new Map(parts.flatMap((key, index) => (index % 2 === 0 ? [[key, parts[index + 1] ?? ""]] : [])));
}

function atomOfText(token: string): Atom {
    if (token.startsWith('"')) {
        try {
            return String(JSON.parse(token));
        } catch {
            return token.slice(1, -1);
        }
    }
    if (token === "true" || token === "false") return token === "true";
    return /^-?\d{1,15}(\.\d+)?$/.test(token) ? Number(token) : token;
}
