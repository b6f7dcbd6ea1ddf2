/** What `ovsdb-client dump` prints of the database Open_vSwitch: tables as text, or as JSON, one a line. */
import { z } from "zod";
import { type ReadSource, Unreadable } from "../source";
import { at } from "../../inputs";
import { boundedList, jsonOf } from "./json";
import { resourcesOfOvs } from "./ovs-rows";
import { type OvsRow, type OvsTables, valueOfJson, type OvsValue, valuesOfLine } from "./ovs-value";

export const readOvsDump: ReadSource = ({ file, text }) => {
    const tables = /^\s*[{[]/.test(text) ? tablesOfJson(file, text) : tablesOfText(file, text);
    if (!tables.has("Bridge"))
        throw new Unreadable(
            `${file} holds no table Bridge: it is no whole \`ovsdb-client dump\` of the database Open_vSwitch.`,
        );
    return resourcesOfOvs(file, tables);
};

const Table = z.object({
    caption: z.string(),
    headings: z.array(z.string()),
    data: z.array(z.array(z.unknown())),
});

function tablesOfJson(file: string, text: string): OvsTables {
    const tables: OvsTables = new Map();
    for (const [index, line] of text.split("\n").entries()) {
        if (!line.trim()) continue;
        const json = jsonOf({ file: `${file}:${index + 1}`, text: line });
        boundedList(file, at(json, "data"));
        const table = Table.safeParse(json);
        if (!table.success) throw new Unreadable(`${file}:${index + 1} is no table of \`ovsdb-client dump\`.`);
        const { caption, headings, data } = table.data;
        const rows = data.map((cells) => rowOf(headings, cells.map(valueOfJson), index + 1));
        tables.set(caption.replace(/ table$/, ""), new Map(rows.map((row) => [row.uuid, row])));
    }
    return tables;
}

function tablesOfText(file: string, text: string): OvsTables {
    const tables: OvsTables = new Map();
    let rows: Map<string, OvsRow> | undefined;
    let headings: string[] | undefined;
    for (const [index, raw] of text.split("\n").entries()) {
        const line = raw.trimEnd();
        const [, caption] = /^(\w+) table$/.exec(line) ?? [];
        if (caption !== undefined) {
            rows = new Map();
            tables.set(caption, rows);
            headings = undefined;
        } else if (line === "") rows = undefined;
        else if (rows && !headings) headings = line.split(/\s+/);
        else if (rows && headings && !/^[- ]+$/.test(line)) {
            const cells = valuesOfLine(line);
            if (cells?.length !== headings.length)
                throw new Unreadable(
                    `${file}:${index + 1} is no row of its table: it has ${cells?.length ?? 0} cells, and the table ${headings.length} columns.`,
                );
            const row = rowOf(headings, cells, index + 1);
            rows.set(row.uuid, row);
        } else if (!rows) throw new Unreadable(`${file}:${index + 1} stands in no table of an \`ovsdb-client dump\`.`);
    }
    return tables;
}

function rowOf(headings: string[], cells: (OvsValue | undefined)[], line: number): OvsRow {
    const columns = new Map(
        headings.flatMap((name, at): [string, OvsValue][] => {
            const cell = cells[at];
            return cell === undefined ? [] : [[name, cell]];
        }),
    );
    const uuid = columns.get("_uuid");
    return { uuid: typeof uuid === "string" ? uuid : `line ${line}`, columns, line };
}
