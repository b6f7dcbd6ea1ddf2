/** What a change of settings of Open vSwitch does that is easily missed: it acts at once on all that is there, or waits for a restart. */
import type { OvsSettings } from "../../schemas/ovs-settings";

/** The Open vSwitch of a host before a change. */
export interface SwitchThere {
    /** The host, as people call it. */
    where: string;
    /** What stands there, whoever set it. */
    settings: OvsSettings;
    /** Whether DPDK runs in it; undefined where it is built without. */
    dpdk: boolean | undefined;
    /** Names of its bridges on the userspace datapath. */
    userspace: readonly string[];
}

/**
 * What ovs-vswitchd takes up as soon as it is switched on, with what goes with it, and never again: another value, or
 * that it is switched off, waits for the next start (v3.1: bridge_run in vswitchd/bridge.c, lib/netdev-offload.c,
 * lib/dpdk.c, lib/userspace-tso.c).
 */
const TAKEN_UP = {
    hwOffload: ["tcPolicy", "nOffloadThreads", "offloadRebalance"],
    dpdkInit: [
        "dpdkLcoreMask",
        "dpdkSocketMem",
        "dpdkSocketLimit",
        "dpdkHugepageDir",
        "dpdkExtra",
        "perPortMemory",
        "vhostIommuSupport",
        "vhostPostcopySupport",
    ],
    userspaceTsoEnable: [],
} as const satisfies Partial<Record<keyof OvsSettings, readonly (keyof OvsSettings)[]>>;

/** @param want what is new of the settings; undefined in it what is declared no longer */
export function settingsCautions(want: OvsSettings, { where, settings, dpdk, userspace }: SwitchThere): string[] {
    const waiting = waitingOf(want, settings);
    const segments = want.userspaceTsoEnable && !settings.userspaceTsoEnable && userspace.length > 0;
    return [
        ...(waiting.length === 0
            ? []
            : [
                  `${waiting.join(", ")}: ovs-vswitchd on ${where} goes on as before until it is started again; restart it when the guests allow.`,
              ]),
        ...(want.dpdkInit === "true" && dpdk === false
            ? [
                  `dpdkInit: ovs-vswitchd on ${where} starts DPDK at once. Where it cannot, for want of huge pages or by a wrong argument, it aborts, and again at each start; ` +
                      'only `ovs-vsctl --no-wait remove Open_vSwitch . other_config dpdk-init` ends that. With "try" it goes on without DPDK.',
              ]
            : []),
        ...(segments
            ? [
                  `userspaceTsoEnable: ovs-vswitchd on ${where} switches it on at once, and from then on no tap, internal port or other link of the kernel in ${userspace.join(", ")} passes anything until ovs-vswitchd is started again; restart it now.`,
              ]
            : []),
    ];
}

/** Those that differ from what is in force. */
function waitingOf(want: OvsSettings, there: OvsSettings): (keyof OvsSettings)[] {
    const taken = (Object.keys(TAKEN_UP) as (keyof typeof TAKEN_UP)[]).filter((key) => isOn(there[key]));
    return taken.flatMap((key) => {
        const goesOff = key in want && !isOn(want[key]);
        const others: readonly (keyof OvsSettings)[] = TAKEN_UP[key];
        return [...(goesOff ? [key] : []), ...others.filter((other) => other in want && want[other] !== there[other])];
    });
}

const isOn = (value: string | boolean | undefined): boolean => value !== undefined && String(value) !== "false";
