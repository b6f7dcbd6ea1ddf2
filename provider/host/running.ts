/** Which process it is that goes on running on a host, by the number that it left in a file. */
import type { Place } from "./place";

/** The number in a file, where that process is the one that is meant: a number may be any process's by now. */
export async function runningAs(place: Place, pidFile: string, argument: string): Promise<string | undefined> {
    const { stdout } = await place.run(["cat", "--", pidFile]);
    const pid = /^\d{1,10}$/.exec(stdout.trim())?.[0];
    if (!pid) return undefined;
    const { stdout: command } = await place.run(["cat", "--", `/proc/${pid}/cmdline`]);
    return command.split("\0").includes(argument) ? pid : undefined;
}
