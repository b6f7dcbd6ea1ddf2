/** Programs that go on running on a host: as a unit where systemd runs it. */
import type { Host } from "../host";
import type { Plan, Step } from "../plan";

/** systemd's own test of whether it runs the host (sd_booted(3)). */
export const hasSystemd = async (host: Host): Promise<boolean> =>
    (await host.place.run(["stat", "--format=%F", "/run/systemd/system"])).code === 0;

export const program = (what: string, argv: string[], undo?: string[], input?: string): Step => ({
    what,
    action: { via: "program", argv, ...(input === undefined ? {} : { input }) },
    ...(undo ? { undo: [{ via: "program", argv: undo }] } : {}),
});

const systemctl = (what: string, argv: string[], undo?: string[]): Step =>
    program(what, ["systemctl", ...argv], undo && ["systemctl", ...undo]);

const fileOf = (unit: string) => `/etc/systemd/system/${unit}`;

const write = (unit: string, text: string): Step =>
    program(`writes ${fileOf(unit)}`, ["install", "-D", "-m", "644", "/dev/stdin", fileOf(unit)], undefined, text);

/**
 * A start that fails is tried again by systemd until it is stopped, so that comes first where it is taken back.
 *
 * @param former what the unit's file said before, which it says again then; undefined where there was none
 */
export const startUnit = (unit: string, text: string, former: string | undefined): Plan => [
    {
        ...write(unit, text),
        undo: [
            systemctl("", ["disable", "--now", unit]).action,
            (former === undefined ? program("", ["rm", "-f", "--", fileOf(unit)]) : write(unit, former)).action,
        ],
    },
    systemctl("makes systemd read", ["daemon-reload"]),
    systemctl(`starts ${unit}`, ["enable", "--now", unit]),
];

/** What there is of a unit: what its file says, where it has one, and whether it runs. */
export interface UnitHere {
    text: string | undefined;
    isRunning: boolean;
}

export async function unitTextOf(host: Host, unit: string): Promise<string | undefined> {
    const { code, stdout } = await host.place.run(["cat", "--", fileOf(unit)]);
    return code === 0 ? stdout : undefined;
}

/** Whether a unit starts with the host: one that somebody has disabled or masked runs on, and is not there after a reboot. */
export async function startsWithHost(host: Host, unit: string): Promise<boolean> {
    const { stdout } = await host.place.run(["systemctl", "is-enabled", unit]);
    return stdout.trim() === "enabled";
}

export const NOT_WITH_HOST = "its unit is disabled, so it does not start with the host";

/**
 * Disabled too, so that a unit that is removed leaves no link; a start enables it again. systemctl refuses to disable what
 * has no file, and to stop what was never started.
 */
export function stopUnit(unit: string, { text, isRunning }: UnitHere): Plan {
    if (text !== undefined) return [systemctl(`stops ${unit}`, ["disable", "--now", unit], ["enable", "--now", unit])];
    return isRunning ? [systemctl(`stops ${unit}`, ["stop", unit])] : [];
}

export const forgetUnit = (unit: string): Plan => [
    program(`removes ${unit}`, ["rm", "-f", "--", fileOf(unit)]),
    systemctl("makes systemd forget it", ["daemon-reload"]),
];
