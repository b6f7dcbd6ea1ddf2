/** Go, for machines on which a piece of the engine must be built. */
import { allOnPath, isProgram } from "./find";
import { askAgain } from "./reach";
import { run } from "./run";
import { GO, GO_WITH_TOOLCHAINS, compareVersions } from "./versions";

export interface Go {
    path: string;
    version: string;
    /** Undefined when it does; else the sentence that says what is wrong and what to do. */
    problem?: string;
}

/** How to get a Go that does. */
export const GET_GO = `Install Go ${GO} or newer (https://go.dev/doc/install; Debian 12's own 1.19 is too old), or any Pulumi CLI that is new enough.`;

/** Where Go's own installer puts it, which often is on nobody's PATH. */
const USUAL_PLACES = ["/usr/local/go/bin/go"];

/** The PATH's first Go that does, or one in its usual place; else one that does not; undefined when there is none. */
export async function findGo(places: string[] = USUAL_PLACES): Promise<Go | undefined> {
    const found: Go[] = [];
    for (const path of new Set([...allOnPath("go"), ...places.filter(isProgram)])) {
        const go = await ask(path);
        if (go.problem === undefined) return go;
        found.push(go);
    }
    return found[0];
}

/** @throws Error that says how to get Go, when there is none that does */
export async function needGo(forWhat: string, places?: string[]): Promise<Go> {
    const go = await findGo(places);
    if (go && !go.problem) return go;
    const lack = `${go?.problem ?? "Go is not installed"}, and ${forWhat} has to be built with it.`;
    throw new Error([lack, GET_GO, askAgain()].filter(Boolean).join(" "));
}

async function ask(path: string): Promise<Go> {
    // Outside any module and with the local toolchain, so that the answer is this Go's own and costs no download.
    const env = { ...process.env, GOTOOLCHAIN: "local", GOWORK: "off", GO111MODULE: "off" };
    const version = await run(path, ["env", "GOVERSION"], GET_GO, { env, cwd: "/" }).then(
        (text) => text.trim().replace(/^go/, ""),
        () => undefined,
    );
    if (!version) return { path, version: "unknown", problem: `Go at ${path} does not run` };
    if (compareVersions(version, GO) >= 0) return { path, version };
    const setting = await run(path, ["env", "GOTOOLCHAIN"], GET_GO, { cwd: "/" }).then(
        (text) => text.trim(),
        () => "",
    );
    const mayFetch =
        compareVersions(version, GO_WITH_TOOLCHAINS) >= 0 && !setting.startsWith("local") && setting !== "path";
    if (mayFetch) return { path, version };
    return { path, version, problem: `Go at ${path} is ${version}, older than ${GO}` };
}
