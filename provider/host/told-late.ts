/** Work that takes long is told to the person who waits for it: a host that is slow looks like one that hangs. */

/** What takes this long [ms] is told. */
const PATIENCE_MS = 1_000;

/**
 * Does the work.
 *
 * @param status tells it  @param what it does, such as `makes the tap web0`
 */
export async function toldLate<Result>(
    status: (message: string) => void,
    what: string,
    work: () => Promise<Result>,
): Promise<Result> {
    const timer = setTimeout(() => status(`${what} ...`), PATIENCE_MS);
    try {
        return await work();
    } finally {
        clearTimeout(timer);
    }
}
