/** One at a time, across processes; a lock ends with the process that holds it, however that ends. */
import { createHash } from "node:crypto";
import { createConnection, createServer, type Server, type Socket } from "node:net";

/**
 * Runs `work` while no other process does something under the same name. The lock is a listening socket in Linux's
 * abstract namespace: there is no file that could stay behind, and who waits is told by the kernel when it is free.
 *
 * @param waiting called once, when another process has to be waited for
 */
export async function withLock<T>(name: string, work: () => Promise<T>, waiting?: () => void): Promise<T> {
    let lock = await tryListen(name);
    if (!lock) waiting?.();
    while (!lock) {
        await freed(name);
        lock = await tryListen(name);
    }
    try {
        return await work();
    } finally {
        lock.release();
    }
}

/**
 * Runs `work` only when nobody holds the name; else comes back with undefined. A process that is killed in the middle of
 * starting another holds its locks for some milliseconds more, until the other has begun: hence the patience.
 */
export async function withLockIfFree<T>(name: string, work: () => Promise<T>): Promise<T | undefined> {
    let lock = await tryListen(name);
    if (!lock) {
        await freed(name, PATIENCE_MS);
        lock = await tryListen(name);
    }
    if (!lock) return undefined;
    try {
        return await work();
    } finally {
        lock.release();
    }
}

/** How long a lock may be held by a process that is dead already [ms]; many times what was seen on a busy machine. */
const PATIENCE_MS = 500;

/** A socket's address has at most 107 bytes, a name any number. */
const address = (name: string) => `\0kvmnet/${createHash("sha256").update(name).digest("hex")}`;

function tryListen(name: string): Promise<{ release(): void } | undefined> {
    return new Promise((resolve, reject) => {
        const waiters = new Set<Socket>();
        const server: Server = createServer((waiter) => {
            waiters.add(waiter);
            waiter.unref();
            waiter.on("error", () => undefined).on("close", () => waiters.delete(waiter));
        });
        server.on("error", (error: NodeJS.ErrnoException) =>
            error.code === "EADDRINUSE" ? resolve(undefined) : reject(error),
        );
        server.listen(address(name), () => {
            server.unref();
            resolve({
                release: () => {
                    server.close();
                    for (const waiter of waiters) waiter.destroy();
                },
            });
        });
    });
}

/** Comes back when whoever holds the lock lets go of it, or after `patienceMs`. */
function freed(name: string, patienceMs?: number): Promise<void> {
    return new Promise((resolve) => {
        const socket = createConnection(address(name));
        const timer = patienceMs === undefined ? undefined : setTimeout(() => socket.destroy(), patienceMs);
        socket
            .on("error", () => undefined)
            .on("close", () => {
                clearTimeout(timer);
                resolve();
            });
        socket.resume();
    });
}
