/** Language hosts of programs that are not written for Node: the engine's own where it has them, built from Go modules where not. */
import { dirname } from "node:path";
import { findProgram } from "./find";
import { type GoPiece, PYTHON_PIECE, YAML_PIECE, goPiece } from "./go-pieces";
import type { Progress } from "./progress";
import type { EngineEnvironment } from "./stamp";

/**
 * Nothing that this package itself runs needs them: only tests of the other languages ask.
 *
 * @returns folders to put on the PATH of the engine, so that it finds them; none where they lie beside it
 */
export async function prepareLanguages(engine: EngineEnvironment, progress: Progress): Promise<string[]> {
    const folders: string[] = [];
    for (const piece of [YAML_PIECE, PYTHON_PIECE])
        if (!officialHost(piece, engine)) folders.push(dirname(await goPiece(piece, progress)));
    return folders;
}

/** An official release has every host beside its engine. */
const officialHost = ({ program }: GoPiece, { pulumi }: EngineEnvironment) => findProgram(program, dirname(pulumi));
