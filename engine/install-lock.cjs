"use strict";
// One installation of packages at a time in a checkout. Uses Node's own modules only, and runs on Node 20: what lock.ts is
// written in cannot be read before the packages are there.
const { mkdirSync, readFileSync, readdirSync, renameSync, rmdirSync, rmSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
const { isAlive: hasProcess, removeDeadDrafts } = require("./node.cjs");

/** How often a waiting process looks again [ms]. */
const LOOK_AGAIN_MS = 200;

const LOCK = ".kvmnet-install-lock";

/**
 * Runs the work while no other process does in this folder; blocks meanwhile.
 *
 * The lock is a folder with one file in it, named for its owner. It is made elsewhere and moved to its place, which the
 * kernel refuses while a file lies there; a dead owner's file is removed by its name, so a living owner's never is.
 *
 * @param waiting told once, with the process id of the owner, when the lock is not free
 */
function installLocked(folder, waiting, work) {
    const lock = join(folder, LOCK);
    const me = `${process.pid}-${startTime(process.pid) ?? ""}`;
    const release = () => {
        rmSync(join(lock, me), { force: true });
        removeIfEmpty(lock);
    };
    removeDeadDrafts(folder, `${LOCK}-`);
    let told = false;
    while (!claimed(lock, me)) {
        const owner = ownerIn(lock);
        if (owner === undefined) continue;
        if (isAlive(owner)) {
            if (!told) waiting(owner.split("-")[0]);
            told = true;
            Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_AGAIN_MS);
        } else rmSync(join(lock, owner), { force: true });
    }
    // Work that fails may end the process.
    process.once("exit", release);
    work();
    process.off("exit", release);
    release();
}

function claimed(lock, me) {
    const draft = `${lock}-${process.pid}`;
    rmSync(draft, { recursive: true, force: true }); // of a killed process that had our number
    mkdirSync(draft);
    writeFileSync(join(draft, me), "");
    try {
        renameSync(draft, lock);
        return true;
    } catch (error) {
        rmSync(draft, { recursive: true });
        if (["ENOTEMPTY", "EEXIST"].includes(error.code)) return false;
        throw error;
    }
}

function ownerIn(lock) {
    try {
        return readdirSync(lock)[0];
    } catch {
        return undefined; // let go of meanwhile
    }
}

function removeIfEmpty(folder) {
    try {
        rmdirSync(folder);
    } catch {
        // The next one has it already.
    }
}

/** Whether that very process still runs: a later one may have its number. */
function isAlive(owner) {
    const [pid, started] = owner.split("-");
    return started ? startTime(pid) === started : hasProcess(Number(pid));
}

/** When a process was started (proc(5), stat, field 22); undefined where there is no /proc, and for one that has ended. */
function startTime(pid) {
    try {
        const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
        // The program's name is in parentheses and may hold anything, spaces and parentheses included.
        const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        return fields[0] === "Z" ? undefined : fields[19];
    } catch {
        return undefined;
    }
}

module.exports = { installLocked };
