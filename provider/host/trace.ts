/** What is run on a host, told to whoever looks for the cause of something: programs, but none of the values that they are given. */
import type { Place } from "./place";

/** Is told one line of what was done. */
export type Trace = (message: string) => void;

/** Words of a command that are told: the program, what it is asked and of what. Values come after, and may be secret. */
const WORDS = 3;

/** Starts a clock. @returns tells what was done, with the time that it took */
export function timed(trace: Trace | undefined): (what: string) => void {
    const started = performance.now();
    return (what) => trace?.(`${what} (${(performance.now() - started).toFixed(1)} ms)`);
}

/** The same place, where each program that ends is told. */
export function traced(place: Place, trace: Trace | undefined): Place {
    if (!trace) return place;
    return {
        ...place,
        run: async (argv, input, withinMs) => {
            const ended = timed(trace);
            const ran = await place.run(argv, input, withinMs);
            const lines = input === undefined ? "" : `, ${input.split("\n").length - 1} lines to read`;
            ended(`${place.where}: \`${argv.slice(0, WORDS).join(" ")}\` ended with ${ran.code}${lines}`);
            return ran;
        },
        start: async (argv, stdout) => {
            const started = timed(trace);
            const child = await place.start(argv, stdout);
            started(`${place.where}: \`${argv.slice(0, WORDS).join(" ")}\` was started, and stays`);
            return child;
        },
    };
}
