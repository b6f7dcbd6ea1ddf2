/** The table that a person reads: two lines a NIC, declared above seen, what differs marked in both. */
import Table from "cli-table3";
import pc from "picocolors";
import { allAgree, type VerifiedNic } from "./compare";

export function verifiedTable(nics: VerifiedNic[]): string {
    // Some fields are those of a few NICs alone.
    const fields = [...new Set(nics.flatMap(({ cells }) => cells.map(({ field }) => field)))];
    const table = new Table({
        head: ["guest", "NIC", "", ...fields],
        style: { head: [], border: [], compact: true },
        colAligns: [],
    });
    for (const { guest, nic, cells } of nics) {
        const row = (text: (cell: VerifiedNic["cells"][number]) => string) =>
            fields.map((field) => cells.filter((cell) => cell.field === field).map(text)[0] ?? "");
        const shade = (agrees: boolean, text: string) => (agrees ? pc.green(text) : pc.red(pc.bold(`${text} !`)));
        table.push(
            [guest, nic, "declared", ...row(({ declared }) => declared)],
            ["", "", "seen", ...row(({ agrees, seen }) => shade(agrees, seen))],
        );
    }
    return `${table.toString()}\n${verdict(nics)}`;
}

function verdict(nics: VerifiedNic[]): string {
    const cells = nics.flatMap((nic) => nic.cells);
    if (allAgree(nics)) return pc.green(`All ${cells.length} values of ${nics.length} NICs are as declared.`);
    const wrong = nics.flatMap(({ guest, nic, cells }) =>
        cells
            .filter(({ agrees }) => !agrees)
            .map(
                ({ field, declared, seen, cause }) =>
                    `  ${guest} ${nic}: ${field} is ${seen}, declared is ${declared}${cause ? `; likely ${cause}` : ""}`,
            ),
    );
    return [pc.red(`${wrong.length} of ${cells.length} values differ from what was declared:`), ...wrong].join("\n");
}
