/** What of the engine is on this machine: looked at only, nothing is fetched, built or changed. */
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { bridgeIn } from "./bridge";
import { PROVIDERS_VARIABLE, homeOfOurs } from "./environment";
import { allOnPath } from "./find";
import { BRIDGE_PIECE, GENERATOR_PIECE, LIBVIRT_PIECE, programOf } from "./go-pieces";
import { GET_GO, findGo } from "./go";
import { OUR_LANGUAGE_HOST, officialLanguageHost } from "./language-host";
import { libvirtProviderIn } from "./libvirt-provider";
import { hasLibvirtSdk } from "./libvirt-sdk";
import { projectFile } from "./project-file";
import { type Pulumi, keptPulumi, ownPulumi, versionOf } from "./pulumi";
import { knownUnreachable } from "./reach";
import { run } from "./run";
import { BRIDGE, LIBVIRT_PROVIDER, OLDEST_NODE, OLDEST_PULUMI, PULUMI, compareVersions } from "./versions";

export interface Part {
    name: string;
    /** There, and it does. */
    found: boolean;
    where?: string;
    version?: string;
    /** What it is for. */
    purpose: string;
    /** How to get it, or what stands in its place. */
    get: string;
    /** False when nothing that was asked for needs it, so that its absence is no fault. */
    needed: boolean;
}

const BY_US = "`npx kvmnet install` fetches or builds it, once";

/** @param project folder of the Pulumi project, for what lies in it */
export async function inspect(project: string): Promise<Part[]> {
    const [own, go, tooOld] = await Promise.all([ownPulumi(), findGo(), oldPulumi()]);
    const engine = own ?? keptPulumi();
    const host = engine && languageHostOf(engine);
    const pieces = pluginParts(engine);
    const complete = engine !== undefined && host !== undefined && pieces.every(({ found }) => found);
    return [
        {
            name: "node",
            found: compareVersions(process.versions.node, OLDEST_NODE) >= 0,
            where: process.execPath,
            version: process.versions.node,
            purpose: "runs this command, programs, policies and the provider",
            get: `Node ${process.versions.node} is older than ${OLDEST_NODE}; \`npm run up\` fetches one, or install it from https://nodejs.org`,
            needed: true,
        },
        {
            name: "pulumi",
            found: engine !== undefined,
            where: engine?.path,
            version: engine?.version,
            purpose: "the engine",
            get: tooOld ? `${tooOld}, older than ${OLDEST_PULUMI}; ${BY_US}` : BY_US,
            needed: true,
        },
        {
            name: "pulumi-language-nodejs",
            found: host !== undefined,
            where: host,
            version: host === OUR_LANGUAGE_HOST ? PULUMI : engine?.version,
            purpose: "runs programs and policy packs written for Node",
            get: "comes with this package, or with the official CLI",
            needed: true,
        },
        ...pieces,
        sdkPart(project),
        {
            name: "go",
            found: go !== undefined && go.problem === undefined,
            where: go?.path,
            version: go?.version,
            purpose: complete
                ? "builds the parts above; all are there"
                : "builds the parts above that cannot be downloaded",
            get: go?.problem ? `${go.problem}. ${GET_GO}` : GET_GO,
            needed: !complete && knownUnreachable(),
        },
        await program(
            "xsltproc",
            ["--version"],
            "the libvirt provider 0.8 starts it where a domain is transformed",
            "xsltproc",
        ),
        await program("npm", ["--version"], "installs what programs depend on", "npm"),
    ];
}

/**
 * A program of the machine.
 *
 * @param args make it print its version
 * @param debian the Debian package that has it
 * @param path   folders to look in; absent for the PATH
 */
export async function program(
    name: string,
    args: string[],
    purpose: string,
    debian: string,
    path?: string,
): Promise<Part> {
    const [where] = allOnPath(name, path);
    const said = where ? await run(where, args, "", { timeoutMs: 10_000 }).catch((error: Error) => error.message) : "";
    const version = /\d+(\.\d+)+[^\s,)]*/.exec(said.replace(where ?? "", ""))?.[0];
    return {
        name,
        found: where !== undefined,
        where,
        version,
        purpose,
        get: `apt-get install ${debian}`,
        needed: true,
    };
}

async function oldPulumi(): Promise<string | undefined> {
    const [path] = allOnPath("pulumi");
    const version = path && (await versionOf(path));
    return version ? `${path} is ${version}` : undefined;
}

const languageHostOf = (engine: Pulumi): string | undefined =>
    engine.origin === "built" ? OUR_LANGUAGE_HOST : (officialLanguageHost(engine.path) ?? OUR_LANGUAGE_HOST);

/** The two that run libvirt's resources; an engine that can download gets them by itself. */
function pluginParts(engine: Pulumi | undefined): Part[] {
    const home =
        engine && engine.origin !== "own" ? homeOfOurs() : (process.env.PULUMI_HOME ?? join(homedir(), ".pulumi"));
    const providers = process.env[PROVIDERS_VARIABLE] ?? join(home, "dynamic_tf_plugins");
    const bridge = [bridgeIn(home), programOf(BRIDGE_PIECE)].find((path) => existsSync(path));
    const libvirt = [libvirtProviderIn(providers), programOf(LIBVIRT_PIECE)].find((path) => existsSync(path));
    const get =
        engine && engine.origin !== "built" && !knownUnreachable()
            ? "the engine downloads it when it is first used"
            : BY_US;
    return [
        {
            name: BRIDGE_PIECE.program,
            found: bridge !== undefined,
            where: bridge,
            version: bridge && BRIDGE,
            purpose: "runs Terraform providers under Pulumi",
            get,
            needed: get === BY_US,
        },
        {
            name: LIBVIRT_PIECE.program,
            found: libvirt !== undefined,
            where: libvirt,
            version: libvirt && LIBVIRT_PROVIDER,
            purpose: "makes domains, volumes and networks of libvirt",
            get,
            needed: get === BY_US,
        },
    ];
}

function sdkPart(project: string): Part {
    const folder = join(project, "node_modules", "@pulumi", "libvirt");
    const manifest = join(folder, "package.json");
    const isThere = existsSync(manifest);
    return {
        name: "@pulumi/libvirt",
        // Another one may lie there: of npm, of another version, or one that is not compiled yet.
        found: isThere && hasSdk(project),
        where: isThere ? folder : undefined,
        version: isThere ? (JSON.parse(readFileSync(manifest, "utf8")) as { version?: string }).version : undefined,
        purpose: "classes of libvirt's resources, for components that make domains",
        get: `\`npx kvmnet install\` in ${project} generates it${existsSync(programOf(GENERATOR_PIECE)) ? "" : ", building its generator once"}`,
        needed: projectFile(project) !== undefined,
    };
}

/** What a project file says wrongly is told by what reads it to set up. */
function hasSdk(project: string): boolean {
    try {
        return hasLibvirtSdk(project);
    } catch {
        return false;
    }
}
