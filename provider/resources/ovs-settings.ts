/** Settings of Open vSwitch as a whole. The root row is nobody's, so the journal on the host says whose they are and what was there before. */
import { OvsSettings, OvsSettingsOutputs } from "../../schemas/ovs-settings";
import { HostError, shownName } from "../host/errors";
import type { Host } from "../host";
import type { Seen } from "../host/ovsdb/replica";
import { ovsdb, type JournalEntry, type Plan } from "../plan";
import type { Found, HostResource } from "../resource";
import { forget, formerOf, note, noted, noteRest } from "./former-values";
import { openState, typedKeys, typedState, type Typed } from "./ovs-keys";
import { entriesOf, written, type Keys } from "./ovs-rows";
import { keepCarried, keepPlugged, permissionOf } from "./operator-guard";
import { settingsCautions } from "./ovs-settings-cautions";

/** The only id that there is: the name of the table. */
const ID = "Open_vSwitch";
const SUBJECT = "settings of Open vSwitch";
const JOURNAL = "Open_vSwitch other_config";

const KEYS: Typed<OvsSettings> = {
    vlanLimit: ["vlan-limit", "number"],
    hwOffload: ["hw-offload", "flag"],
    tcPolicy: ["tc-policy", "text"],
    nOffloadThreads: ["n-offload-threads", "number"],
    offloadRebalance: ["offload-rebalance", "flag"],
    dpdkInit: ["dpdk-init", "text"],
    dpdkLcoreMask: ["dpdk-lcore-mask", "text"],
    dpdkSocketMem: ["dpdk-socket-mem", "text"],
    dpdkSocketLimit: ["dpdk-socket-limit", "text"],
    dpdkHugepageDir: ["dpdk-hugepage-dir", "text"],
    dpdkExtra: ["dpdk-extra", "text"],
    pmdCpuMask: ["pmd-cpu-mask", "text"],
    pmdRxqAssign: ["pmd-rxq-assign", "text"],
    pmdAutoLb: ["pmd-auto-lb", "flag"],
    pmdMaxsleep: ["pmd-maxsleep", "number"],
    pmdPerfMetrics: ["pmd-perf-metrics", "flag"],
    perPortMemory: ["per-port-memory", "flag"],
    vhostIommuSupport: ["vhost-iommu-support", "flag"],
    vhostPostcopySupport: ["vhost-postcopy-support", "flag"],
    userspaceTsoEnable: ["userspace-tso-enable", "flag"],
    emcInsertInvProb: ["emc-insert-inv-prob", "number"],
    smcEnable: ["smc-enable", "flag"],
    txFlushInterval: ["tx-flush-interval", "number"],
    flowLimit: ["flow-limit", "number"],
    maxIdle: ["max-idle", "number"],
    maxRevalidator: ["max-revalidator", "number"],
    nHandlerThreads: ["n-handler-threads", "number"],
    nRevalidatorThreads: ["n-revalidator-threads", "number"],
    statsUpdateInterval: ["stats-update-interval", "number"],
    enableStatistics: ["enable-statistics", "flag"],
    bundleIdleTimeout: ["bundle-idle-timeout", "number"],
};

interface SettingsHere extends Found<OvsSettings> {
    root: Seen;
    entry?: JournalEntry;
}

export const ovsSettings: HostResource<OvsSettings, SettingsHere> = {
    type: "kvmnet:ovs:Settings",
    title: SUBJECT,
    description:
        "Settings of a host's Open vSwitch as a whole: keys of other_config in its root row. A host has one such resource. " +
        "Only what is declared is managed. What stood there before is written to a journal on the host first, and given " +
        "back when a setting is no longer declared or the resource is deleted. No change restarts ovs-vswitchd: each property " +
        "says whether it acts at once or waits for the next start. DPDK, hardware offload and segmentation in userspace act " +
        "as soon as they are switched on.",
    schema: OvsSettings,
    cost: Object.fromEntries(Object.keys(OvsSettings.shape).map((key) => [key, "update"])) as Record<
        keyof OvsSettings,
        "update"
    >,
    presets: { takesOperatorPath: false },
    outputs: OvsSettingsOutputs,
    idOf: () => ID,
    idForm: ID,
    checkId: (id) => (id === ID ? undefined : `write ${ID}: a host has one`),
    claims: () => [SUBJECT],

    /** Of an open map, whose keys are nobody's to judge, nothing is said. */
    newOf({ otherConfig: _former, ...was }, { otherConfig: _open, ...want }) {
        const keys = Object.keys({ ...was, ...want }) as (keyof typeof want)[];
        const now = keys.filter((key) => want[key] !== was[key]);
        // What is declared no longer is undefined in it: it is given back.
        return now.length > 0 ? Object.fromEntries(now.map((key) => [key, want[key]])) : undefined;
    },

    async cautions(host, want) {
        const view = await host.switch();
        const root = view.root();
        const isBuiltWith = root?.dpdk_version !== "none";
        return settingsCautions(want, {
            where: host.where,
            settings: typedState(KEYS, root?.other_config),
            dpdk: isBuiltWith ? root?.dpdk_initialized === true : undefined,
            userspace: view
                .all("Bridge")
                .filter(({ datapath_type: datapath }) => datapath === "netdev")
                .map(({ name }) => shownName(String(name))),
        });
    },

    async find(host, _id, { mark, known }) {
        const root = (await host.switch()).root();
        if (!root) return undefined;
        // A database that was made anew has none of what was noted of the one before.
        const entry = await noted(host, JOURNAL, root._uuid[1]);
        const told = {
            ...typedState(KEYS, root.other_config),
            otherConfig: openState(root.other_config, KEYS, known && { map: known.otherConfig }),
        };
        return {
            root,
            ...(entry ? { entry } : {}),
            state: { ...(known ? only(told, known, entry) : told), ...permissionOf(known) },
            // Nobody's until the journal says whose.
            mark: entry?.mark ?? mark,
            free: !entry,
            objectId: root._uuid[1],
            outputs: { dpdkInitialized: root.dpdk_initialized === true },
        };
    },

    create: (host) => {
        throw new HostError(
            "unreachable",
            SUBJECT,
            `its database on ${host.where} has no root row`,
            "Run `ovs-vsctl --no-wait init` there, or start Open vSwitch by its service.",
        );
    },

    async update(host, { root, entry }, want, mark) {
        const declared = keysOf(want);
        const there = entriesOf(root.other_config);
        const before = formerOf(entry);
        const former = Object.fromEntries(Object.keys(declared).map((key) => [key, there.get(key) ?? null]));
        const given = Object.entries(before).filter(([key]) => !(key in declared));
        const back = Object.fromEntries(given.map(([key, value]) => [key, textOr(value)]));
        const rest = Object.fromEntries(Object.entries({ ...former, ...before }).filter(([key]) => key in declared));
        const life = root._uuid[1];
        await keepSegmenting(host, root, { ...declared, ...back }, (links, change) =>
            keepCarried(host, SUBJECT, want, links, change),
        );
        return [
            note(JOURNAL, mark, life, former, entry),
            ...setting(root, { ...declared, ...back }),
            ...(given.length > 0 ? [noteRest(JOURNAL, mark, life, rest)] : []),
        ];
    },

    async delete(host, { root, entry, state }) {
        const back = Object.fromEntries(Object.entries(formerOf(entry)).map(([key, value]) => [key, textOr(value)]));
        await keepSegmenting(host, root, back, (links, change) => keepPlugged(host, SUBJECT, state, links, change));
        return [...setting(root, back), forget(JOURNAL)];
    },
};

/**
 * Before ovs-vswitchd segments in userspace, with which links of the kernel that it has open pass nothing.
 *
 * @param keys what is to be set, or given back  @param keep refuses where one of the links is on somebody's way
 */
async function keepSegmenting(
    host: Host,
    root: Seen,
    keys: Keys,
    keep: (links: readonly string[], change: string) => Promise<void>,
): Promise<void> {
    const segments = (column: unknown) => typedState(KEYS, column).userspaceTsoEnable;
    if (!segments(["map", Object.entries(keys)]) || segments(root.other_config)) return;
    const view = await host.switch();
    const links = view
        .all("Bridge")
        .filter(({ datapath_type: datapath }) => datapath === "netdev")
        .flatMap(({ ports }) => view.referred("Port", ports))
        .flatMap(({ interfaces }) => view.referred("Interface", interfaces))
        .map((link) => String(link.name));
    await keep(links, "which passes nothing from then on until ovs-vswitchd is restarted");
}

/** The smallest change of the keys, and back. */
function setting(root: Seen, keys: Keys): Plan {
    const there = entriesOf(root.other_config);
    const differing = Object.entries(keys).filter(([key, value]) => there.get(key) !== value);
    if (differing.length === 0) return [];
    const put = (entries: [string, string | undefined][]) =>
        written("Open_vSwitch", root._uuid, { columns: {}, keys: { other_config: Object.fromEntries(entries) } });
    return [ovsdb("sets Open vSwitch", put(differing), put(differing.map(([key]) => [key, there.get(key)])))];
}

/** The keys that are declared. */
function keysOf(want: OvsSettings): Record<string, string> {
    const typed = Object.entries(typedKeys(KEYS, want)).filter(
        (entry): entry is [string, string] => entry[1] !== undefined,
    );
    return { ...Object.fromEntries(typed), ...want.otherConfig };
}

/** What state knows of, and what the journal says is ours: keys of others stay out of a refresh. */
function only(told: OvsSettings, known: OvsSettings, entry: JournalEntry | undefined): OvsSettings {
    const ours = new Set(Object.keys(formerOf(entry)));
    const kept = Object.entries(told).filter(
        ([property]) =>
            known[property as keyof OvsSettings] !== undefined ||
            ours.has(KEYS[property as keyof OvsSettings]?.[0] ?? ""),
    );
    return Object.fromEntries(kept);
}

const textOr = (value: string | number | boolean | null | undefined): string | undefined =>
    value === null || value === undefined ? undefined : String(value);
