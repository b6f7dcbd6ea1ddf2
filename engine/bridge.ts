/** The bridge plugin, laid where the engine looks for plugins. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { BRIDGE_PIECE, goPiece } from "./go-pieces";
import { lay } from "./lay";
import type { Progress } from "./progress";
import { BRIDGE } from "./versions";

/** Where an engine with this home looks for the bridge. */
export const bridgeIn = (home: string): string =>
    join(home, "plugins", `resource-terraform-provider-v${BRIDGE}`, BRIDGE_PIECE.program);

/** @returns the plugin's path in that home */
export async function layBridge(home: string, progress: Progress): Promise<string> {
    const place = bridgeIn(home);
    if (!existsSync(place)) lay(await goPiece(BRIDGE_PIECE, progress), place);
    return place;
}
