/** Ports as the text of a step names them: a few by their names, many by their number. */
export const namesOf = (ports: readonly { name: string }[]): string =>
    ports.length > 3 ? `${ports.length} ports` : ports.map(({ name }) => name).join(", ");
