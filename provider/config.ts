/** The provider's own arguments: where the host is. */
import { z } from "zod";
import { HostRef } from "../schemas/host-ref";
import { check, type Checked } from "./check";
import { difference, type Difference } from "./diff";
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
    return { ok: true, inputs: withHost(news) };
}

/**
 * Another host is other objects: everything is built there and removed here. An import keeps arguments in state that
 * were never judged, so the host may be absent there (pkg/resource/deploy/import.go).
 */
export const diffConfig = (olds: Bag, news: Bag): Difference =>
    difference({ host: "replace" }, withHost(olds), withHost(news));

const withHost = (args: Bag): Bag => ({ ...args, host: args.host ?? DEFAULT_HOST });
