/** Requests to a service's API: JSON in, JSON out, a sentence where it says no. */

/** The service does not let us; its message says why and what would help. */
export class Refused extends Error {}

/** Longest wait for one answer [ms]. */
const PATIENCE_MS = 30_000;

export interface Asked {
    method?: "GET" | "POST" | "PUT" | "PATCH";
    headers: Readonly<Record<string, string>>;
    body?: unknown;
    /** What a person may do where the token is not enough. */
    help: string;
}

/** @throws Refused */
export async function ask(url: string, { method = "GET", headers, body, help }: Asked): Promise<unknown> {
    const response = await fetch(url, {
        method,
        headers: { ...headers, ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
        signal: AbortSignal.timeout(PATIENCE_MS),
        redirect: "error",
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch((error: Error) => {
        throw new Refused(`${method} ${url}: ${error.message}. ${help}`, { cause: error });
    });
    if (!response.ok) throw new Refused(`${method} ${url} was answered with ${response.status}. ${help}`);
    return response.status === 204 ? undefined : response.json();
}

/**
 * All entries of a list that comes in pages.
 *
 * @param page address of a page, from 1  @param size entries of a full one [count]
 */
export async function askAll(page: (number: number) => string, size: number, asked: Asked): Promise<unknown[]> {
    const all: unknown[] = [];
    for (let number = 1; ; number += 1) {
        const entries = await ask(page(number), asked);
        if (!Array.isArray(entries)) return all;
        all.push(...(entries as unknown[]));
        if (entries.length < size) return all;
    }
}
