/** A plugin that dies at each of its moments in turn: before every reply, after every write. */
import { Plugin } from "../provider/plugin";

/** A run that needs more moments than this never ends. */
const MOST = 60;

/**
 * Runs the work with a plugin that dies at its first moment, then with one that dies at its second, until one lives to
 * the end. After each of them `after` looks at what it left.
 *
 * @param host as a program gives it
 * @returns    how many were killed
 */
export async function killedAtEachMoment(
    host: string,
    work: (doomed: Plugin) => Promise<void>,
    after: (moment: number) => Promise<void>,
): Promise<number> {
    for (let moment = 1; moment <= MOST; moment++) {
        const lived = await lives(host, moment, work);
        await after(moment);
        if (lived) return moment - 1;
    }
    throw new Error(`after ${MOST} moments the work was not at its end`);
}

async function lives(host: string, moment: number, work: (doomed: Plugin) => Promise<void>): Promise<boolean> {
    let doomed: Plugin | undefined;
    try {
        doomed = await Plugin.start(host, "", { KVMNET_FAULT: String(moment) });
        await work(doomed);
        return true;
    } catch (error) {
        // Only its death ends the work; anything else is a failure of its own.
        if (doomed && doomed.process.exitCode === null && doomed.process.signalCode === null) await settled(doomed);
        if (doomed && doomed.process.exitCode === null && doomed.process.signalCode === null) throw error;
        return false;
    } finally {
        await doomed?.stop();
    }
}

/** The connection breaks a moment before the process is known to be gone. */
const settled = (doomed: Plugin): Promise<unknown> =>
    Promise.race([
        new Promise((resolve) => doomed.process.once("exit", resolve)),
        new Promise((resolve) => setTimeout(resolve, 2_000)),
    ]);
