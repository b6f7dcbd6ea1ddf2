/** What systemd says of its units. */
import { spawnSync } from "node:child_process";

export const systemctl = (...words: string[]): string =>
    spawnSync("systemctl", words, { encoding: "utf8" }).stdout.trim();

/** Whether a unit runs, and whether it starts with the host. */
export const statesOf = (unit: string): string[] => [systemctl("is-active", unit), systemctl("is-enabled", unit)];
