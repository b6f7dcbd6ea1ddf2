/** Generates a Node package for a schema: Pulumi's own generator, built once. */
import { GeneratePackageResponse, type GeneratePackageRequest } from "@pulumi/pulumi/proto/language_pb";
import { GENERATOR_PIECE, goPiece } from "../go-pieces";
import { ended, start } from "./children";

export async function generatePackage(request: GeneratePackageRequest): Promise<GeneratePackageResponse> {
    const note = (line: string) => void process.stderr.write(`${line}\n`);
    const generator = await goPiece(GENERATOR_PIECE, {
        note,
        step: async (title, work) => {
            note(title);
            return work(() => undefined);
        },
    });
    const child = start(generator, [], { stdio: ["pipe", "ignore", "pipe"] });
    const said: Buffer[] = [];
    child.stderr?.on("data", (chunk: Buffer) => said.push(chunk));
    child.stdin?.on("error", () => undefined).end(JSON.stringify(inputOf(request)));
    const status = await ended(child);
    if (status !== 0) throw new Error(Buffer.concat(said).toString("utf8").trim());
    return new GeneratePackageResponse();
}

function inputOf(request: GeneratePackageRequest): object {
    const files = request.getExtraFilesMap().getEntryList();
    return {
        directory: request.getDirectory(),
        schema: request.getSchema(),
        loaderTarget: request.getLoaderTarget(),
        // Go reads a byte slice from base64.
        extraFiles: Object.fromEntries(files.map(([name, bytes]) => [name, Buffer.from(bytes).toString("base64")])),
        localDependencies: Object.fromEntries(request.getLocalDependenciesMap().getEntryList()),
        local: request.getLocal(),
    };
}
