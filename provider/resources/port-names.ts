import type { Seen } from "../host/ovsdb/replica";

/** Ports as the text of a step names them: a few by their names, many by their number. */
export const namesOf = (ports: readonly ({ name: string } | Seen)[]): string =>
    ports.length > 3 ? `${ports.length} ports` : ports.map(({ name }) => String(name)).join(", ");
