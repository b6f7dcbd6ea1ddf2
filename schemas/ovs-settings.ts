/** Settings of Open vSwitch as a whole: other_config of its root row (ovs-vswitchd.conf.db(5), table Open_vSwitch). */
import { z } from "zod";
import { count, toggle } from "./link-parts";
import { takesOperatorPath } from "./operator-path";
import { openMap } from "./ovs-maps";
import { HostPath } from "./units";

const START = "the next start of ovs-vswitchd";
const SWITCHED = `Switched on it acts at once, switched off at ${START}.`;
const WITH_OFFLOAD = `Read as hwOffload is switched on; where it is in force, takes effect at ${START}.`;
const WITH_DPDK = `Read as DPDK starts; where it runs, takes effect at ${START}.`;

const mask = (property: string) =>
    z.string(`${property} is a hexadecimal CPU mask as text, such as 0x6`).regex(/^(0x)?[0-9a-f]{1,256}$/i, {
        error: `${property} is a hexadecimal CPU mask, such as 0x6 for CPUs 1 and 2`,
    });

const perNode = (property: string) =>
    z.string(`${property} is text such as 1024,1024`).regex(/^\d{1,7}(,\d{1,7}){0,63}$/, {
        error: `${property} lists MiB for each NUMA node with commas, such as 1024,0`,
    });

/** Keys of the root row's `other_config` that have a property of their own. */
const SETTINGS_KEYS = {
    "vlan-limit": "vlanLimit",
    "hw-offload": "hwOffload",
    "tc-policy": "tcPolicy",
    "n-offload-threads": "nOffloadThreads",
    "offload-rebalance": "offloadRebalance",
    "dpdk-init": "dpdkInit",
    "dpdk-lcore-mask": "dpdkLcoreMask",
    "dpdk-socket-mem": "dpdkSocketMem",
    "dpdk-socket-limit": "dpdkSocketLimit",
    "dpdk-hugepage-dir": "dpdkHugepageDir",
    "dpdk-extra": "dpdkExtra",
    "pmd-cpu-mask": "pmdCpuMask",
    "pmd-rxq-assign": "pmdRxqAssign",
    "pmd-auto-lb": "pmdAutoLb",
    "pmd-maxsleep": "pmdMaxsleep",
    "pmd-perf-metrics": "pmdPerfMetrics",
    "per-port-memory": "perPortMemory",
    "vhost-iommu-support": "vhostIommuSupport",
    "vhost-postcopy-support": "vhostPostcopySupport",
    "userspace-tso-enable": "userspaceTsoEnable",
    "emc-insert-inv-prob": "emcInsertInvProb",
    "smc-enable": "smcEnable",
    "tx-flush-interval": "txFlushInterval",
    "flow-limit": "flowLimit",
    "max-idle": "maxIdle",
    "max-revalidator": "maxRevalidator",
    "n-handler-threads": "nHandlerThreads",
    "n-revalidator-threads": "nRevalidatorThreads",
    "stats-update-interval": "statsUpdateInterval",
    "enable-statistics": "enableStatistics",
    "bundle-idle-timeout": "bundleIdleTimeout",
} as const;

/** Settings of one host's Open vSwitch. */
export const OvsSettings = z.strictObject({
    vlanLimit: count("vlanLimit", 0, 2, "VLAN tags")
        .optional()
        .describe(
            "VLAN tags of a packet that flows can match; 0 is as many as the datapath can, absent is 1. QinQ needs 2 or 0. Changes live.",
        ),
    hwOffload: toggle("hwOffload")
        .optional()
        .describe(`Hand flows to the NIC where it takes them; absent is false. ${SWITCHED}`),
    tcPolicy: z
        .enum(["none", "skip_hw", "skip_sw"], "tcPolicy is none, skip_hw or skip_sw")
        .optional()
        .describe(
            `With hwOffload: none keeps a software rule beside that of the NIC, skip_sw only that of the NIC, skip_hw only that of software; absent is none. ${WITH_OFFLOAD}`,
        ),
    nOffloadThreads: count("nOffloadThreads", 1, 10, "threads")
        .optional()
        .describe(`With hwOffload, threads of the userspace datapath for it; absent is 1. ${WITH_OFFLOAD}`),
    offloadRebalance: toggle("offloadRebalance")
        .optional()
        .describe(
            `Choose what is offloaded by packets a second when the NIC is full; absent is false. ${WITH_OFFLOAD}`,
        ),
    dpdkInit: z
        .enum(["false", "true", "try"], 'dpdkInit is "true", "try" or "false", as text')
        .optional()
        .describe(
            `Start DPDK: where it does not come up, with "true" ovs-vswitchd aborts, at once and at each start, and with "try" it goes on; absent is "false". ${SWITCHED}`,
        ),
    dpdkLcoreMask: mask("dpdkLcoreMask")
        .optional()
        .describe(`CPUs of DPDK's own threads [hexadecimal mask]. ${WITH_DPDK}`),
    dpdkSocketMem: perNode("dpdkSocketMem")
        .optional()
        .describe(`Huge pages that are taken at the start, for each NUMA node [MiB]. ${WITH_DPDK}`),
    dpdkSocketLimit: perNode("dpdkSocketLimit")
        .optional()
        .describe(`Most huge pages for each NUMA node [MiB]; 0 is no limit. ${WITH_DPDK}`),
    dpdkHugepageDir: HostPath.optional().describe(
        `Where huge pages are mounted; absent is /dev/hugepages. ${WITH_DPDK}`,
    ),
    dpdkExtra: z
        .string("dpdkExtra is text, such as --iova-mode=va")
        .regex(/^[\x20-\x7e]{1,1000}$/, { error: "dpdkExtra is one line of printable ASCII, such as --iova-mode=va" })
        .optional()
        .describe(`More arguments for DPDK. ${WITH_DPDK}`),
    pmdCpuMask: mask("pmdCpuMask")
        .optional()
        .describe(
            "CPUs that poll NICs and do nothing else [hexadecimal mask]; absent is one a NUMA node. Changes live; the queues are shared out anew.",
        ),
    pmdRxqAssign: z
        .enum(["cycles", "group", "roundrobin"], "pmdRxqAssign is cycles, group or roundrobin")
        .optional()
        .describe("How receive queues are shared out over pmdCpuMask; absent is cycles. Changes live."),
    pmdAutoLb: toggle("pmdAutoLb")
        .optional()
        .describe("Share receive queues out anew by load; absent is false. Changes live."),
    pmdMaxsleep: count("pmdMaxsleep", 0, 10_000, "microseconds")
        .optional()
        .describe(
            "Longest sleep of a polling CPU that has little to do [us]; absent is 0, which never sleeps. Changes live.",
        ),
    pmdPerfMetrics: toggle("pmdPerfMetrics")
        .optional()
        .describe("Gather details of each polling thread; absent is false. Changes live."),
    perPortMemory: toggle("perPortMemory")
        .optional()
        .describe(`Memory of its own for each DPDK port; absent is false. ${WITH_DPDK}`),
    vhostIommuSupport: toggle("vhostIommuSupport")
        .optional()
        .describe(`A guest's IOMMU limits what vhost-user reaches of it; absent is false. ${WITH_DPDK}`),
    vhostPostcopySupport: toggle("vhostPostcopySupport")
        .optional()
        .describe(`Post-copy migration of guests with vhost-user; absent is false. ${WITH_DPDK}`),
    userspaceTsoEnable: toggle("userspaceTsoEnable")
        .optional()
        .describe(
            `TCP segmentation offload in the userspace datapath; absent is false. ${SWITCHED} The links of the kernel that its bridges have when it is switched on pass nothing until that start.`,
        ),
    emcInsertInvProb: count("emcInsertInvProb", 0, 4294967295, "packets")
        .optional()
        .describe("One flow of so many goes into the exact match cache; 0 is none, absent is 100. Changes live."),
    smcEnable: toggle("smcEnable")
        .optional()
        .describe("Signature match cache between the other two; absent is false. Changes live."),
    txFlushInterval: count("txFlushInterval", 0, 1_000_000, "microseconds")
        .optional()
        .describe("Time that a packet may wait for others to be sent with [us]; absent is 0. Changes live."),
    flowLimit: count("flowLimit", 0, 4294967295, "flows")
        .optional()
        .describe("Most flows in the datapath; absent is 200000. Changes live."),
    maxIdle: count("maxIdle", 500, 3_600_000, "milliseconds")
        .optional()
        .describe("Time that an idle flow stays in the datapath [ms]; absent is 10000. Changes live."),
    maxRevalidator: count("maxRevalidator", 100, 3_600_000, "milliseconds")
        .optional()
        .describe("Longest wait between two checks of the datapath's flows [ms]; absent is 500. Changes live."),
    nHandlerThreads: count("nHandlerThreads", 1, 1024, "threads")
        .optional()
        .describe(
            "Threads for new flows; the kernel datapath of Linux 5.15 and later takes one a CPU whatever stands here. Changes live.",
        ),
    nRevalidatorThreads: count("nRevalidatorThreads", 1, 1024, "threads")
        .optional()
        .describe("Threads that check the datapath's flows; absent is a quarter of the CPUs and one. Changes live."),
    statsUpdateInterval: count("statsUpdateInterval", 5000, 2147483647, "milliseconds")
        .optional()
        .describe(
            "Time between two writings of statistics into the switch database [ms]; absent is 5000. Changes live.",
        ),
    enableStatistics: toggle("enableStatistics")
        .optional()
        .describe("Write the host's own statistics into the switch database; absent is false. Changes live."),
    bundleIdleTimeout: count("bundleIdleTimeout", 1, 3600, "seconds")
        .optional()
        .describe(
            "Time after which an OpenFlow bundle that nobody goes on with is dropped [s]; absent is 10. Changes live.",
        ),
    otherConfig: openMap("otherConfig", SETTINGS_KEYS)
        .optional()
        .describe(
            'More keys of the root row\'s other_config, such as { "pmd-rxq-isolate": "false" }. Only the keys given here are managed: others stay as they are. Changes live, or with the next start of ovs-vswitchd, as ovs-vswitchd.conf.db(5) tells of each.',
        ),
    takesOperatorPath: takesOperatorPath(
        "may switch userspaceTsoEnable on where an SSH connection to the host runs over a bridge on the userspace datapath",
    ),
});
export type OvsSettings = z.output<typeof OvsSettings>;

/** What only the host knows. */
export const OvsSettingsOutputs = z.object({
    dpdkInitialized: z.boolean().describe("Whether DPDK runs in ovs-vswitchd."),
});
