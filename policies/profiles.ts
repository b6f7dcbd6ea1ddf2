/** Profiles of the pack, made from the table: files for `--policy-pack-config`. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Level, type PerProfile, type Profile, PROFILES } from "./rule";
import { everyRule } from "./table";
import { upkeepRules } from "./upkeep";

/** Level and thresholds of every rule, in the form that the engine reads. */
export type ProfileConfig = Record<string, { [threshold: string]: Level | number; enforcementLevel: Level }>;

export function profileOf(profile: Profile): ProfileConfig {
    const ofProfile = <Value>(values: PerProfile<Value>) => values[profile] ?? values.default;
    const config: ProfileConfig = {};
    for (const { id, level, parameters } of [...everyRule, ...upkeepRules]) {
        const thresholds = Object.entries(parameters).map(([name, { value }]) => [name, ofProfile(value)] as const);
        config[id] = Object.assign({ enforcementLevel: ofProfile(level) }, Object.fromEntries(thresholds));
    }
    return config;
}

/** What stands in a profile's file. */
export const profileText = (profile: Profile) => `${JSON.stringify(profileOf(profile), null, 4)}\n`;

/** Writes every profile anew. @param folder `policies/profiles` of the checkout */
export function writeProfiles(folder: string): void {
    for (const profile of PROFILES) writeFileSync(join(folder, `${profile}.json`), profileText(profile));
}
