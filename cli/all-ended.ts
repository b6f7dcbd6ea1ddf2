/** Parts of a command that are at work at the same time. */

/**
 * Waits for every part, also where one fails: a reason that is told while others go on is not the last thing that one
 * reads, and who ends then leaves them at work.
 *
 * @param note told the reasons of further parts that failed
 * @throws     the first reason, once all have ended
 */
export async function allEnded<Results extends unknown[]>(
    note: (line: string) => void,
    ...parts: { [Part in keyof Results]: Promise<Results[Part]> }
): Promise<Results> {
    const reasons: Error[] = [];
    await Promise.all(parts.map((part) => part.catch((reason: Error) => reasons.push(reason))));
    const [first, ...further] = reasons;
    for (const { message } of further) note(message);
    if (first) throw first;
    return Promise.all(parts);
}
