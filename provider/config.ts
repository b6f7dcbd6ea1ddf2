/** The provider's own arguments: where the host is. */
import { z } from "zod";
import { HostRef } from "../schemas/host-ref";
import { check, type Checked } from "./check";
import type { Bag } from "./wire";

export const DEFAULT_HOST = "local";

export const ProviderConfig = z.strictObject({
    host: HostRef.optional().describe(
        "Where to build: local (this machine, the default) or lab://NAME (a lab of this machine, started by `kvmnet lab up NAME`).",
    ),
});

/** What the engine adds to a provider's arguments for itself. */
const OF_THE_ENGINE = new Set(["version", "pluginDownloadURL", "__internal"]);

/** Judges the arguments; they come back as they were written, with the host filled in. */
export function checkConfig(news: Bag): Checked {
    const own = Object.fromEntries(Object.entries(news).filter(([key]) => !OF_THE_ENGINE.has(key)));
    const checked = check(ProviderConfig, own);
    if (!checked.ok) return checked;
    return { ok: true, inputs: { ...news, host: news.host ?? DEFAULT_HOST } };
}
