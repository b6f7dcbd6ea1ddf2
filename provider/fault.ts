/**
 * Numbered points at which a test may kill the process: after every write to a host, before every reply. The variable
 * KVMNET_FAULT holds the number of the point at which the process ends as if the machine had lost power.
 */
let reachedSoFar = 0;
const fatal = Number(process.env.KVMNET_FAULT ?? 0);

/** Passes one point. */
export function faultPoint(): void {
    if (fatal > 0 && ++reachedSoFar === fatal) process.kill(process.pid, "SIGKILL");
}
