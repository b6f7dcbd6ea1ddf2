/** Routing tables: the kernel's own by name, others by number. */
import { z } from "zod";

/** Numbers of the tables that the kernel has itself (rt_class_t in linux/rtnetlink.h). */
const NAMED: Readonly<Record<string, number>> = { default: 253, main: 254, local: 255 };

const HELP =
    'a routing table is "main", "local", "default" or a number as text from 1 to 4294967295, such as "100"; ' +
    "names of /etc/iproute2/rt_tables differ between hosts, so write the number";

/** @returns the spelling that we keep; undefined for what is no table */
export function tableText(text: string): string | undefined {
    if (Object.hasOwn(NAMED, text)) return text;
    const number = /^\d{1,10}$/.test(text) ? Number(text) : 0;
    if (number < 1 || number > 4294967295) return undefined;
    return Object.keys(NAMED).find((name) => NAMED[name] === number) ?? String(number);
}

/** @param table a spelling that `RoutingTable` has read */
export const tableNumber = (table: string): number => NAMED[table] ?? Number(table);

export const RoutingTable = z
    .string(HELP)
    .refine((text) => tableText(text) !== undefined, { error: HELP, abort: true })
    .overwrite((text) => tableText(text) ?? text)
    .describe('Routing table: "main", "local", "default" or a number as text, such as "100".');
